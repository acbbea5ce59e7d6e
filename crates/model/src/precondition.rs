//! Conditional requests of RFC 9110 section 13.

use crate::clock::Timestamp;
use crate::digest::ETag;
use crate::object::ObjectMeta;
use crate::{Error, ObjectKey, Result};

/// The value of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagCondition {
    /// `*`: any representation at all.
    Any,
    /// One of these tags. Weak tags are compared like strong ones: stored tags are all strong.
    OneOf(Vec<ETag>),
}

impl TagCondition {
    /// Reads a header value; tags may come with or without quotes, as both vendors accept.
    pub fn parse(value: &str) -> Self {
        if value.trim() == "*" {
            return Self::Any;
        }
        Self::OneOf(value.split(',').map(ETag::from_text).filter(|tag| !tag.as_str().is_empty()).collect())
    }

    /// Whether a representation with this tag is meant.
    pub fn matches(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.contains(etag),
        }
    }
}

/// The value of `If-Range`: of which representation the client has a part (RFC 9110 section 13.1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeCondition {
    /// The one with this tag.
    Tag(ETag),
    /// The one with this `Last-Modified`.
    Date(Timestamp),
    /// None that could be told: weak tags never match in the strong comparison.
    Never,
}

impl RangeCondition {
    /// Whether a part of this representation continues what the client has. Dates must be equal in whole seconds;
    /// a later one is no match either.
    pub fn matches(&self, etag: &ETag, last_modified: Timestamp) -> bool {
        match self {
            Self::Tag(tag) => tag == etag,
            Self::Date(date) => date.seconds() == last_modified.seconds(),
            Self::Never => false,
        }
    }
}

/// The conditions of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`.
    pub if_match: Option<TagCondition>,
    /// `If-None-Match`.
    pub if_none_match: Option<TagCondition>,
    /// `If-Modified-Since`; an unreadable date is ignored before it comes here.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
    /// `If-Range`. It decides about the range alone: [`Preconditions::evaluate`] does not look at it.
    pub if_range: Option<RangeCondition>,
}

/// What the conditions say about a representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Perform the request.
    Proceed,
    /// 304: the client's copy is current.
    NotModified,
    /// 412; names the header that failed.
    Failed(&'static str),
}

impl Preconditions {
    /// Whether no condition is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a range may be served of this representation; otherwise the whole is the answer.
    pub fn allow_range(&self, etag: &ETag, last_modified: Timestamp) -> bool {
        self.if_range.as_ref().is_none_or(|condition| condition.matches(etag, last_modified))
    }

    /// Evaluates a GET or HEAD in the order of RFC 9110 section 13.2.2. Dates compare in whole seconds.
    pub fn evaluate(&self, etag: &ETag, last_modified: Timestamp) -> Verdict {
        if let Some(condition) = &self.if_match {
            if !condition.matches(etag) {
                return Verdict::Failed("If-Match");
            }
        } else if let Some(since) = self.if_unmodified_since
            && last_modified.seconds() > since.seconds()
        {
            return Verdict::Failed("If-Unmodified-Since");
        }
        if let Some(condition) = &self.if_none_match {
            if condition.matches(etag) {
                return Verdict::NotModified;
            }
        } else if let Some(since) = self.if_modified_since
            && last_modified.seconds() <= since.seconds()
        {
            return Verdict::NotModified;
        }
        Verdict::Proceed
    }
}

/// What a change demands of the object that it replaces or deletes. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectCondition {
    /// `If-Match`.
    pub if_match: Option<TagCondition>,
    /// `If-None-Match`.
    pub if_none_match: Option<TagCondition>,
    /// `x-amz-if-match-last-modified-time`; compared in whole seconds, which is all that clients are told.
    pub last_modified: Option<Timestamp>,
    /// `x-amz-if-match-size`.
    pub size_bytes: Option<u64>,
}

