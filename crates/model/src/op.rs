//! Operations: what a client may ask ([`Op`]). What it gets is in [`crate::reply`].
//!
//! The dialects decode HTTP into `Op`, the engine performs. Bodies of objects travel beside the operation as
//! [`Body`](crate::body::Body), because they stream.

mod action;
mod multipart;
mod oss;
mod version;
mod write;

use http::HeaderMap;

use crate::acl::WantedAcl;
use crate::bucket::{Dialect, ObjectOwnership, PublicAccessBlock};
use crate::cors::CorsConfiguration;
use crate::digest::{Checksum, ChecksumAlgorithm, TrailingChecksum};
use crate::encryption::{BucketEncryption, CustomerKey, WriteEncryption};
use crate::lifecycle::LifecycleConfiguration;
use crate::list::ListQuery;
use crate::logging::{BucketLogging, LogFields};
use crate::name::{BucketName, ObjectKey};
use crate::object::{ContentHeaders, ObjectHeaders, Tags};
use crate::precondition::{ObjectCondition, Preconditions};
use crate::range::ByteRange;
use crate::referer::RefererConfiguration;
use crate::version::{ObjectLock, ObjectLockConfiguration, VersionId, Versioning};
use crate::website::Website;

pub use action::Action;
pub use multipart::{
    CompleteMultipartUpload, CreateMultipartUpload, ListMultipartUploads, ListParts, PartRange, UploadPart,
    UploadPartCopy, UploadRef,
};
pub use oss::{AppendObject, PutSymlink, RestoreTier};
pub use version::{
    DeleteObject, DeleteObjects, Doomed, LegalHold, ListObjectVersions, ObjectVersion, PutObjectRetention,
};

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
    /// OSS: what of the public's rights is blocked on every bucket, whatever the buckets' own blocks say.
    GetAccountPublicAccessBlock,
    /// See `GetAccountPublicAccessBlock`.
    PutAccountPublicAccessBlock(PublicAccessBlock),
    /// Leaves it to the buckets' own blocks again.
    DeleteAccountPublicAccessBlock,
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
    /// One page of the versions of objects, delete markers among them.
    ListObjectVersions(ListObjectVersions),
    /// Whether a bucket keeps versions.
    GetBucketVersioning(BucketName),
    /// Makes a bucket keep versions, or no more of them.
    PutBucketVersioning(BucketName, Versioning),
    /// How objects of a bucket are locked (S3 `?object-lock`, OSS `?objectWorm`).
    GetObjectLockConfiguration(BucketName),
    /// Enables object lock, for good, and says how new objects are retained.
    PutObjectLockConfiguration(BucketName, ObjectLockConfiguration),
    /// OSS: for how long the objects of a bucket stay as they are.
    GetBucketWorm(BucketName),
    /// Makes such a policy, of this many days.
    InitiateBucketWorm(BucketName, u32),
    /// Takes a policy back that is not locked.
    AbortBucketWorm(BucketName),
    /// Locks the policy of that id, for good.
    CompleteBucketWorm(BucketName, Box<str>),
    /// Makes the days of the locked policy of that id more.
    ExtendBucketWorm(BucketName, Box<str>, u32),
    /// Until when a version is retained.
    GetObjectRetention(ObjectVersion),
    /// Retains a version.
    PutObjectRetention(Box<PutObjectRetention>),
    /// Whether a version is held.
    GetObjectLegalHold(ObjectVersion),
    /// Holds a version, or no longer.
    PutObjectLegalHold(ObjectVersion, LegalHold),
    /// Makes an object of an archive's class readable; how soon, where OSS's request says it.
    RestoreObject(ObjectVersion, Option<RestoreTier>),
    /// The home page of a bucket's website, at the root of its website domain.
    GetHomePage(BucketName, Box<Visit>),
    /// As [`Op::GetHomePage`], without the body.
    HeadHomePage(BucketName, Box<Visit>),
    /// An object's metadata and body.
    GetObject(Box<GetObject>),
    /// An object's metadata. Never reaches an origin unless the rule allows it.
    HeadObject(Box<GetObject>),
    /// S3 `?attributes`: what is known about an object beside its bytes; never reaches an origin. What a
    /// customer's key encrypts is told to who sends that key.
    GetObjectAttributes(ObjectVersion, Option<CustomerKey>),
    /// OSS `?objectMeta`: length, ETag and date; never reaches an origin.
    GetObjectMeta(ObjectVersion),
    /// The tags of a stored object; never reaches an origin.
    GetObjectTagging(ObjectVersion),
    /// Replaces the tags of a stored object.
    PutObjectTagging(ObjectVersion, Tags),
    /// Removes the tags of a stored object.
    DeleteObjectTagging(ObjectVersion),
    /// OSS `?stat`: how much a bucket holds.
    GetBucketStat(BucketName),
    /// Whether requesters are said to pay.
    GetBucketRequestPayment(BucketName),
    /// Says whether requesters pay; nobody does.
    PutBucketRequestPayment(BucketName, bool),
    /// A setting that is not offered, as of a bucket for which nobody made it; the action says which one.
    GetUnset(BucketName, Action),
    /// The cross-origin rules of a bucket.
    GetBucketCors(BucketName),
    /// Replaces the cross-origin rules of a bucket.
    PutBucketCors(BucketName, Box<CorsConfiguration>),
    /// Removes the cross-origin rules of a bucket.
    DeleteBucketCors(BucketName),
    /// The lifecycle rules of a bucket.
    GetBucketLifecycle(BucketName),
    /// Replaces the lifecycle rules of a bucket.
    PutBucketLifecycle(BucketName, Box<LifecycleConfiguration>),
    /// Removes the lifecycle rules of a bucket; succeeds if there are none.
    DeleteBucketLifecycle(BucketName),
    /// OSS: the hotlink protection of a bucket.
    GetBucketReferer(BucketName),
    /// Replaces the hotlink protection of a bucket; `None` removes it.
    PutBucketReferer(BucketName, Option<Box<RefererConfiguration>>),
    /// Where the requests of a bucket are written down.
    GetBucketLogging(BucketName),
    /// Says where the requests of a bucket are written down; `None`: nowhere.
    PutBucketLogging(BucketName, Option<Box<BucketLogging>>),
    /// As [`Op::PutBucketLogging`] with nothing.
    DeleteBucketLogging(BucketName),
    /// OSS: what else of each request is written down.
    GetLogFields(BucketName),
    /// See [`Op::GetLogFields`].
    PutLogFields(BucketName, Box<LogFields>),
    /// See [`Op::GetLogFields`].
    DeleteLogFields(BucketName),
    /// How objects of a bucket are encrypted whose writers ask for nothing.
    GetBucketEncryption(BucketName),
    /// Encrypts objects whose writers ask for nothing.
    PutBucketEncryption(BucketName, BucketEncryption),
    /// Stores objects as they come again; succeeds if it was never otherwise.
    DeleteBucketEncryption(BucketName),
    /// The tags of a bucket.
    GetBucketTagging(BucketName),
    /// Replaces the tags of a bucket.
    PutBucketTagging(BucketName, Tags),
    /// Removes the tags of a bucket that have these keys, all if there are none.
    DeleteBucketTagging(BucketName, Vec<Box<str>>),
    /// The list of a stored object; never reaches an origin.
    GetObjectAcl(ObjectVersion),
    /// Sets the list of a stored object.
    PutObjectAcl(ObjectVersion, WantedAcl),
    /// Stores the body that travels beside.
    PutObject(Box<PutObject>),
    /// Adds the body that travels beside to the end of an object.
    AppendObject(Box<AppendObject>),
    /// Makes a symlink.
    PutSymlink(Box<PutSymlink>),
    /// What a symlink names.
    GetSymlink(ObjectVersion),
    /// Copies an object within the server.
    CopyObject(Box<CopyObject>),
    /// Deletes an object or a version; succeeds if there is none.
    DeleteObject(Box<DeleteObject>),
    /// Deletes up to [`crate::limits::MAX_DELETE_KEYS`] objects.
    DeleteObjects(DeleteObjects),
    /// Begins a multipart upload.
    CreateMultipartUpload(Box<CreateMultipartUpload>),
    /// Stores the body that travels beside as a part.
    UploadPart(Box<UploadPart>),
    /// Stores bytes of an object as a part.
    UploadPartCopy(Box<UploadPartCopy>),
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
    /// Only buckets that have all these tags, where one without a value may have any (OSS).
    pub tags: Vec<WantedTag>,
    /// Most buckets, 1 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// A tag that a bucket is to have, with this value or with any.
