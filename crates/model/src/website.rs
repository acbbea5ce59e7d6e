//! The website document of a bucket: index page, error page, routing rules (PutBucketWebsite of OSS).

use serde::{Deserialize, Serialize};

use crate::rule::RoutingRule;

/// `WebsiteConfiguration`: index page, error page and rules are one unit, replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Website {
    /// `IndexDocument`.
    pub index: Option<IndexDocument>,
    /// `ErrorDocument`.
    pub error: Option<ErrorDocument>,
    /// `RoutingRules`, sorted by number.
    pub rules: Vec<RoutingRule>,
}

/// `IndexDocument`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDocument {
    /// `Suffix`: name of the page.
    pub suffix: Box<str>,
    /// `SupportSubDir`; absent stays absent in the echo and means false.
    pub support_sub_dir: Option<bool>,
    /// `Type`: 0, 1 or 2; absent means 0.
    pub kind: Option<u8>,
}

/// `ErrorDocument`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDocument {
    /// `Key` of the page.
    pub key: Box<str>,
    /// `HttpStatus`: 200 or 404; absent means 404.
    pub http_status: Option<u16>,
}
