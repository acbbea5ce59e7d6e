//! The words in which the two vendors differ where their design is the same.
//!
//! One [`Vocab`] per dialect drives router and codecs. What is not a matter of words (another document shape, another
//! default) is a `match` on the dialect at the place where it matters.

mod oss;
mod s3;

use headwater_model::bucket::Dialect;
use http::HeaderName;

pub(crate) use oss::OSS;
pub(crate) use s3::S3;

/// One vendor's words and limits.
#[derive(Debug)]
pub(crate) struct Vocab {
    pub(crate) dialect: Dialect,
    /// What the names of user metadata begin with.
    pub(crate) meta_prefix: &'static str,
    /// Default namespace of XML answers.
    pub(crate) namespace: Option<&'static str>,
    /// `Server`.
    pub(crate) server: &'static str,
    /// Identifies the request.
    pub(crate) request_id: HeaderName,
    /// Storage class of an object.
    pub(crate) storage_class: HeaderName,
    /// Id of a version that was read, written or removed.
    pub(crate) version_id: HeaderName,
    /// Id of the version that was copied.
    pub(crate) source_version_id: HeaderName,
    /// Whether it is a delete marker.
    pub(crate) delete_marker: HeaderName,
    /// Mode of an object's retention.
    pub(crate) lock_mode: HeaderName,
    /// Its end.
    pub(crate) lock_until: HeaderName,
    /// Whether an object is held.
    pub(crate) legal_hold: HeaderName,
    /// How many tags the object has.
    pub(crate) tagging_count: HeaderName,
    /// The storage class of objects whose bucket names none.
    pub(crate) default_storage_class: &'static str,
    /// Longest key.
    pub(crate) max_key_bytes: usize,
    /// Largest user metadata, names and values together.
    pub(crate) max_user_meta_bytes: usize,
    /// Smallest part except the last.
    pub(crate) min_part_bytes: u64,
    /// Names of request headers, lower case.
    pub(crate) headers: HeaderWords,
    /// Parameters that select an operation of the service, of a bucket and of an object which is not offered.
    pub(crate) unoffered_service: &'static [&'static str],
    /// See `unoffered_service`.
    pub(crate) unoffered_bucket: &'static [&'static str],
    /// See `unoffered_service`.
    pub(crate) unoffered_object: &'static [&'static str],
    /// Headers that demand a feature which is not offered, on any request. A name that ends with `*` stands for all
    /// that begin so.
    pub(crate) unoffered_headers: &'static [&'static str],
}

/// Request headers that both vendors have, each under its own prefix.
#[derive(Debug)]
pub(crate) struct HeaderWords {
    pub(crate) bucket_acl: &'static str,
    pub(crate) object_acl: &'static str,
    pub(crate) copy_source: &'static str,
    pub(crate) copy_source_range: &'static str,
    pub(crate) copy_if_match: &'static str,
    pub(crate) copy_if_none_match: &'static str,
    pub(crate) copy_if_modified_since: &'static str,
    pub(crate) copy_if_unmodified_since: &'static str,
    pub(crate) metadata_directive: &'static str,
    pub(crate) tagging_directive: &'static str,
    pub(crate) tagging: &'static str,
    pub(crate) bypass_governance: &'static str,
}

impl Vocab {
    /// The words of a dialect.
    pub(crate) fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Oss => &OSS,
            Dialect::S3 => &S3,
        }
    }

    /// Whether a header or parameter of this name (lower case) demands what is not offered.
    pub(crate) fn is_unoffered_header(&self, name: &str) -> bool {
        self.unoffered_headers.iter().any(|known| match known.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => *known == name,
        })
    }
}
