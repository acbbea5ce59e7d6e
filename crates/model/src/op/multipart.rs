//! What operations on multipart uploads ask for.

use super::{AnnouncedDigests, WriteCondition};
use crate::acl::WantedAcl;
use crate::digest::{Checksum, ChecksumAlgorithm, ChecksumType};
use crate::encryption::{CustomerKey, WriteEncryption};
use crate::multipart::{CompletedPart, UploadId};
use crate::name::{BucketName, ObjectKey};
use crate::object::{ObjectHeaders, Tags};
use crate::precondition::Preconditions;
use crate::version::VersionId;

/// See [`Op::CreateMultipartUpload`](super::Op::CreateMultipartUpload).
#[derive(Clone, Debug)]
pub struct CreateMultipartUpload {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Metadata of the object to be.
    pub headers: ObjectHeaders,
    /// Tags of the object to be.
    pub tags: Tags,
    /// The list that the request names for it.
    pub acl: Option<WantedAcl>,
    /// Checksum algorithm announced, and of what the object's checksum will be one.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
    /// OSS applies `x-oss-forbid-overwrite` here already.
    pub condition: WriteCondition,
    /// How to encrypt the parts.
    pub encryption: WriteEncryption,
    /// Whether its parts must come in order (`sequential` of OSS): then the object has the MD5 of the whole.
    pub sequential: bool,
}

/// Names an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRef {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Upload id as sent; what does not parse is no such upload.
    pub upload_id: Box<str>,
}

/// See [`Op::UploadPart`](super::Op::UploadPart).
#[derive(Clone, Debug)]
pub struct UploadPart {
    /// Upload.
    pub upload: UploadRef,
    /// 1 to [`crate::limits::MAX_PART_NUMBER`].
    pub number: u16,
    /// Length of the body after decoding, if announced; enforced.
    pub content_length: Option<u64>,
    /// Digests to check.
    pub digests: AnnouncedDigests,
    /// The key that the upload is encrypted with, if it is a customer's.
    pub customer_key: Option<CustomerKey>,
}

/// Bytes `first` to `last`, both included; without `last` to the end of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRange {
    /// First byte.
    pub first: u64,
    /// Last byte, at least `first`; `None` for that of the source.
    pub last: Option<u64>,
}

/// See [`Op::UploadPartCopy`](super::Op::UploadPartCopy).
#[derive(Clone, Debug)]
pub struct UploadPartCopy {
    /// Upload.
    pub upload: UploadRef,
    /// 1 to [`crate::limits::MAX_PART_NUMBER`].
    pub number: u16,
    /// Source bucket; the caller needs [`Action::GetObject`](super::Action::GetObject) there.
    pub source_bucket: BucketName,
    /// Source key.
    pub source_key: ObjectKey,
    /// Which version of it; `None`: the current object.
    pub source_version: Option<VersionId>,
    /// Conditions on the source.
    pub source_conditions: Preconditions,
    /// Which bytes; all if it is `None`.
    pub range: Option<PartRange>,
    /// The key that the upload is encrypted with, if it is a customer's.
    pub customer_key: Option<CustomerKey>,
    /// The key that the source is encrypted with, if it is a customer's.
    pub source_customer_key: Option<CustomerKey>,
}

/// See [`Op::CompleteMultipartUpload`](super::Op::CompleteMultipartUpload).
#[derive(Clone, Debug)]
pub struct CompleteMultipartUpload {
    /// Upload.
    pub upload: UploadRef,
    /// Parts in the order given; empty with OSS's `x-oss-complete-all: yes`, which takes all.
    pub parts: Vec<CompletedPart>,
    /// OSS `x-oss-complete-all: yes`.
    pub all_parts: bool,
    /// The list that the request names in place of that of the upload's creation.
    pub acl: Option<WantedAcl>,
    /// When to replace.
    pub condition: WriteCondition,
    /// Checksum of the object to be, in the type of the upload.
    pub checksum: Option<Checksum>,
    /// The type that the client takes the checksum to have.
    pub checksum_type: Option<ChecksumType>,
    /// Length of the object to be.
    pub size_bytes: Option<u64>,
    /// Smallest part except the last (differs by dialect).
    pub min_part_bytes: u64,
    /// S3: the key of the upload, which need not be sent again; if it is, it must be the same.
    pub customer_key: Option<CustomerKey>,
}

/// See [`Op::ListParts`](super::Op::ListParts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListParts {
    /// Upload.
    pub upload: UploadRef,
    /// Only parts above this number.
    pub after: u16,
    /// Most parts, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// See [`Op::ListMultipartUploads`](super::Op::ListMultipartUploads).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMultipartUploads {
    /// Bucket.
    pub bucket: BucketName,
    /// Only keys that begin so.
    pub prefix: Box<str>,
    /// Collapse, as in [`crate::list::ListQuery`].
    pub delimiter: Box<str>,
    /// Only uploads of keys greater than this; with `after_upload`, also later uploads of this key.
    pub after_key: Box<str>,
    /// See `after_key`.
    pub after_upload: Option<UploadId>,
    /// Most uploads, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}
