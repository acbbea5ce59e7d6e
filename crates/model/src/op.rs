//! Operations: what a client may ask ([`Op`]). What it gets is in [`crate::reply`].
//!
//! The dialects decode HTTP into `Op`, the engine performs. Bodies of objects travel beside the operation as
//! [`Body`](crate::body::Body), because they stream.

use http::HeaderMap;

use crate::acl::WantedAcl;
use crate::bucket::{Dialect, ObjectOwnership, PublicAccessBlock};
use crate::digest::{Checksum, ChecksumAlgorithm, ETag, TrailingChecksum};
use crate::list::ListQuery;
use crate::multipart::{CompletedPart, UploadId};
use crate::name::{BucketName, ObjectKey};
use crate::object::{ContentHeaders, ObjectHeaders};
use crate::precondition::Preconditions;
use crate::range::ByteRange;
use crate::website::Website;

/// What a request wants to do, for authorisation; named like the permissions of both vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each variant is the permission of its name
pub enum Action {
    ListBuckets,
    CreateBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketAcl,
    PutBucketAcl,
    GetBucketWebsite,
    PutBucketWebsite,
    DeleteBucketWebsite,
    DeleteBucket,
    GetBucketPolicy,
    PutBucketPolicy,
    DeleteBucketPolicy,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock,
    PutBucketPublicAccessBlock,
    DeleteBucketPublicAccessBlock,
    GetBucketOwnershipControls,
    PutBucketOwnershipControls,
    ListObjects,
    GetObject,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObject,
    DeleteObject,
    ListMultipartUploads,
    ListParts,
    AbortMultipartUpload,
    Administer,
}

impl Action {
    /// Whether it is about an object, so that policies speak of `BUCKET/KEY`.
    pub fn is_on_objects(self) -> bool {
        matches!(
            self,
            Self::GetObject
                | Self::GetObjectAcl
                | Self::PutObjectAcl
                | Self::GetObjectTagging
                | Self::PutObject
                | Self::DeleteObject
                | Self::ListParts
                | Self::AbortMultipartUpload
        )
    }

    /// Whether the answer may depend on the object, so that it is asked again with the object in hand.
    pub fn depends_on_object(self) -> bool {
        matches!(self, Self::GetObject | Self::GetObjectAcl | Self::PutObjectAcl | Self::GetObjectTagging)
    }

    /// Whether it is about the policy of a bucket.
    pub fn is_on_policy(self) -> bool {
        matches!(self, Self::GetBucketPolicy | Self::PutBucketPolicy | Self::DeleteBucketPolicy)
    }
}

/// An operation with everything decoded but its streaming body.
#[derive(Debug)]
pub enum Op {
    /// All buckets of the caller.
    ListBuckets(ListBuckets),
    /// Creates a bucket.
    CreateBucket(CreateBucket),
    /// Whether the bucket exists.
    HeadBucket(BucketName),
    /// OSS `?bucketInfo`.
    GetBucketInfo(BucketName),
    /// `?location`.
    GetBucketLocation(BucketName),
    /// Bucket `?acl`.
    GetBucketAcl(BucketName),
    /// Sets the list of a bucket.
    PutBucketAcl(BucketName, WantedAcl),
    /// `?policy`.
    GetBucketPolicy(BucketName),
    /// Replaces the policy of a bucket by this text.
    PutBucketPolicy(BucketName, Box<str>),
    /// Removes the policy of a bucket; succeeds if there is none.
    DeleteBucketPolicy(BucketName),
    /// Whether the policy of a bucket is public.
    GetBucketPolicyStatus(BucketName),
    /// What of the public's rights is blocked.
    GetPublicAccessBlock(BucketName),
    /// Blocks what is named, and nothing else.
    PutPublicAccessBlock(BucketName, PublicAccessBlock),
    /// Blocks nothing any more.
    DeletePublicAccessBlock(BucketName),
    /// S3: who owns the objects that others write.
    GetOwnershipControls(BucketName),
    /// See `GetOwnershipControls`.
    PutOwnershipControls(BucketName, ObjectOwnership),
    /// Back to the default.
    DeleteOwnershipControls(BucketName),
    /// `?website`.
    GetBucketWebsite(BucketName),
    /// Replaces the website document.
    PutBucketWebsite(BucketName, Box<Website>),
    /// Removes the website document.
    DeleteBucketWebsite(BucketName),
    /// Deletes an empty bucket.
    DeleteBucket(BucketName),
    /// One page of objects, version 1 or 2 (the difference is the dialect's); for a visitor the home page, if there is one.
    ListObjects(ListObjects),
    /// The home page of a bucket's website, at the root of its website domain.
    GetHomePage(BucketName, Box<Visit>),
    /// As [`Op::GetHomePage`], without the body.
    HeadHomePage(BucketName, Box<Visit>),
    /// An object's metadata and body.
    GetObject(Box<GetObject>),
    /// An object's metadata. Never reaches an origin unless the rule allows it.
    HeadObject(Box<GetObject>),
    /// OSS `?objectMeta`: length, ETag and date; never reaches an origin.
    GetObjectMeta(BucketName, ObjectKey),
    /// The tags of a stored object; never reaches an origin.
    GetObjectTagging(BucketName, ObjectKey),
    /// The list of a stored object; never reaches an origin.
    GetObjectAcl(BucketName, ObjectKey),
    /// Sets the list of a stored object.
    PutObjectAcl(BucketName, ObjectKey, WantedAcl),
    /// Stores the body that travels beside.
    PutObject(Box<PutObject>),
    /// Copies an object within the server.
    CopyObject(Box<CopyObject>),
    /// Deletes an object; succeeds if there is none.
    DeleteObject(BucketName, ObjectKey),
    /// Deletes up to [`crate::limits::MAX_DELETE_KEYS`] objects.
    DeleteObjects(DeleteObjects),
    /// Begins a multipart upload.
    CreateMultipartUpload(Box<CreateMultipartUpload>),
    /// Stores the body that travels beside as a part.
    UploadPart(Box<UploadPart>),
    /// Makes the object from parts.
    CompleteMultipartUpload(Box<CompleteMultipartUpload>),
    /// Drops an upload and its parts.
    AbortMultipartUpload(UploadRef),
    /// One page of an upload's parts.
    ListParts(ListParts),
    /// One page of uploads.
    ListMultipartUploads(ListMultipartUploads),
}

