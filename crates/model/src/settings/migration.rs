//! The migration settings of a bucket.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::limits::MAX_OBJECT_BYTES;

/// Longest time for which an origin's "no such object" is believed: longer would be a false 404.
const MAX_NEGATIVE_TTL_MS: u64 = 300_000;

/// How a bucket migrates. Rules say where a miss goes; this says what is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MigrationSettings {
    /// What a DELETE leaves behind.
    pub deletes: GoneMode,
    /// What a listing shows.
    pub list: ListMode,
    /// Whether a HEAD of a missing key asks the origin.
    pub head: HeadMode,
    /// Whether a stored object is ever asked for again.
    pub refresh: Refresh,
    /// Whether changes here are made at the origin too.
    pub write_through: bool,
    /// What happens when the body does not have the `Content-MD5` that MirrorCheckMd5 checks.
    pub on_digest_mismatch: DigestMismatch,
    /// Which metadata of the origin's object is kept.
    pub keep: KeepMode,
    /// Whether the tags of the object are kept: of a bucket of this server, and of S3 and OSS origins that are asked with
    /// credentials, by one more request per object.
    pub keep_tags: bool,
    /// For how long an origin's 404 or 410 is believed, in milliseconds; 0 asks every time. At most 300,000.
    pub negative_ttl_ms: u64,
    /// Store a body whose end nothing proves (delimited by the connection's close; decisions, row 12).
    pub store_unproven_length: bool,
    /// Store an answer to a request that carried a client's cookie (decisions, row 9).
    pub store_with_cookie: bool,
    /// Serve without storing what the origin marks `Cache-Control: no-store` or `private`.
    pub obey_no_store: bool,
    /// Refuse empty objects, which some origins send in place of an error.
    pub refuse_empty: bool,
    /// Keep an object without its user metadata when that is over the limit, in place of failing.
    pub drop_oversized_meta: bool,
    /// Largest object taken from an origin, in bytes.
    pub max_object_bytes: u64,
    /// A fill that no client follows any more ends if more than this many bytes remain; none lets every fill finish.
    pub leftover_limit_bytes: Option<u64>,
    /// What a 200 must look like to be the object.
    pub guard: AnswerGuard,
}

impl Default for MigrationSettings {
    fn default() -> Self {
        Self {
            deletes: GoneMode::Refetch,
            list: ListMode::Local,
            head: HeadMode::Rule,
            refresh: Refresh::Never,
            write_through: false,
            on_digest_mismatch: DigestMismatch::DeliverUnstored,
            keep: KeepMode::SevenHeaders,
            keep_tags: false,
            negative_ttl_ms: 5_000,
            store_unproven_length: false,
            store_with_cookie: false,
            obey_no_store: false,
            refuse_empty: false,
            drop_oversized_meta: false,
            max_object_bytes: MAX_OBJECT_BYTES,
            leftover_limit_bytes: None,
            guard: AnswerGuard::default(),
        }
    }
}

/// What a DELETE under a rule leaves behind (decisions, row 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoneMode {
    /// Nothing: the next GET mirrors again, as OSS does.
    #[default]
    Refetch,
    /// A tombstone: the key stays deleted until it is written or the tombstone is lifted.
    Keep,
}

/// What a listing shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListMode {
    /// What is stored here.
    #[default]
    Local,
    /// What is stored here, merged with the origin's listing.
    Through,
}

/// Whether a HEAD of a missing key asks the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadMode {
    /// As the rule says (`MirrorAllowHeadObject`).
    #[default]
    Rule,
    /// Always.
    Mirror,
    /// Always, by fetching the object: it is stored first, and the HEAD is answered as that of a stored object. It takes as
    /// long as the fetch.
    Store,
}

/// Whether a stored object is ever asked for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// Never, as OSS.
    #[default]
    Never,
    /// By a conditional request once it is this many seconds old.
    TtlS(u64),
}

/// What happens when the body does not have the `Content-MD5` that the rule checks (decisions, row 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestMismatch {
    /// The client gets the body, nothing is stored, as OSS does.
    #[default]
    DeliverUnstored,
    /// The client's answer is cut, nothing is stored.
    Abort,
}