pub type WantedTag = (Box<str>, Option<Box<str>>);

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
    /// S3: object lock from the beginning, and versions with it.
    pub object_lock: Option<ObjectLockConfiguration>,
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
        GetObject {
            bucket,
            key,
            version: None,
            range,
            strict_range,
            part: None,
            conditions,
            overrides: ContentHeaders::default(),
            miss,
            customer_key: None,
        }
    }
}

/// See [`Op::GetObject`].
#[derive(Clone, Debug)]
pub struct GetObject {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Which version; `None`: the current object. A version never mirrors.
    pub version: Option<VersionId>,
    /// Range asked for, and the header as sent.
    pub range: Option<(ByteRange, Box<str>)>,
    /// `x-oss-range-behavior: standard`, and always on the S3 face: an unsatisfiable range is an error. Otherwise the
    /// whole object is the answer (OSS).
    pub strict_range: bool,
    /// The part of a multipart object that is meant, instead of a range; any other object is its own part 1.
    pub part: Option<u16>,
    /// Conditions.
    pub conditions: Preconditions,
    /// `response-*` parameters: replace the stored headers in this answer only.
    pub overrides: ContentHeaders,
    /// How a miss may reach the origin.
    pub miss: MissContext,
    /// The key that the object is encrypted with, if it is a customer's.
    pub customer_key: Option<CustomerKey>,
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
    /// The bucket's website was asked, at a host name of its own, instead of the API.
    pub site: bool,
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

/// When a write may replace what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Always.
    #[default]
    Any,
    /// Only if there is no object: `x-oss-forbid-overwrite: true` ([`crate::Error::ObjectExists`]).
    ForbidOverwrite,
    /// Only if what is there meets this: `If-Match`, `If-None-Match` ([`ObjectCondition::judge`]).
    Meets(Box<ObjectCondition>),
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
    /// Tags to store.
    pub tags: Tags,
    /// The list that the request names.
    pub acl: Option<WantedAcl>,
    /// Length of the body after decoding, if announced; enforced.
    pub content_length: Option<u64>,
    /// Digests to check.
    pub digests: AnnouncedDigests,
    /// When to replace.
    pub condition: WriteCondition,
    /// How to encrypt it.
    pub encryption: WriteEncryption,
}

