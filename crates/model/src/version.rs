//! Versions of objects: what they are called, whether a bucket makes any, and what keeps one from being deleted.
//!
//! A bucket that never had versions holds at most one object under a key; it is the key's *null version*. Once versions
//! are enabled each write makes a version with an id of its own, and a deletion without an id makes a *delete marker*.
//! While they are suspended a write or a deletion replaces the key's null version and leaves all others.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::list::ListedObject;
use crate::name::ObjectKey;

/// Whether a bucket makes versions. Once it does, it never goes back to [`Versioning::Unversioned`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// It never did.
    #[default]
    Unversioned,
    /// Every write makes one.
    Enabled,
    /// Writes replace the null version; versions made before stay.
    Suspended,
}

/// What a version of a key is called.
///
/// Their order is no order in time: the null version is replaced again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VersionId {
    /// The version that is written while a bucket makes none. There is at most one of a key.
    #[default]
    Null,
    /// A version that was made while a bucket made them.
    Made(VersionNumber),
}

/// Names a version that was made, and tells it from every other that any store ever made. Of one key, greater is newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionNumber(pub [u8; 16]);

/// The text of [`VersionId::Null`], for both vendors.
const NULL: &str = "null";

impl VersionId {
    /// Reads the text that clients send: `null`, or 32 hex digits in lower case. `None` for every other, which cannot be
    /// a version's; whether there is a version of that name is another question.
    pub fn parse(text: &str) -> Option<Self> {
        if text == NULL {
            return Some(Self::Null);
        }
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let valid = text.len() == 32 && text.bytes().all(is_digit);
        let number = valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
        Some(Self::Made(VersionNumber(number.to_be_bytes())))
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str(NULL),
            Self::Made(number) => fmt::Display::fmt(number, f),
        }
    }
}

impl VersionNumber {
    /// Greater than every number that is made.
    pub const MAX: Self = Self([0xFF; 16]);

    /// The number of the version that the change numbered `sequence` made; `salt` tells it from one that another store
    /// made, or the same after it lost its last changes.
    pub fn new(sequence: u64, salt: u64) -> Self {
        Self(((u128::from(sequence) << 64) | u128::from(salt)).to_be_bytes())
    }

    /// The greatest number below all that the change numbered `sequence` could make: the place of the null version that
    /// this change finds.
    pub fn before(sequence: u64) -> Self {
        Self((u128::from(sequence) << 64).saturating_sub(1).to_be_bytes())
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A version that stands for the deletion of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteMarker {
    /// What it is called.
    pub version: VersionId,
    /// When the key was deleted.
    pub last_modified: Timestamp,
}

/// What a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionKind {
    /// An object.
    Object,
    /// A delete marker.
    Marker,
}

/// `ObjectLockConfiguration` of a bucket; that there is one means that object lock is enabled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLockConfiguration {
    /// What new objects get that name no retention of their own.
    pub default_retention: Option<DefaultRetention>,
}

/// How new objects of a bucket are retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultRetention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// For how long.
    pub period: RetentionPeriod,
}

/// A length of time in the unit in which it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetentionPeriod {
    /// Days of 24 hours.
    Days(u32),
    /// Years.
    Years(u32),
}

/// Who may end a retention before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetentionMode {
    /// Who has the right to bypass governance, and says so.
    Governance,
    /// Nobody.
    Compliance,
}

/// Until when a version cannot be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Who may end it before.
    pub mode: RetentionMode,
    /// When it ends.
    pub until: Timestamp,
}

/// What keeps a version from being deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLock {
    /// Until when.
    pub retention: Option<Retention>,
    /// Whether somebody holds it, for as long as he likes.
    pub legal_hold: bool,
}

/// Whether the caller, who may, bypasses a governance retention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Governance {
    /// He does not.
    #[default]
    Respected,
    /// He does (`x-amz-bypass-governance-retention: true`).
    Bypassed,
}

impl Retention {
    /// Whether it holds at `now` against that caller.
    fn holds(&self, now: Timestamp, governance: Governance) -> bool {
        let is_bypassed = self.mode == RetentionMode::Governance && governance == Governance::Bypassed;
        self.until > now && !is_bypassed
    }
}

impl ObjectLock {
    /// Whether the version may be deleted at `now`.
    pub fn permits_deletion(&self, now: Timestamp, governance: Governance) -> bool {
        !self.legal_hold && !self.retention.is_some_and(|retention| retention.holds(now, governance))
    }

    /// Whether the version may be retained as `next` says instead. A retention that holds can only be made longer in the
    /// same mode (S3); for everything else it must be one of governance, and bypassed.
    pub fn permits_retention(&self, next: Option<Retention>, now: Timestamp, governance: Governance) -> bool {
        let Some(present) = self.retention.filter(|present| present.holds(now, governance)) else { return true };
        next.is_some_and(|next| next.mode == present.mode && next.until >= present.until)
    }