/// Which metadata of the origin's object is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepMode {
    /// The seven headers of OSS.
    #[default]
    SevenHeaders,
    /// Also `ETag`, `Last-Modified` and user metadata.
    All,
}

/// What a 200 must look like to be the object: against origins that answer every path with a page (chaos matrix, O26).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerGuard {
    /// `Content-Type` must begin with one of these, in any letter case; none allows all.
    pub content_types: Vec<Box<str>>,
    /// Fewest bytes.
    pub min_bytes: u64,
    /// A header field that must be there.
    pub required_header: Option<Box<str>>,
}

/// Most entries of [`AnswerGuard::content_types`].
const MAX_GUARD_TYPES: usize = 32;

impl MigrationSettings {
    /// [`Self::negative_ttl_ms`] as a duration.
    pub fn negative_ttl(&self) -> Duration {
        Duration::from_millis(self.negative_ttl_ms)
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field, its value and what would be right; [`Error::NotImplemented`] for what
    /// has its shape but no effect yet.
    pub fn validate(&self) -> Result<()> {
        for (offered, what) in [
            (self.list == ListMode::Local, "migration setting list: through"),
            (self.refresh == Refresh::Never, "migration setting refresh"),
            (!self.write_through, "migration setting write_through"),
        ] {
            if !offered {
                // Their shape is fixed; taking one without doing what it says would be a promise broken in silence.
                return Err(Error::NotImplemented { what: what.into() });
            }
        }
        let wrong = |name: &str, value: &dyn std::fmt::Display, message: String| {
            Err(Error::invalid_argument(name, &value.to_string(), message))
        };
        if self.negative_ttl_ms > MAX_NEGATIVE_TTL_MS {
            return wrong("negative_ttl_ms", &self.negative_ttl_ms, format!("at most {MAX_NEGATIVE_TTL_MS}"));
        }
        if self.max_object_bytes == 0 || self.max_object_bytes > MAX_OBJECT_BYTES {
            return wrong("max_object_bytes", &self.max_object_bytes, format!("from 1 to {MAX_OBJECT_BYTES}"));
        }
        if self.guard.content_types.len() > MAX_GUARD_TYPES {
            let count = self.guard.content_types.len();
            return wrong("guard.content_types", &count, format!("at most {MAX_GUARD_TYPES} entries"));
        }
        if let Some(name) = self.guard.required_header.as_deref()
            && http::HeaderName::try_from(name).is_err()
        {
            return wrong("guard.required_header", &name, "this cannot be the name of a header field".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_change_nothing_and_survive_their_stored_form() {
        let settings = MigrationSettings::default();
        settings.validate().unwrap();
        assert_eq!(settings.negative_ttl(), Duration::from_secs(5));
        let made = MigrationSettings {
            refresh: Refresh::TtlS(60),
            guard: AnswerGuard { content_types: vec!["image/".into()], ..AnswerGuard::default() },
            leftover_limit_bytes: Some(7),
            ..settings
        };
        let bytes = postcard::to_stdvec(&made).unwrap();
        assert_eq!(postcard::from_bytes::<MigrationSettings>(&bytes).unwrap(), made);
    }

    #[test]
    fn wrong_values_are_named() {
        let named = |settings: MigrationSettings| match settings.validate() {
            Err(Error::InvalidArgument { name, .. }) => name.to_string(),
            other => panic!("{other:?}"),
        };
        let of = MigrationSettings::default;
        assert_eq!(named(MigrationSettings { negative_ttl_ms: 300_001, ..of() }), "negative_ttl_ms");
        assert_eq!(named(MigrationSettings { max_object_bytes: 0, ..of() }), "max_object_bytes");
        for unoffered in [
            MigrationSettings { list: ListMode::Through, ..of() },
            MigrationSettings { refresh: Refresh::TtlS(60), ..of() },
            MigrationSettings { write_through: true, ..of() },
        ] {
            assert!(matches!(unoffered.validate(), Err(Error::NotImplemented { .. })), "{unoffered:?}");
        }
        assert!(MigrationSettings { keep_tags: true, ..of() }.validate().is_ok());
        let guard = AnswerGuard { required_header: Some("a b".into()), ..AnswerGuard::default() };
        assert_eq!(named(MigrationSettings { guard, ..of() }), "guard.required_header");
    }
}
