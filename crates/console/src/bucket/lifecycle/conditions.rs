//! Which files a rule is for: prefix, tags and sizes, wherever the rule states them.
//!
//! Guarantees: conditions that nobody touched stay as they were stated; others are written as OSS states them, so that
//! both faces can show them. What must not hold (`Not`) stays either way.

use headwater_model::lifecycle::{FilterTerms, LifecycleFilter, LifecycleRule};
use headwater_model::limits::MAX_OSS_KEY_BYTES;
use headwater_model::object::Tags;

use super::due::no;
use crate::faults::Faults;
use crate::page::text;

/// Beside letters, digits and spaces: what tags of objects are made of, at OSS.
const TAG_PUNCTUATION: &str = "+-=._:/";

/// The fields, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// "Prefix".
    pub(super) prefix: String,
    /// "Tagging", as `key=value`, one a line.
    pub(super) tags: String,
    /// "File Size": larger than so many bytes.
    pub(super) larger_than: String,
    /// "File Size": smaller than so many bytes.
    pub(super) smaller_than: String,
}

impl Conditions {
    pub(super) fn of(rule: &LifecycleRule) -> Self {
        let terms = rule.filter.iter().flat_map(|filter| std::iter::once(&filter.own).chain(&filter.and));
        let tags = rule.tags.iter().chain(terms.clone().flat_map(|terms| &terms.tags));
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            prefix: rule.key_prefix().to_owned(),
            tags: tags.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("\n"),
            larger_than: number(terms.clone().filter_map(|terms| terms.larger_than_bytes).max()),
            smaller_than: number(terms.filter_map(|terms| terms.smaller_than_bytes).min()),
        }
    }

    pub(super) fn read(fields: &[(String, String)]) -> Self {
        Self {
            prefix: text(fields, "prefix").to_owned(),
            // Browsers end lines of text areas as MIME does.
            tags: text(fields, "tags").replace("\r\n", "\n").trim_end().to_owned(),
            larger_than: text(fields, "larger_than").trim().to_owned(),
            smaller_than: text(fields, "smaller_than").trim().to_owned(),
        }
    }

    /// Writes them in place of those of the rule.
    pub(super) fn write(&self, rule: &mut LifecycleRule, faults: &mut Faults) {
        if self.prefix.len() > MAX_OSS_KEY_BYTES {
            faults.add("prefix", format!("A prefix has at most {MAX_OSS_KEY_BYTES} bytes: shorten it."));
        }
        let larger_than_bytes = size("larger_than", &self.larger_than, faults);
        let smaller_than_bytes = size("smaller_than", &self.smaller_than, faults);
        if let (Some(larger), Some(smaller)) = (larger_than_bytes, smaller_than_bytes)
            && smaller <= larger
        {
            faults.add("smaller_than", format!("No file is larger than {larger} and smaller than {smaller} bytes."));
        }
        rule.prefix = Some((*self.prefix).into());
        rule.tags = self.tags(faults);
        let not = rule.filter.take().map(|filter| filter.not).unwrap_or_default();
        let own = FilterTerms { larger_than_bytes, smaller_than_bytes, ..FilterTerms::default() };
        let filter = LifecycleFilter { own, and: None, not };
        rule.filter = (filter != LifecycleFilter::default()).then_some(filter);
    }

    fn tags(&self, faults: &mut Faults) -> Tags {
        let mut tags = Tags::new();
        for line in self.tags.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let allowed = |text: &str| {
                text.chars().all(|found| found.is_alphanumeric() || found == ' ' || TAG_PUNCTUATION.contains(found))
            };
            if key.is_empty() || !allowed(key) || !allowed(value) {
                faults.add(
                    "tags",
                    format!(
                        "{line} is no tag: type key=value, one on a line, of letters, digits, spaces and {TAG_PUNCTUATION}."
                    ),
                );
            } else if tags.iter().any(|(known, _)| **known == *key) {
                faults.add("tags", format!("A file has one tag {key}: leave one line of those that name it."));
            } else {
                tags.push((key.into(), value.into()));
            }
        }
        tags
    }
}

fn size(field: &'static str, typed: &str, faults: &mut Faults) -> Option<u64> {
    if typed.is_empty() {
        return None;
    }
    let size = typed.parse().ok();
    if size.is_none() {
        faults.add(field, no("size", typed, "type a whole number of bytes, or nothing"));
    }
    size
}
