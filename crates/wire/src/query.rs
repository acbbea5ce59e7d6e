//! The query of a request, decoded.
//!
//! Guarantees: pairs in the order sent. A name that comes twice means its first value, as with both vendors. Names are
//! compared exactly; only parameters that stand for headers ignore letter case (see `codec::fields`).
//!
//! A parameter that is not percent-encoded UTF-8 is kept as sent: it may be meant for an origin, whose encoding is its
//! own affair, and none of ours looks so.

use std::borrow::Cow;

use headwater_model::{Error, Result};
use http::Uri;

use crate::escape::{Plus, decode};

/// Most parameters of a request; the vendors' own operations have at most some twenty, the rest is the client's.
pub const MAX_QUERY_PARAMETERS: usize = 256;

/// Decoded `name=value` pairs; a name without `=` has an empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queries(Vec<(Box<str>, Box<str>)>);

impl Queries {
    /// Decodes the query of `uri`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for more than [`MAX_QUERY_PARAMETERS`].
    pub(crate) fn parse(uri: &Uri) -> Result<Self> {
        let Some(query) = uri.query() else { return Ok(Self::default()) };
        let mut pairs = Vec::new();
        for segment in query.split('&').filter(|segment| !segment.is_empty()) {
            if pairs.len() == MAX_QUERY_PARAMETERS {
                let message = format!("The query has more than {MAX_QUERY_PARAMETERS} parameters.");
                return Err(Error::InvalidRequest { message: message.into() });
            }
            let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
            let text = |raw| decode(raw, Plus::Space).unwrap_or(Cow::Borrowed(raw)).into_owned().into_boxed_str();
            pairs.push((text(name), text(value)));
        }
        Ok(Self(pairs))
    }

    /// The value of `name`, empty if it was sent without one; `None` if it was not sent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Whether `name` was sent, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Result<Queries> {
        Queries::parse(&format!("/?{query}").parse().unwrap())
    }

    #[test]
    fn decodes_names_and_values() {
        let queries = parsed("&acl&pre%66ix=a+b%2F&x=1&x=2&e=").unwrap();
        assert_eq!(queries.get("acl"), Some(""));
        assert_eq!(queries.get("prefix"), Some("a b/"));
        assert_eq!(queries.get("x"), Some("1"));
        assert_eq!(queries.get("e"), Some(""));
        assert_eq!(queries.get("ACL"), None);
    }

    #[test]
    fn keeps_what_is_no_text_and_refuses_what_is_too_much() {
        assert_eq!(parsed("name=%C4%E3&%zz=1").unwrap().iter().collect::<Vec<_>>(), [("name", "%C4%E3"), ("%zz", "1")]);
        assert!(parsed(&"a&".repeat(MAX_QUERY_PARAMETERS)).is_ok());
        assert!(matches!(parsed(&"a&".repeat(MAX_QUERY_PARAMETERS + 1)), Err(Error::InvalidRequest { .. })));
    }
}