/// See [`Op::ListBuckets`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListBuckets {
    /// Only names that begin so.
    pub prefix: Box<str>,
    /// Only names greater than this.
    pub after: Box<str>,
    /// Only buckets of this location.
    pub location: Option<Box<str>>,
    /// Most buckets, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// See [`Op::CreateBucket`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateBucket {
    /// Name.
    pub bucket: BucketName,
    /// Access control list; private if the request names none.
    pub acl: Option<WantedAcl>,
    /// S3: who owns the objects that others write.
    pub ownership: Option<ObjectOwnership>,
    /// Region that the body names, if any.
    pub location: Option<Box<str>>,
    /// OSS storage class that the body names, if any.
    pub storage_class: Option<Box<str>>,
}

/// See [`Op::ListObjects`].
#[derive(Clone, Debug)]
pub struct ListObjects {
    /// Bucket.
    pub bucket: BucketName,
    /// The page.
    pub query: ListQuery,
    /// Of an anonymous request, which means the home page rather than a listing (oss-mirroring 11.1).
    pub visit: Option<Box<Visit>>,
}

/// A request for the root of a bucket: a [`GetObject`] for a key that only the website document knows.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// As in [`GetObject`].
    pub range: Option<(ByteRange, Box<str>)>,
    /// As in [`GetObject`].
    pub strict_range: bool,
    /// Conditions.
    pub conditions: Preconditions,
    /// How a miss of the home page may reach the origin.
    pub miss: MissContext,
}

impl Visit {
    /// The request for this object; it replaces no headers.
    pub fn of(self, bucket: BucketName, key: ObjectKey) -> GetObject {
        let Self { range, strict_range, conditions, miss } = self;
        GetObject { bucket, key, range, strict_range, conditions, overrides: ContentHeaders::default(), miss }
    }
}

/// See [`Op::GetObject`].
#[derive(Clone, Debug)]
pub struct GetObject {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Range asked for, and the header as sent.
    pub range: Option<(ByteRange, Box<str>)>,
    /// `x-oss-range-behavior: standard`, and always on the S3 face: an unsatisfiable range is an error. Otherwise the
    /// whole object is the answer (OSS).
    pub strict_range: bool,
    /// Conditions.
    pub conditions: Preconditions,
    /// `response-*` parameters: replace the stored headers in this answer only.
    pub overrides: ContentHeaders,
    /// How a miss may reach the origin.
    pub miss: MissContext,
}

/// What of the client's request a mirror rule may look at or forward.
#[derive(Clone, Debug, Default)]
pub struct MissContext {
    /// The client's header fields as sent.
    pub headers: HeaderMap,
    /// The raw query without our own authentication and `response-*` parameters; `None` if there is none.
    pub query: Option<Box<str>>,
    /// Leading slashes of the requested path beyond the first, which the key does not carry (OSS face only; spec 4.4).
    pub extra_slashes: u16,
    /// Whether the request was for `https`.
    pub secure: bool,
    /// Host that the client asked, for redirects that name none.
    pub host: Box<str>,
    /// What stands between `host` and the key: `/BUCKET` where the path names the bucket, empty where the host does.
    pub base_path: Box<str>,
    /// A version or sub-resource was named: the request never mirrors.
    pub never: bool,
}