/// See [`Op::CopyObject`].
#[derive(Clone, Debug)]
pub struct CopyObject {
    /// Source bucket; the caller needs [`Action::GetObject`] there.
    pub source_bucket: BucketName,
    /// Source key.
    pub source_key: ObjectKey,
    /// Which version of it; `None`: the current object.
    pub source_version: Option<VersionId>,
    /// Conditions on the source (`x-*-copy-source-if-*`).
    pub source_conditions: Preconditions,
    /// Destination bucket.
    pub bucket: BucketName,
    /// Destination key.
    pub key: ObjectKey,
    /// New metadata (directive REPLACE) or the source's (COPY).
    pub headers: Option<ObjectHeaders>,
    /// New tags (tagging directive REPLACE) or the source's (COPY).
    pub tags: Option<Tags>,
    /// Storage class of the copy, whose source's is not taken over.
    pub storage_class: Option<Box<str>>,
    /// What keeps the copy, which does not inherit its source's lock.
    pub lock: Option<Box<ObjectLock>>,
    /// Redirect of the copy, whose source's is not taken over either.
    pub website_redirect: Option<Box<str>>,
    /// The list that the request names; never the source's.
    pub acl: Option<WantedAcl>,
    /// Additional checksum to compute.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// When to replace the destination.
    pub condition: WriteCondition,
    /// How to encrypt the copy, however its source is.
    pub encryption: WriteEncryption,
    /// The key that the source is encrypted with, if it is a customer's.
    pub source_customer_key: Option<CustomerKey>,
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
