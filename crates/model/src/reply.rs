//! What an operation answers ([`Reply`]).
//!
//! The dialects encode it; its body, if it streams, is still to be read.

use std::ops::Range;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::acl::{CannedAcl, Grant};
use crate::body::Body;
use crate::bucket::{Bucket, ObjectOwnership, PublicAccessBlock};
use crate::clock::Timestamp;
use crate::cors::CorsConfiguration;
use crate::digest::{ChecksumAlgorithm, ChecksumType};
use crate::encryption::{BucketEncryption, KeyHolder};
use crate::lifecycle::LifecycleConfiguration;
use crate::list::ListPage;
use crate::logging::{BucketLogging, LogFields};
use crate::multipart::{PartInfo, PartPage, UploadId, UploadPage};
use crate::name::ObjectKey;
use crate::object::{ContentHeaders, ObjectMeta, ObjectPart, SharedMeta, Tags, UserMeta};
use crate::op::{LegalHold, RestoreTier};
use crate::policy::Policy;
use crate::referer::RefererConfiguration;
use crate::version::{ObjectLockConfiguration, Retention, VersionId, VersionPage, Versioning};
use crate::website::Website;
use crate::worm::{BucketWorm, WormId, WormState};

/// Where the bytes of an answer come from: for the log, the metrics and `x-oss-tag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The object was here.
    Hit,
    /// Fetched by this request.
    Miss,
    /// A running fill that another request began.
    Joined,
    /// From the origin without being stored.
    PassThrough,
}

/// An object, or a part of it, to be sent.
#[derive(Debug)]
pub struct ObjectReply {
    /// Where it comes from.
    pub served: Served,
    /// Metadata. For a miss it may be incomplete: see `facts`.
    pub meta: SharedMeta,
    /// What of `meta` is known already. All for a hit.
    pub facts: KnownFacts,
    /// The half-open interval served, if a range is (206).
    pub range: Option<Range<u64>>,
    /// Answer headers that replace the stored ones.
    pub overrides: ContentHeaders,
    /// The part that `range` is, if one was asked for by its number.
    pub part: Option<ObjectPart>,
    /// The bytes of `range`, or of the whole; [`Body::Empty`] for HEAD.
    pub body: Body,
    /// Status of the origin's answer, if it was asked.
    pub origin_status: Option<u16>,
    /// Status to answer with in place of 200 (error document, index page); ranges use 206.
    pub status: Option<u16>,
    /// Fields that the rule adds to the answer of a miss (`MirrorReturnHeaders`): never framing, never a vendor's own.
    pub added: Vec<(HeaderName, HeaderValue)>,
}

/// Which parts of the metadata are final while a fill is still running (decisions, row 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFacts {
    /// `size_bytes` is the length to be.
    pub size: bool,
    /// `etag` and `md5` are those to be stored.
    pub etag: bool,
    /// `crc64` and `checksum` are those to be stored.
    pub digests: bool,
}

impl KnownFacts {
    /// Everything is final.
    pub const ALL: Self = Self { size: true, etag: true, digests: true };
}

/// An answer in place of the object: a redirect rule, a redirect of the origin, or an origin's own answer passed on.
#[derive(Debug)]
pub struct RelayedReply {
    /// Status code as the rule or the origin has it.
    pub status: u16,
    /// `Location`, if any.
    pub location: Option<Box<str>>,
    /// `Content-Type`, if a body comes.
    pub content_type: Option<Box<str>>,
    /// The body with its length, if known.
    pub body: Body,
    /// See `body`.
    pub content_length: Option<u64>,
    /// Status of the origin's answer, if it was asked.
    pub origin_status: Option<u16>,
}

/// An account as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Canonical id.
    pub id: Arc<str>,
    /// Display name.
    pub display_name: Arc<str>,
}

/// See [`Op::GetBucketStat`](crate::op::Op::GetBucketStat).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketStat {
    /// Objects, versions that are not current among them.
    pub objects: u64,
    /// Bytes of all objects.
    pub size_bytes: u64,
    /// Delete markers.
    pub markers: u64,
    /// Open uploads.
    pub uploads: u64,
    /// When they were counted; 1970 if there was nothing to count.
    pub at: Timestamp,
    /// Storage class as written (none: the standard one), its objects and their bytes.
    pub classes: Vec<(Option<Box<str>>, u64, u64)>,
}

/// What an answer tells about versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionNote {
    /// The version that was read, written or removed.
    pub version: Option<VersionId>,
    /// Whether that is, or was, a delete marker.
    pub is_marker: bool,
    /// The version of its source that was copied.
    pub source: Option<VersionId>,
}

impl VersionNote {
    /// Of this version.
    pub fn of(version: VersionId) -> Self {
        Self { version: Some(version), ..Self::default() }
    }
}

/// What became of one of many that were to be deleted.
#[derive(Debug)]
pub struct DeletedObject {
    /// Its key.
    pub key: ObjectKey,
    /// The version, as the request named it.
    pub version: Option<Box<str>>,
    /// The delete marker that was made or removed, if one was; or why nothing was deleted.
    pub outcome: crate::Result<Option<VersionId>>,
}