/// Digests that the client announced for its body; checked before anything is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnouncedDigests {
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// `x-amz-checksum-*` from a header.
    pub checksum: Option<Checksum>,
    /// Algorithm whose value comes in a trailer, or which the client only asked us to compute.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// Algorithm that `x-amz-trailer` announces: its value must come. It is in `algorithm` too.
    pub trailer: Option<ChecksumAlgorithm>,
    /// The value from the trailer, once the body has ended.
    pub trailing: TrailingChecksum,
    /// `x-oss-hash-crc64ecma`, where a client sends it.
    pub crc64: Option<u64>,
}

impl Op {
    /// The digests announced for the streaming body, for operations that have one.
    pub fn announced_digests(&self) -> Option<&AnnouncedDigests> {
        match self {
            Self::PutObject(put) => Some(&put.digests),
            Self::UploadPart(part) => Some(&part.digests),
            _ => None,
        }
    }
}

/// When a write may replace what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Always.
    #[default]
    Any,
    /// Only if there is no object: `If-None-Match: *` (answer on failure: [`crate::Error::PreconditionFailed`]).
    IfNoneMatch,
    /// Only if there is no object: `x-oss-forbid-overwrite: true` ([`crate::Error::ObjectExists`]).
    ForbidOverwrite,
    /// Only if the object there has this tag: `If-Match` (no object: [`crate::Error::NoSuchKey`]).
    IfMatch(ETag),
}

/// See [`Op::PutObject`].
#[derive(Clone, Debug)]
pub struct PutObject {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Metadata to store; whose the object is, is the engine's to say.
    pub headers: ObjectHeaders,
    /// The list that the request names.
    pub acl: Option<WantedAcl>,
    /// Length of the body after decoding, if announced; enforced.
    pub content_length: Option<u64>,
    /// Digests to check.
    pub digests: AnnouncedDigests,
    /// When to replace.
    pub condition: WriteCondition,
}

/// See [`Op::CopyObject`].
#[derive(Clone, Debug)]
pub struct CopyObject {
    /// Source bucket; the caller needs [`Action::GetObject`] there.
    pub source_bucket: BucketName,
    /// Source key.
    pub source_key: ObjectKey,
    /// Conditions on the source (`x-*-copy-source-if-*`).
    pub source_conditions: Preconditions,
    /// Destination bucket.
    pub bucket: BucketName,
    /// Destination key.
    pub key: ObjectKey,
    /// New metadata (directive REPLACE) or the source's (COPY).
    pub headers: Option<ObjectHeaders>,
    /// The list that the request names; never the source's.
    pub acl: Option<WantedAcl>,
    /// Additional checksum to compute.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// When to replace the destination.
    pub condition: WriteCondition,
}

/// See [`Op::DeleteObjects`].
#[derive(Clone, Debug)]
pub struct DeleteObjects {
    /// Bucket.
    pub bucket: BucketName,
    /// Keys, in the order given.
    pub keys: Vec<ObjectKey>,
    /// Answer only failures.
    pub quiet: bool,
}

/// See [`Op::CreateMultipartUpload`].
#[derive(Clone, Debug)]
pub struct CreateMultipartUpload {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Metadata of the object to be.
    pub headers: ObjectHeaders,
    /// The list that the request names for it.
    pub acl: Option<WantedAcl>,
    /// Checksum algorithm announced.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// OSS applies `x-oss-forbid-overwrite` here already.
    pub condition: WriteCondition,
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

/// See [`Op::UploadPart`].
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
}

/// See [`Op::CompleteMultipartUpload`].
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
    /// Smallest part except the last (differs by dialect).
    pub min_part_bytes: u64,
}

/// See [`Op::ListParts`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListParts {
    /// Upload.
    pub upload: UploadRef,
    /// Only parts above this number.
    pub after: u16,
    /// Most parts, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// See [`Op::ListMultipartUploads`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMultipartUploads {
    /// Bucket.
    pub bucket: BucketName,
    /// Only keys that begin so.
    pub prefix: Box<str>,
    /// Collapse, as in [`ListQuery`].
    pub delimiter: Box<str>,
    /// Only uploads of keys greater than this; with `after_upload`, also later uploads of this key.
    pub after_key: Box<str>,
    /// See `after_key`.
    pub after_upload: Option<UploadId>,
    /// Most uploads, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// Who asks for an operation, how, and in which words they will be answered.
#[derive(Clone, Debug)]
pub struct Caller<'r> {
    /// Verified identity.
    pub principal: crate::access::Principal,
    /// Dialect of the request.
    pub dialect: Dialect,
    /// How the request came.
    pub context: crate::access::Context<'r>,
}
