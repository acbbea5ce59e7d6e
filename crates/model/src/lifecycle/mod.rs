//! Lifecycle rules of a bucket: which objects, versions and uploads end when.
//!
//! Guarantees: what a rule covers and when it is due is decided here alone, for the walk that removes and for the header
//! that announces; every condition that a rule states must hold. A configuration keeps all that its writer said, so that
//! it can be shown again as it was put.
//!
//! Deliberately not here: what each vendor allows in a rule (crate `wire`), and any removal (crate `engine`).
//! Transitions are kept and shown; every object is kept alike, whatever its class.

mod due;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::object::Tags;

pub use due::{DayLength, Due};

/// A bucket's rules, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleConfiguration {
    /// 1 to [`crate::limits::MAX_LIFECYCLE_RULES`]; their ids are unique.
    pub rules: Vec<LifecycleRule>,
    /// S3 `x-amz-transition-default-minimum-object-size`: whether each storage class has its own least size for
    /// transitions; echoed, without further effect.
    pub minimum_by_class: bool,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Its name.
    pub id: Box<str>,
    /// Whether it does anything.
    pub enabled: bool,
    /// `Prefix` of the rule itself: always at OSS, the old form at S3.
    pub prefix: Option<Box<str>>,
    /// OSS: tags of the rule itself, all of which an object must have.
    pub tags: Tags,
    /// `Filter`, empty or not.
    pub filter: Option<LifecycleFilter>,
    /// When current objects end.
    pub expiration: Option<Expiration>,
    /// When uploads that are still open end.
    pub abort_uploads: Option<Due>,
    /// When versions end that are no longer current.
    pub noncurrent_expiration: Option<NoncurrentExpiration>,
    /// Kept and shown, without effect.
    pub transitions: Vec<Transition>,
    /// Kept and shown, without effect.
    pub noncurrent_transitions: Vec<Transition>,
}

/// `Filter`: what it states in itself and what it states within `And` must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleFilter {
    /// Stated directly.
    pub own: FilterTerms,
    /// S3: stated within `And`.
    pub and: Option<FilterTerms>,
    /// OSS: what must not hold, each as a whole.
    pub not: Vec<FilterNot>,
}

/// Conditions of a filter, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterTerms {
    /// The key begins so.
    pub prefix: Option<Box<str>>,
    /// The object has these tags.
    pub tags: Tags,
    /// It is larger than so many bytes.
    pub larger_than_bytes: Option<u64>,
    /// It is smaller than so many bytes.
    pub smaller_than_bytes: Option<u64>,
}

/// OSS `Not`: objects whose key begins so, and which have the tag if one is named, are not meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterNot {
    /// Beginning of the key.
    pub prefix: Box<str>,
    /// Name and value.
    pub tag: Option<(Box<str>, Box<str>)>,
}

/// `Expiration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiration {
    /// When objects end.
    pub due: Option<Due>,
    /// `ExpiredObjectDeleteMarker`: whether a delete marker ends as soon as it is the only version.
    pub lone_delete_marker: Option<bool>,
}

/// `NoncurrentVersionExpiration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoncurrentExpiration {
    /// Days since another version took its place.
    pub days: u32,
    /// So many of the youngest noncurrent versions stay, whatever their age.
    pub kept_versions: Option<u32>,
}

/// `Transition` or `NoncurrentVersionTransition`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When; days alone for noncurrent versions.
    pub due: Option<Due>,
    /// S3 `NewerNoncurrentVersions`.
    pub kept_versions: Option<u32>,
    /// Storage class as written.
    pub storage_class: Box<str>,
    /// OSS `IsAccessTime`; never true, since accesses are not tracked.
    pub by_access_time: Option<bool>,
    /// OSS `ReturnToStdWhenVisit`.
    pub return_when_visited: Option<bool>,
    /// OSS `AllowSmallFile`.
    pub small_objects_too: Option<bool>,
}

/// What a rule looks at in an object or version.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Key.
    pub key: &'a str,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Tags.
    pub tags: &'a [(Box<str>, Box<str>)],
}