/// What an operation answers.
#[derive(Debug)]
pub enum Reply {
    /// Success without content of its own (the dialect knows whether 200 or 204 is the form).
    Done,
    /// RestoreObject: accepted; of OSS's cold classes with the tier that it is done in.
    Restoring(Option<RestoreTier>),
    /// See [`Op::ListBuckets`](crate::op::Op::ListBuckets); `next` continues.
    Buckets {
        /// Owner of all.
        owner: Owner,
        /// In order of name.
        buckets: Vec<Arc<Bucket>>,
        /// Last name, if more follow.
        next: Option<Box<str>>,
    },
    /// The list of a bucket or an object.
    Acl {
        /// Owner of the bucket or object.
        owner: Owner,
        /// S3's form.
        grants: Vec<Grant>,
        /// OSS's form; `None`: the object has its bucket's.
        canned: Option<CannedAcl>,
    },
    /// GetBucketPolicy.
    Policy(Arc<Policy>),
    /// GetBucketPolicyStatus: whether it is public.
    PolicyStatus(bool),
    /// GetPublicAccessBlock.
    PublicAccess(PublicAccessBlock),
    /// GetOwnershipControls.
    Ownership(ObjectOwnership),
    /// A bucket's settings: HeadBucket, GetBucketInfo, GetBucketLocation, and CreateBucket.
    Bucket {
        /// Owner.
        owner: Owner,
        /// The bucket.
        bucket: Arc<Bucket>,
    },
    /// The website document.
    Website(Arc<Website>),
    /// A page of objects, with the query that made it.
    Objects {
        /// Owner of the bucket.
        owner: Owner,
        /// The page.
        page: ListPage,
    },
    /// GetObject, HeadObject.
    Object(Box<ObjectReply>),
    /// 304 with the current validators.
    NotModified(SharedMeta),
    /// GetObjectMeta, GetObjectAttributes, GetSymlink.
    ObjectMeta(SharedMeta),
    /// GetObjectTagging.
    Tags(Tags),
    /// GetBucketStat.
    BucketStat(BucketStat),
    /// GetBucketRequestPayment: whether requesters are said to pay.
    RequestPayment(bool),
    /// A setting that nobody made; which one, the operation says.
    Unset,
    /// GetBucketCors.
    Cors(Arc<CorsConfiguration>),
    /// GetBucketLifecycle.
    Lifecycle(Arc<LifecycleConfiguration>),
    /// GetBucketReferer.
    Referer(Arc<RefererConfiguration>),
    /// GetBucketLogging; `None`: nowhere.
    Logging(Option<Arc<BucketLogging>>),
    /// GetUserDefinedLogFieldsConfig.
    LogFields(Arc<LogFields>),
    /// A redirect, or the origin's own answer.
    Relayed(Box<RelayedReply>),
    /// AppendObject: the whole object as it is now.
    Appended(SharedMeta),
    /// PutObject, PutSymlink.
    Stored(SharedMeta),
    /// CopyObject.
    Copied(SharedMeta),
    /// DeleteObjects: what became of each, in the order given; in quiet mode only the failures.
    Deleted(Vec<DeletedObject>),
    /// Any of the others, of an object or upload that is encrypted, where its metadata does not tell.
    Encrypted(Box<Reply>, KeyHolder),
    /// GetBucketEncryption.
    BucketEncryption(BucketEncryption),
    /// Any of the others, of a bucket that keeps versions.
    Versioned(Box<Reply>, VersionNote),
    /// ListObjectVersions.
    Versions {
        /// Owner of the bucket.
        owner: Owner,
        /// The page.
        page: VersionPage,
    },
    /// GetBucketVersioning.
    Versioning(Versioning),
    /// GetObjectLockConfiguration.
    LockConfiguration(ObjectLockConfiguration),
    /// GetBucketWorm: the policy, and how far it is.
    Worm(BucketWorm, WormState),
    /// InitiateBucketWorm: how the new policy is called.
    WormInitiated(WormId),
    /// GetObjectRetention.
    Retention(Retention),
    /// GetObjectLegalHold.
    LegalHold(LegalHold),
    /// CreateMultipartUpload.
    UploadCreated(UploadId),
    /// UploadPart.
    PartStored(PartInfo),
    /// UploadPartCopy.
    PartCopied(PartInfo),
    /// CompleteMultipartUpload.
    Completed(SharedMeta),
    /// ListParts.
    Parts {
        /// Who will own the object.
        owner: Owner,
        /// Checksum algorithm announced on creation, and of what the object's checksum will be one.
        checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
        /// User metadata that the object will have: OSS tells of it how a client encrypts the parts.
        user: UserMeta,
        /// The page.
        page: PartPage,
    },
    /// ListMultipartUploads.
    Uploads {
        /// The bucket's owner, who will own every object whose upload names nobody else.
        owner: Owner,
        /// The page.
        page: UploadPage,
    },
}

impl ObjectReply {
    /// A stored object, whole.
    pub fn hit(meta: Arc<ObjectMeta>, body: Body) -> Self {
        Self {
            served: Served::Hit,
            meta,
            facts: KnownFacts::ALL,
            range: None,
            part: None,
            overrides: ContentHeaders::default(),
            body,
            origin_status: None,
            status: None,
            added: Vec::new(),
        }
    }
}