impl ObjectCondition {
    /// Whether no condition is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Judges what is there.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] if nothing is there and something must be; [`Error::PreconditionFailed`] naming the header.
    pub fn judge(&self, key: &ObjectKey, found: Option<&ObjectMeta>) -> Result<()> {
        let needs_one = self.if_match.is_some() || self.last_modified.is_some() || self.size_bytes.is_some();
        let Some(meta) = found else {
            if needs_one {
                return Err(Error::NoSuchKey { key: key.as_str().into(), origin_status: None });
            }
            return Ok(());
        };
        let failed = |condition| Err(Error::PreconditionFailed { condition });
        if self.if_match.as_ref().is_some_and(|condition| !condition.matches(&meta.etag)) {
            return failed("If-Match");
        }
        if self.if_none_match.as_ref().is_some_and(|condition| condition.matches(&meta.etag)) {
            return failed("If-None-Match");
        }
        if self.last_modified.is_some_and(|time| time.seconds() != meta.last_modified.seconds()) {
            return failed("x-amz-if-match-last-modified-time");
        }
        if self.size_bytes.is_some_and(|size_bytes| size_bytes != meta.size_bytes) {
            return failed("x-amz-if-match-size");
        }
        Ok(())
    }

    /// Judges a delete marker, which is no object: it meets no condition that needs one.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] naming the header.
    pub fn judge_marker(&self) -> Result<()> {
        let failed = self.if_match.as_ref().map(|_| "If-Match");
        let failed = failed.or(self.last_modified.map(|_| "x-amz-if-match-last-modified-time"));
        let failed = failed.or(self.size_bytes.map(|_| "x-amz-if-match-size"));
        failed.map_or(Ok(()), |condition| Err(Error::PreconditionFailed { condition }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_order_of_rfc_9110() {
        let etag = ETag::from_text("\"ABC\"");
        let at = Timestamp::from_seconds(100);
        let tags = |text| Some(TagCondition::parse(text));
        let mut conditions =
            Preconditions { if_match: tags("abc"), if_unmodified_since: Some(Timestamp(0)), ..Default::default() };
        assert_eq!(conditions.evaluate(&etag, at), Verdict::Proceed, "If-Match makes If-Unmodified-Since moot");
        conditions.if_match = None;
        assert_eq!(conditions.evaluate(&etag, at), Verdict::Failed("If-Unmodified-Since"));
        let none = Preconditions { if_none_match: tags("x, \"abc\""), ..Default::default() };
        assert_eq!(none.evaluate(&etag, at), Verdict::NotModified);
        let other = Preconditions { if_none_match: tags("x"), if_modified_since: Some(at), ..Default::default() };
        assert_eq!(other.evaluate(&etag, at), Verdict::Proceed, "If-None-Match makes If-Modified-Since moot");
        let since = Preconditions { if_modified_since: Some(Timestamp(100_999)), ..Default::default() };
        assert_eq!(since.evaluate(&etag, Timestamp(100_500)), Verdict::NotModified, "dates compare in seconds");
    }

    #[test]
    fn if_range_allows_a_range_of_the_very_same_representation() {
        let etag = ETag::from_text("\"ABC\"");
        let allowed = |if_range| {
            let conditions = Preconditions { if_range, ..Preconditions::default() };
            assert_eq!(conditions.evaluate(&etag, Timestamp(100_500)), Verdict::Proceed, "it never refuses");
            conditions.allow_range(&etag, Timestamp(100_500))
        };
        assert!(allowed(None));
        assert!(allowed(Some(RangeCondition::Tag(ETag::from_text("abc")))));
        assert!(!allowed(Some(RangeCondition::Tag(ETag::from_text("abd")))));
        assert!(allowed(Some(RangeCondition::Date(Timestamp::from_seconds(100)))));
        assert!(!allowed(Some(RangeCondition::Date(Timestamp::from_seconds(101)))), "newer is not the same");
        assert!(!allowed(Some(RangeCondition::Never)));
    }
}