impl LifecycleConfiguration {
    /// The rules that do something.
    pub fn enabled(&self) -> impl Iterator<Item = &LifecycleRule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// When a current object of this date ends, and by which rule; the earliest counts.
    pub fn expiry(
        &self,
        subject: &Subject<'_>,
        last_modified: Timestamp,
        day: DayLength,
    ) -> Option<(Timestamp, &LifecycleRule)> {
        let ends = self.enabled().filter_map(|rule| {
            let due = rule.expiration?.due?;
            let at = due.moment(last_modified, day)?;
            rule.covers(subject).then_some((at, rule))
        });
        ends.min_by_key(|(at, _)| *at)
    }

    /// When an upload of this key ends that began then.
    pub fn upload_expiry(&self, key: &str, initiated: Timestamp, day: DayLength) -> Option<Timestamp> {
        let subject = Subject { key, size_bytes: 0, tags: &[] };
        let rules = self.enabled().filter(|rule| rule.abort_uploads.is_some() && rule.covers(&subject));
        rules.filter_map(|rule| rule.abort_uploads?.moment(initiated, day)).min()
    }

    /// The longest beginning that all keys share of which an enabled rule speaks.
    pub fn shared_prefix(&self) -> &str {
        let shared = |a: &'_ str, b: &'_ str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
        let mut prefixes = self.enabled().map(LifecycleRule::key_prefix);
        let Some(first) = prefixes.next() else { return "" };
        prefixes.fold(first, |kept, prefix| {
            let end = kept.char_indices().nth(shared(kept, prefix)).map_or(kept.len(), |(at, _)| at);
            &kept[..end]
        })
    }
}

impl LifecycleRule {
    /// Whether every condition of the rule holds.
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        let own =
            self.prefix.as_deref().is_none_or(|prefix| subject.key.starts_with(prefix)) && has_all(subject, &self.tags);
        own && self.filter.as_ref().is_none_or(|filter| filter.allows(subject))
    }

    /// Whether the tags of an object must be known to tell whether it is covered.
    pub fn asks_for_tags(&self) -> bool {
        let of_filter = self.filter.as_ref().is_some_and(|filter| {
            filter.terms().any(|terms| !terms.tags.is_empty()) || filter.not.iter().any(|not| not.tag.is_some())
        });
        of_filter || !self.tags.is_empty()
    }

    /// What all keys begin with that it covers.
    pub fn key_prefix(&self) -> &str {
        let of_filter = self.filter.iter().flat_map(LifecycleFilter::terms).filter_map(|terms| terms.prefix.as_deref());
        of_filter.chain(self.prefix.as_deref()).max_by_key(|prefix| prefix.len()).unwrap_or_default()
    }
}

impl LifecycleFilter {
    fn terms(&self) -> impl Iterator<Item = &FilterTerms> {
        std::iter::once(&self.own).chain(&self.and)
    }

    fn allows(&self, subject: &Subject<'_>) -> bool {
        self.terms().all(|terms| terms.hold(subject)) && !self.not.iter().any(|not| not.means(subject))
    }
}

impl FilterTerms {
    fn hold(&self, subject: &Subject<'_>) -> bool {
        self.prefix.as_deref().is_none_or(|prefix| subject.key.starts_with(prefix))
            && has_all(subject, &self.tags)
            && self.larger_than_bytes.is_none_or(|limit| subject.size_bytes > limit)
            && self.smaller_than_bytes.is_none_or(|limit| subject.size_bytes < limit)
    }
}

impl FilterNot {
    fn means(&self, subject: &Subject<'_>) -> bool {
        let has_tag = |tag: &(Box<str>, Box<str>)| subject.tags.contains(tag);
        subject.key.starts_with(&*self.prefix) && self.tag.as_ref().is_none_or(has_tag)
    }
}

fn has_all(subject: &Subject<'_>, tags: &Tags) -> bool {
    tags.iter().all(|tag| subject.tags.contains(tag))
}
