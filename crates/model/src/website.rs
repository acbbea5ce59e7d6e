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

impl Website {
    /// Brings the document into the form that is stored: rules in ascending order of their numbers, and with the
    /// defaults that OSS fills in. Repeating it changes nothing.
    pub fn normalise(&mut self) {
        self.rules.sort_by_key(|rule| rule.number);
        for redirect in self.rules.iter_mut().filter_map(|rule| rule.redirect.as_mut()) {
            redirect.materialise_defaults();
        }
    }
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
