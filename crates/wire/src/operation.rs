//! The vendors' operations that are spoken here, and what each needs.

use headwater_model::limits;
use headwater_model::op::Action;

/// An operation of the vendors, named as in their documentation (S3's name where both have one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each variant is the vendors' operation of its name
pub enum Operation {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    /// OSS.
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
    GetPublicAccessBlock,
    PutPublicAccessBlock,
    DeletePublicAccessBlock,
    /// OSS: `/?publicAccessBlock`.
    GetAccountPublicAccessBlock,
    PutAccountPublicAccessBlock,
    DeleteAccountPublicAccessBlock,
    /// S3.
    GetOwnershipControls,
    PutOwnershipControls,
    DeleteOwnershipControls,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    DeleteObjects,
    ListMultipartUploads,
    /// The root of a website domain; the vendors have no name for it.
    GetHomePage,
    HeadHomePage,
    GetObject,
    HeadObject,
    /// OSS: `GET` or `HEAD` with `?objectMeta`.
    GetObjectMeta,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    /// S3.
    GetObjectAttributes,
    PutObjectTagging,
    DeleteObjectTagging,
    GetBucketStat,
    GetBucketRequestPayment,
    PutBucketRequestPayment,
    /// OSS.
    GetBucketReferer,
    PutBucketReferer,
    DeleteBucketReferer,
    GetBucketLogging,
    PutBucketLogging,
    /// OSS.
    DeleteBucketLogging,
    /// OSS: `UserDefinedLogFieldsConfig`.
    GetLogFields,
    PutLogFields,
    DeleteLogFields,
    GetBucketVersioning,
    PutBucketVersioning,
    GetObjectLockConfiguration,
    PutObjectLockConfiguration,
    /// OSS: the retention policy of a bucket.
    GetBucketWorm,
    InitiateBucketWorm,
    AbortBucketWorm,
    CompleteBucketWorm,
    ExtendBucketWorm,
    GetObjectRetention,
    PutObjectRetention,
    GetObjectLegalHold,
    PutObjectLegalHold,
    RestoreObject,
    GetBucketNotification,
    GetBucketAccelerate,
    ListLiveChannels,
    GetBucketCors,
    PutBucketCors,
    DeleteBucketCors,
    /// `OPTIONS`: a browser asks whether a page of another site may ask.
    Preflight,
    GetBucketEncryption,
    PutBucketEncryption,
    DeleteBucketEncryption,
    GetBucketLifecycle,
    PutBucketLifecycle,
    DeleteBucketLifecycle,
    GetBucketTagging,
    PutBucketTagging,
    DeleteBucketTagging,
    PutObject,
    /// OSS.
    AppendObject,
    /// OSS.
    PutSymlink,
    /// OSS.
    GetSymlink,
    /// An object as a field of a form.
    PostObject,
    CopyObject,
    DeleteObject,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    /// A real operation of the vendor that is not offered, with the name to refuse it by. It still has an action, so
    /// that callers without rights learn nothing from the refusal.
    NotImplemented {
        what: &'static str,
        action: Action,
    },
}

/// What of the request's body is needed to decode the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyNeed {
    /// Nothing; a body that comes all the same is dropped.
    None,
    /// The whole body, a document of at most [`Operation::xml_limit_bytes`]; it may be empty.
    Xml,
    /// The body streams beside the operation.
    Stream,
    /// The body is a form, which has the operation in it: [`crate::form`].
    Form,
}

