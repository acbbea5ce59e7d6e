//! The words of Amazon S3.

use headwater_model::bucket::Dialect;
use headwater_model::limits::{MAX_KEY_BYTES, MIN_PART_BYTES_S3};
use http::HeaderName;

use super::{HeaderWords, Vocab};

/// S3: "the user-defined metadata is limited to 2 KB in size".
const MAX_S3_USER_META_BYTES: usize = 2 << 10;

/// S3.
pub(crate) static S3: Vocab = Vocab {
    dialect: Dialect::S3,
    meta_prefix: "x-amz-meta-",
    namespace: Some("http://s3.amazonaws.com/doc/2006-03-01/"),
    server: "Headwater",
    request_id: HeaderName::from_static("x-amz-request-id"),
    storage_class: HeaderName::from_static("x-amz-storage-class"),
    version_id: HeaderName::from_static("x-amz-version-id"),
    source_version_id: HeaderName::from_static("x-amz-copy-source-version-id"),
    delete_marker: HeaderName::from_static("x-amz-delete-marker"),
    lock_mode: HeaderName::from_static("x-amz-object-lock-mode"),
    lock_until: HeaderName::from_static("x-amz-object-lock-retain-until-date"),
    legal_hold: HeaderName::from_static("x-amz-object-lock-legal-hold"),
    tagging_count: HeaderName::from_static("x-amz-tagging-count"),
    default_storage_class: "STANDARD",
    max_key_bytes: MAX_KEY_BYTES,
    max_user_meta_bytes: MAX_S3_USER_META_BYTES,
    min_part_bytes: MIN_PART_BYTES_S3,
    headers: HeaderWords {
        bucket_acl: "x-amz-acl",
        object_acl: "x-amz-acl",
        copy_source: "x-amz-copy-source",
        copy_source_range: "x-amz-copy-source-range",
        copy_if_match: "x-amz-copy-source-if-match",
        copy_if_none_match: "x-amz-copy-source-if-none-match",
        copy_if_modified_since: "x-amz-copy-source-if-modified-since",
        copy_if_unmodified_since: "x-amz-copy-source-if-unmodified-since",
        metadata_directive: "x-amz-metadata-directive",
        tagging_directive: "x-amz-tagging-directive",
        tagging: "x-amz-tagging",
        bypass_governance: "x-amz-bypass-governance-retention",
    },
    unoffered_service: &[],
    unoffered_bucket: &[
        "abac",
        "accelerate",
        "analytics",
        "intelligent-tiering",
        "inventory",
        "metadataAnnotationTable",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "metadataTable",
        "metrics",
        "notification",
        "replication",
        "session",
    ],
    unoffered_object: &["annotation", "encryption", "renameObject", "select", "torrent"],
    unoffered_headers: &[
        "x-amz-mfa",
        "x-amz-rename-source*",
        "x-amz-server-side-encryption-context",
        "x-amz-write-offset-bytes",
    ],
};
