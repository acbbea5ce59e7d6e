//! When a rule applies.

use serde::{Deserialize, Serialize};

/// `Condition`: all of its tests must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `KeyPrefixEquals`: the key begins so; bytes are compared. Absent and empty both mean any key.
    pub key_prefix: Option<Box<str>>,
    /// `KeySuffixEquals`: the key ends so.
    pub key_suffix: Option<Box<str>>,
    /// `HttpErrorCodeReturnedEquals`: the status that the request would have without the rule. Absent means 404.
    pub error_code: Option<u16>,
    /// `IncludeHeader`: what the request's header fields must be, at most [`crate::limits::MAX_RULE_HEADERS`].
    pub include_headers: Vec<IncludeHeader>,
}

/// `IncludeHeader`: one value of the field passes all tests given; without any test, the field is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludeHeader {
    /// `Key`: name of the field, in any letter case.
    pub key: Box<str>,
    /// `Equals`: the whole value.
    pub equals: Option<Box<str>>,
    /// `StartsWith`.
    pub starts_with: Option<Box<str>>,
    /// `EndsWith`.
    pub ends_with: Option<Box<str>>,
}