impl Operation {
    /// The name, for logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket => "CreateBucket",
            Self::HeadBucket => "HeadBucket",
            Self::GetBucketInfo => "GetBucketInfo",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::GetBucketAcl => "GetBucketAcl",
            Self::PutBucketAcl => "PutBucketAcl",
            Self::GetBucketWebsite => "GetBucketWebsite",
            Self::PutBucketWebsite => "PutBucketWebsite",
            Self::DeleteBucketWebsite => "DeleteBucketWebsite",
            Self::DeleteBucket => "DeleteBucket",
            Self::GetBucketPolicy => "GetBucketPolicy",
            Self::PutBucketPolicy => "PutBucketPolicy",
            Self::DeleteBucketPolicy => "DeleteBucketPolicy",
            Self::GetBucketPolicyStatus => "GetBucketPolicyStatus",
            Self::GetPublicAccessBlock => "GetPublicAccessBlock",
            Self::PutPublicAccessBlock => "PutPublicAccessBlock",
            Self::DeletePublicAccessBlock => "DeletePublicAccessBlock",
            Self::GetAccountPublicAccessBlock => "GetAccountPublicAccessBlock",
            Self::PutAccountPublicAccessBlock => "PutAccountPublicAccessBlock",
            Self::DeleteAccountPublicAccessBlock => "DeleteAccountPublicAccessBlock",
            Self::GetOwnershipControls => "GetBucketOwnershipControls",
            Self::PutOwnershipControls => "PutBucketOwnershipControls",
            Self::DeleteOwnershipControls => "DeleteBucketOwnershipControls",
            Self::ListObjects => "ListObjects",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::DeleteObjects => "DeleteObjects",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::GetHomePage => "GetHomePage",
            Self::HeadHomePage => "HeadHomePage",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::GetObjectMeta => "GetObjectMeta",
            Self::GetObjectAcl => "GetObjectAcl",
            Self::PutObjectAcl => "PutObjectAcl",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
            Self::GetBucketTagging => "GetBucketTagging",
            Self::GetBucketStat => "GetBucketStat",
            Self::GetBucketRequestPayment => "GetBucketRequestPayment",
            Self::PutBucketRequestPayment => "PutBucketRequestPayment",
            Self::GetBucketReferer => "GetBucketReferer",
            Self::PutBucketReferer => "PutBucketReferer",
            Self::DeleteBucketReferer => "DeleteBucketReferer",
            Self::GetBucketLogging => "GetBucketLogging",
            Self::PutBucketLogging => "PutBucketLogging",
            Self::DeleteBucketLogging => "DeleteBucketLogging",
            Self::GetLogFields => "GetUserDefinedLogFieldsConfig",
            Self::PutLogFields => "PutUserDefinedLogFieldsConfig",
            Self::DeleteLogFields => "DeleteUserDefinedLogFieldsConfig",
            Self::GetBucketVersioning => "GetBucketVersioning",
            Self::PutBucketVersioning => "PutBucketVersioning",
            Self::GetObjectLockConfiguration => "GetObjectLockConfiguration",
            Self::PutObjectLockConfiguration => "PutObjectLockConfiguration",
            Self::GetBucketWorm => "GetBucketWorm",
            Self::InitiateBucketWorm => "InitiateBucketWorm",
            Self::AbortBucketWorm => "AbortBucketWorm",
            Self::CompleteBucketWorm => "CompleteBucketWorm",
            Self::ExtendBucketWorm => "ExtendBucketWorm",
            Self::GetObjectRetention => "GetObjectRetention",
            Self::PutObjectRetention => "PutObjectRetention",
            Self::GetObjectLegalHold => "GetObjectLegalHold",
            Self::PutObjectLegalHold => "PutObjectLegalHold",
            Self::RestoreObject => "RestoreObject",
            Self::GetBucketNotification => "GetBucketNotification",
            Self::GetBucketAccelerate => "GetBucketAccelerate",
            Self::ListLiveChannels => "ListLiveChannels",
            Self::GetBucketCors => "GetBucketCors",
            Self::PutBucketCors => "PutBucketCors",
            Self::DeleteBucketCors => "DeleteBucketCors",
            Self::GetBucketEncryption => "GetBucketEncryption",
            Self::PutBucketEncryption => "PutBucketEncryption",
            Self::DeleteBucketEncryption => "DeleteBucketEncryption",
            Self::GetBucketLifecycle => "GetBucketLifecycle",
            Self::PutBucketLifecycle => "PutBucketLifecycle",
            Self::DeleteBucketLifecycle => "DeleteBucketLifecycle",
            Self::Preflight => "OptionObject",
            Self::PutBucketTagging => "PutBucketTagging",
            Self::DeleteBucketTagging => "DeleteBucketTagging",
            Self::PutObject => "PutObject",
            Self::AppendObject => "AppendObject",
            Self::PutSymlink => "PutSymlink",
            Self::GetSymlink => "GetSymlink",
            Self::PostObject => "PostObject",
            Self::CopyObject => "CopyObject",
            Self::DeleteObject => "DeleteObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::GetObjectAttributes => "GetObjectAttributes",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::ListParts => "ListParts",
            Self::NotImplemented { .. } => "NotImplemented",
        }
    }

    /// The permission it needs on its bucket. CopyObject and UploadPartCopy need
    /// [`Action::GetObject`] on their source besides, GetObjectAttributes on the object, and who writes tags with an object
    /// [`Action::PutObjectTagging`].
    pub fn action(self) -> Action {
        match self {
            Self::ListBuckets => Action::ListBuckets,
            Self::CreateBucket => Action::CreateBucket,
            Self::HeadBucket | Self::ListObjects | Self::ListObjectsV2 => Action::ListObjects,
            Self::ListObjectVersions => Action::ListObjectVersions,
            Self::GetBucketInfo => Action::GetBucketInfo,
            Self::GetBucketLocation => Action::GetBucketLocation,
            Self::GetBucketAcl => Action::GetBucketAcl,
            Self::PutBucketAcl => Action::PutBucketAcl,
            Self::GetBucketWebsite => Action::GetBucketWebsite,
            Self::PutBucketWebsite => Action::PutBucketWebsite,
            Self::DeleteBucketWebsite => Action::DeleteBucketWebsite,
            Self::DeleteBucket => Action::DeleteBucket,
            Self::GetBucketPolicy => Action::GetBucketPolicy,
            Self::PutBucketPolicy => Action::PutBucketPolicy,
            Self::DeleteBucketPolicy => Action::DeleteBucketPolicy,
            Self::GetBucketPolicyStatus => Action::GetBucketPolicyStatus,
            Self::GetPublicAccessBlock => Action::GetBucketPublicAccessBlock,
            Self::PutPublicAccessBlock => Action::PutBucketPublicAccessBlock,
            Self::DeletePublicAccessBlock => Action::DeleteBucketPublicAccessBlock,
            Self::GetAccountPublicAccessBlock => Action::GetAccountPublicAccessBlock,
            Self::PutAccountPublicAccessBlock => Action::PutAccountPublicAccessBlock,
            Self::DeleteAccountPublicAccessBlock => Action::DeleteAccountPublicAccessBlock,
            Self::GetOwnershipControls => Action::GetBucketOwnershipControls,
            Self::PutOwnershipControls | Self::DeleteOwnershipControls => Action::PutBucketOwnershipControls,
            Self::ListMultipartUploads => Action::ListMultipartUploads,
            Self::GetHomePage
            | Self::HeadHomePage
            | Self::GetObject
            | Self::HeadObject
            | Self::GetObjectMeta
            | Self::Preflight
            | Self::GetSymlink => Action::GetObject,
            Self::GetObjectAttributes => Action::GetObjectAttributes,
            Self::GetObjectAcl => Action::GetObjectAcl,
            Self::PutObjectAcl => Action::PutObjectAcl,
            Self::GetObjectTagging => Action::GetObjectTagging,
            Self::PutObjectTagging => Action::PutObjectTagging,
            Self::DeleteObjectTagging => Action::DeleteObjectTagging,
            Self::GetBucketTagging => Action::GetBucketTagging,
            Self::GetBucketStat => Action::GetBucketStat,
            Self::GetBucketRequestPayment => Action::GetBucketRequestPayment,
            Self::PutBucketRequestPayment => Action::PutBucketRequestPayment,
            Self::GetBucketReferer => Action::GetBucketReferer,
            Self::PutBucketReferer | Self::DeleteBucketReferer => Action::PutBucketReferer,
            Self::GetBucketLogging => Action::GetBucketLogging,
            Self::PutBucketLogging => Action::PutBucketLogging,
            Self::DeleteBucketLogging => Action::DeleteBucketLogging,
            Self::GetLogFields => Action::GetLogFields,
            Self::PutLogFields => Action::PutLogFields,
            Self::DeleteLogFields => Action::DeleteLogFields,
            Self::GetBucketVersioning => Action::GetBucketVersioning,
            Self::PutBucketVersioning => Action::PutBucketVersioning,
            Self::GetObjectLockConfiguration => Action::GetBucketObjectLockConfiguration,
            Self::PutObjectLockConfiguration => Action::PutBucketObjectLockConfiguration,
            Self::GetBucketWorm => Action::GetBucketWorm,
            Self::InitiateBucketWorm => Action::InitiateBucketWorm,
            Self::AbortBucketWorm => Action::AbortBucketWorm,
            Self::CompleteBucketWorm => Action::CompleteBucketWorm,
            Self::ExtendBucketWorm => Action::ExtendBucketWorm,
            Self::GetObjectRetention => Action::GetObjectRetention,
            Self::PutObjectRetention => Action::PutObjectRetention,
            Self::GetObjectLegalHold => Action::GetObjectLegalHold,
            Self::PutObjectLegalHold => Action::PutObjectLegalHold,
            Self::RestoreObject => Action::RestoreObject,
            Self::GetBucketNotification => Action::GetBucketNotification,
            Self::GetBucketAccelerate => Action::GetBucketAccelerate,
            Self::ListLiveChannels => Action::ListLiveChannels,
            Self::GetBucketCors => Action::GetBucketCors,
            Self::PutBucketCors => Action::PutBucketCors,
            Self::DeleteBucketCors => Action::DeleteBucketCors,
            Self::GetBucketEncryption => Action::GetBucketEncryption,
            Self::PutBucketEncryption => Action::PutBucketEncryption,
            Self::DeleteBucketEncryption => Action::DeleteBucketEncryption,
            Self::GetBucketLifecycle => Action::GetBucketLifecycle,
            Self::PutBucketLifecycle => Action::PutBucketLifecycle,
            Self::DeleteBucketLifecycle => Action::DeleteBucketLifecycle,
            Self::PutBucketTagging => Action::PutBucketTagging,
            Self::DeleteBucketTagging => Action::DeleteBucketTagging,
            Self::PutObject
            | Self::PostObject
            | Self::AppendObject
            | Self::PutSymlink
            | Self::CopyObject
            | Self::CreateMultipartUpload
            | Self::UploadPart
            | Self::UploadPartCopy
            | Self::CompleteMultipartUpload => Action::PutObject,
            Self::DeleteObject | Self::DeleteObjects => Action::DeleteObject,
            Self::AbortMultipartUpload => Action::AbortMultipartUpload,
            Self::ListParts => Action::ListParts,
            Self::NotImplemented { action, .. } => action,
        }
    }

    /// Whether rights are asked for key by key instead of once for the request: a deletion of many keys, and a home page,
    /// whose key only the website document knows.
    pub(crate) fn is_judged_by_key(self) -> bool {
        matches!(self, Self::DeleteObjects | Self::GetHomePage | Self::HeadHomePage)
    }

    /// Most bytes of its body, if that is [`BodyNeed::Xml`].
    pub fn xml_limit_bytes(self) -> usize {
        match self {
            Self::CompleteMultipartUpload => limits::MAX_COMPLETION_BYTES,
            Self::PutBucketCors => limits::MAX_CORS_BYTES,
            Self::PutBucketLifecycle => limits::MAX_LIFECYCLE_BYTES,
            Self::PutBucketReferer
            | Self::PutBucketLogging
            | Self::PutLogFields
            | Self::PutBucketEncryption
            | Self::InitiateBucketWorm
            | Self::ExtendBucketWorm
            | Self::RestoreObject => limits::MAX_SETTING_BYTES,
            _ => limits::MAX_XML_BYTES,
        }
    }

    /// What of the body it needs.
    pub fn body_need(self) -> BodyNeed {
        match self {
            Self::CreateBucket
            | Self::PutBucketAcl
            | Self::PutBucketPolicy
            | Self::PutPublicAccessBlock
            | Self::PutAccountPublicAccessBlock
            | Self::PutOwnershipControls
            | Self::PutObjectAcl
            | Self::PutBucketWebsite
            | Self::PutObjectTagging
            | Self::PutBucketTagging
            | Self::PutBucketCors
            | Self::PutBucketEncryption
            | Self::PutBucketLifecycle
            | Self::PutBucketReferer
            | Self::PutBucketLogging
            | Self::PutLogFields
            | Self::PutBucketRequestPayment
            | Self::PutBucketVersioning
            | Self::PutObjectLockConfiguration
            | Self::PutObjectRetention
            | Self::PutObjectLegalHold
            | Self::RestoreObject
            | Self::InitiateBucketWorm
            | Self::ExtendBucketWorm
            | Self::DeleteObjects
            | Self::CompleteMultipartUpload => BodyNeed::Xml,
            Self::PutObject | Self::AppendObject | Self::UploadPart => BodyNeed::Stream,
            Self::PostObject => BodyNeed::Form,
            _ => BodyNeed::None,
        }
    }
}