    /// Boxed for an object's metadata; nothing at all if nothing is locked.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// Which page of a listing of versions. Keys and common prefixes count as in a [`crate::list::ListQuery`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionQuery {
    /// Only keys that begin so; empty for all.
    pub prefix: Box<str>,
    /// Keys that contain it after the prefix are collapsed into one common prefix each; empty for none.
    pub delimiter: Box<str>,
    /// Behind what the page begins.
    pub after: VersionMarker,
    /// Most entries (versions and common prefixes together), 0 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// A place in a listing of versions, which is in byte order of keys and has the newest version of a key first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionMarker {
    /// The last key or common prefix that was seen; empty for the beginning.
    pub key: Box<str>,
    /// The last version of `key` that was seen: `None` if all were, and for common prefixes. If it is a null version that
    /// is no more, its place is not known and all versions of the key follow. Need not be one that exists.
    pub version: Option<VersionId>,
}

/// One version of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVersion {
    /// Key.
    pub key: ObjectKey,
    /// What the version is called.
    pub version: VersionId,
    /// Whether it is the key's newest.
    pub is_latest: bool,
    /// When it was stored or, for a delete marker, when the key was deleted.
    pub last_modified: Timestamp,
    /// The object; `None` for a delete marker, which the bucket's owner owns.
    pub object: Option<ListedObject>,
}

/// One page of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionPage {
    /// Versions and delete markers, in byte order of their keys, the newest of a key first.
    pub versions: Vec<ListedVersion>,
    /// Common prefixes in byte order, each ending with the delimiter.
    pub common_prefixes: Vec<Box<str>>,
    /// If more follows: to be given as `after` for the next page. In it a null version that is not current goes by
    /// the number of its place, so that the next page begins there even if that version is deleted meanwhile.
    pub next: Option<VersionMarker>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_shown_and_in_no_other_form() {
        let made = VersionId::Made(VersionNumber::new(0x0123, 0xabc));
        assert_eq!(made.to_string(), "00000000000001230000000000000abc");
        assert_eq!(VersionId::parse(&made.to_string()), Some(made));
        assert_eq!(VersionId::parse("null"), Some(VersionId::Null));
        assert_eq!(VersionId::parse(&VersionId::Null.to_string()), Some(VersionId::Null));
        for text in ["", "Null", "NULL", "0", "00000000000001230000000000000ABC", "+0000000000001230000000000000abc"] {
            assert_eq!(VersionId::parse(text), None, "{text:?}");
        }
        assert_eq!(VersionId::parse(&"0".repeat(33)), None);
    }

    #[test]
    fn numbers_rise_with_the_changes_that_make_them() {
        assert!(VersionNumber::new(2, 0) > VersionNumber::new(1, u64::MAX));
        assert!(VersionNumber::before(2) < VersionNumber::new(2, 0));
        assert!(VersionNumber::before(2) > VersionNumber::new(1, u64::MAX - 1));
        assert!(VersionNumber::MAX > VersionNumber::new(u64::MAX, 0));
    }

    #[test]
    fn what_is_held_or_retained_is_not_deleted() {
        let (now, later) = (Timestamp(10), Timestamp(11));
        let retained = |mode| ObjectLock { retention: Some(Retention { mode, until: later }), legal_hold: false };
        let (governance, compliance) = (retained(RetentionMode::Governance), retained(RetentionMode::Compliance));
        assert!(ObjectLock::default().permits_deletion(now, Governance::Respected));
        assert!(!governance.permits_deletion(now, Governance::Respected));
        assert!(governance.permits_deletion(now, Governance::Bypassed));
        assert!(!compliance.permits_deletion(now, Governance::Bypassed));
        assert!(compliance.permits_deletion(later, Governance::Respected), "it has ended");
        let held = ObjectLock { legal_hold: true, ..governance };
        assert!(!held.permits_deletion(later, Governance::Bypassed));
    }

    #[test]
    fn a_retention_only_grows() {
        let now = Timestamp(10);
        let lock = |mode, until| ObjectLock { retention: Some(Retention { mode, until }), legal_hold: true };
        let next = |mode, until| Some(Retention { mode, until });
        let (governance, compliance) = (RetentionMode::Governance, RetentionMode::Compliance);
        let present = lock(governance, Timestamp(20));
        for (next, respected, bypassed) in [
            (None, false, true),
            (next(governance, Timestamp(19)), false, true),
            (next(governance, Timestamp(20)), true, true),
            (next(compliance, Timestamp(21)), false, true),
        ] {
            assert_eq!(present.permits_retention(next, now, Governance::Respected), respected, "{next:?}");
            assert_eq!(present.permits_retention(next, now, Governance::Bypassed), bypassed, "{next:?}");
        }
        let present = lock(compliance, Timestamp(20));
        for (next, permitted) in [
            (None, false),
            (next(compliance, Timestamp(19)), false),
            (next(governance, Timestamp(30)), false),
            (next(compliance, Timestamp(20)), true),
        ] {
            assert_eq!(present.permits_retention(next, now, Governance::Bypassed), permitted, "{next:?}");
        }
        assert!(present.permits_retention(None, Timestamp(20), Governance::Respected), "it has ended");
        assert!(ObjectLock::default().permits_retention(None, now, Governance::Respected));
    }
}
