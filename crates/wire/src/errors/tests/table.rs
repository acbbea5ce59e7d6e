//! Every error once, with what each vendor calls it.

use headwater_model::clock::Timestamp;
use headwater_model::error::{MirrorFailure, MirrorFailureKind, SignatureMismatch, VersionError};
use headwater_model::version::VersionId;

use super::*;

pub(super) fn mirror(kind: MirrorFailureKind, retry_after: Option<Duration>) -> Error {
    Error::MirrorFailed(Box::new(MirrorFailure {
        kind,
        message: "Mirroring failed, please check your mirror configuration.".into(),
        retry_after,
        reason: "connect_refused",
        origin_status: Some(503),
    }))
}

pub(super) fn mismatch(string_to_sign: String) -> Error {
    Error::SignatureMismatch(Box::new(SignatureMismatch {
        access_key_id: "AK".into(),
        provided: "sig".into(),
        string_to_sign: string_to_sign.into(),
        canonical_request: Some("GET\n/".into()),
    }))
}

pub(super) fn deleted() -> VersionError {
    VersionError::Deleted { key: "k".into(), marker: "M1".into() }
}

pub(super) fn marker() -> VersionError {
    VersionError::IsMarker { version: "M1".into(), last_modified: Timestamp(0) }
}

/// Code and status.
pub(super) type Words = (&'static str, u16);

/// Every variant once, with the words of S3, then of OSS.
pub(super) fn table() -> Vec<(Error, Words, Words)> {
    let bucket = || "bkt".into();
    let key = || "k".into();
    let second = Duration::from_millis(1500);
    vec![
        (Error::NoSuchBucketPolicy { bucket: bucket() }, ("NoSuchBucketPolicy", 404), ("NoSuchBucketPolicy", 404)),
        (
            Error::NoSuchPublicAccessBlock { bucket: bucket() },
            ("NoSuchPublicAccessBlockConfiguration", 404),
            ("NoSuchPublicAccessBlockConfiguration", 404),
        ),
        (
            Error::NoSuchOwnershipControls { bucket: bucket() },
            ("OwnershipControlsNotFoundError", 404),
            ("OwnershipControlsNotFoundError", 404),
        ),
        (
            Error::AclsDisabled { bucket: bucket() },
            ("AccessControlListNotSupported", 400),
            ("AccessControlListNotSupported", 400),
        ),
        (
            Error::AclForbidsOwnership { bucket: bucket() },
            ("InvalidBucketAclWithObjectOwnership", 400),
            ("InvalidBucketAclWithObjectOwnership", 400),
        ),
        (
            Error::UnresolvableEmail { email: "a@b".into() },
            ("UnresolvableGrantByEmailAddress", 400),
            ("UnresolvableGrantByEmailAddress", 400),
        ),
        (Error::BucketAlreadyExists { bucket: bucket() }, ("BucketAlreadyExists", 409), ("BucketAlreadyExists", 409)),
        (Error::MalformedPolicy { message: "Effect".into() }, ("MalformedPolicy", 400), ("InvalidPolicyDocument", 400)),
        (Error::InvalidToken, ("InvalidToken", 400), ("InvalidSecurityToken", 403)),
        (Error::ExpiredToken, ("ExpiredToken", 400), ("SecurityTokenExpired", 403)),
        (Error::InvalidBucketName { name: bucket() }, ("InvalidBucketName", 400), ("InvalidBucketName", 400)),
        (Error::InvalidObjectName { key: key() }, ("InvalidURI", 400), ("InvalidObjectName", 400)),
        (
            Error::KeyTooLong { size_bytes: 2000, limit_bytes: 1024 },
            ("KeyTooLongError", 400),
            ("InvalidObjectName", 400),
        ),
        (Error::NoSuchBucket { bucket: bucket() }, ("NoSuchBucket", 404), ("NoSuchBucket", 404)),
        (Error::NoSuchKey { key: key(), origin_status: None }, ("NoSuchKey", 404), ("NoSuchKey", 404)),
        (Error::NoSuchVersion { key: key(), version: VersionId::Null }, ("NoSuchVersion", 404), ("NoSuchVersion", 404)),
        (Error::ObjectLocked { key: key(), version: VersionId::Null }, ("AccessDenied", 403), ("FileImmutable", 409)),
        (deleted().into(), ("NoSuchKey", 404), ("NoSuchKey", 404)),
        (marker().into(), ("MethodNotAllowed", 405), ("MethodNotAllowed", 405)),
        (
            VersionError::InvalidBucketState { message: "m".into() }.into(),
            ("InvalidBucketState", 409),
            ("InvalidBucketState", 409),
        ),
        (
            VersionError::NoLockConfiguration { bucket: bucket() }.into(),
            ("ObjectLockConfigurationNotFoundError", 404),
            ("NoSuchObjectWormConfiguration", 404),
        ),
        (
            VersionError::NoLock { key: key() }.into(),
            ("NoSuchObjectLockConfiguration", 404),
            ("NoSuchObjectWormConfiguration", 404),
        ),
        (
            VersionError::InvalidRetentionPeriod { message: "m".into() }.into(),
            ("InvalidRetentionPeriod", 400),
            ("InvalidRetentionPeriod", 400),
        ),
        (
            VersionError::NoWorm { bucket: bucket() }.into(),
            ("NoSuchWORMConfiguration", 404),
            ("NoSuchWORMConfiguration", 404),
        ),
        (
            VersionError::WormLocked { bucket: bucket() }.into(),
            ("WORMConfigurationLocked", 403),
            ("WORMConfigurationLocked", 403),
        ),
        (
            VersionError::InvalidWorm { message: "m".into() }.into(),
            ("InvalidWORMConfiguration", 400),
            ("InvalidWORMConfiguration", 400),
        ),
        (Error::NoSuchUpload { upload_id: "U".into() }, ("NoSuchUpload", 404), ("NoSuchUpload", 404)),
        (Error::AppendPosition { next: 3 }, ("PositionNotEqualToLength", 409), ("PositionNotEqualToLength", 409)),
        (Error::NotAppendable { key: key() }, ("ObjectNotAppendable", 409), ("ObjectNotAppendable", 409)),
        (Error::NotSymlink { key: key() }, ("NotSymlink", 400), ("NotSymlink", 400)),
        (
            Error::SymlinkTarget { target: key(), is_link: false },
            ("SymlinkTargetNotExist", 404),
            ("SymlinkTargetNotExist", 404),
        ),
        (Error::SymlinkTarget { target: key(), is_link: true }, ("InvalidTargetType", 400), ("InvalidTargetType", 400)),
        (
            Error::NoSuchLogFields { bucket: bucket() },
            ("NoSuchUserDefinedLogFieldsConfig", 404),
            ("NoSuchUserDefinedLogFieldsConfig", 404),
        ),
        (
            Error::InvalidLogTarget { target: bucket() },
            ("InvalidTargetBucketForLogging", 400),
            ("InvalidTargetBucketForLogging", 400),
        ),
        (Error::DeniedByReferer, ("AccessDenied", 403), ("AccessDenied", 403)),
        (Error::NoSuchLifecycle { bucket: bucket() }, ("NoSuchLifecycleConfiguration", 404), ("NoSuchLifecycle", 404)),
        (
            Error::NoSuchEncryption { bucket: bucket() },
            ("ServerSideEncryptionConfigurationNotFoundError", 404),
            ("NoSuchServerSideEncryptionRule", 404),
        ),
        (
            Error::InvalidEncryptionAlgorithm { algorithm: "AES192".into() },
            ("InvalidEncryptionAlgorithmError", 400),
            ("InvalidEncryptionAlgorithmError", 400),
        ),
        (Error::NoSuchCors { bucket: bucket() }, ("NoSuchCORSConfiguration", 404), ("NoSuchCORSConfiguration", 404)),
        (Error::CorsForbidden { enabled: false }, ("AccessForbidden", 403), ("AccessForbidden", 403)),
        (Error::CorsForbidden { enabled: true }, ("AccessForbidden", 403), ("AccessForbidden", 403)),
        (Error::NoSuchTagSet { bucket: bucket() }, ("NoSuchTagSet", 404), ("NoSuchTagSet", 404)),
        (Error::MalformedForm { message: "m".into() }, ("MalformedPOSTRequest", 400), ("MalformedPOSTRequest", 400)),
        (Error::InvalidPolicy { message: "m".into() }, ("InvalidPolicyDocument", 400), ("InvalidPolicyDocument", 400)),
        (Error::PolicyViolated { message: "m".into() }, ("AccessDenied", 403), ("AccessDenied", 403)),
        (Error::InvalidTag { message: "m".into() }, ("InvalidTag", 400), ("InvalidTag", 400)),
        (
            Error::NoSuchWebsite { bucket: bucket() },
            ("NoSuchWebsiteConfiguration", 404),
            ("NoSuchWebsiteConfiguration", 404),
        ),
        (
            Error::BucketAlreadyOwnedByYou { bucket: bucket() },
            ("BucketAlreadyOwnedByYou", 409),
            ("BucketAlreadyExists", 409),
        ),
        (Error::BucketNotEmpty { bucket: bucket() }, ("BucketNotEmpty", 409), ("BucketNotEmpty", 409)),
        (Error::TooManyTombstones { bucket: "b".into(), limit: 1 }, ("InvalidRequest", 400), ("InvalidRequest", 400)),
        (Error::TooManyBuckets { limit: 1 }, ("TooManyBuckets", 400), ("TooManyBuckets", 400)),
        (Error::AccessDenied { reason: "secret reason" }, ("AccessDenied", 403), ("AccessDenied", 403)),
        (
            Error::InvalidAccessKeyId { access_key_id: "AK".into() },
            ("InvalidAccessKeyId", 403),
            ("InvalidAccessKeyId", 403),
        ),
        (mismatch("GET\n".into()), ("SignatureDoesNotMatch", 403), ("SignatureDoesNotMatch", 403)),
        (
            Error::RequestTimeTooSkewed { request_time: Timestamp(0), server_time: Timestamp(1) },
            ("RequestTimeTooSkewed", 403),
            ("RequestTimeTooSkewed", 403),
        ),
        (
            Error::RequestExpired { expires: Timestamp(0), server_time: Timestamp(1) },
            ("AccessDenied", 403),
            ("AccessDenied", 403),
        ),
        (Error::invalid_argument("a", "v", "m"), ("InvalidArgument", 400), ("InvalidArgument", 400)),
        (Error::InvalidRequest { message: "m".into() }, ("InvalidRequest", 400), ("InvalidRequest", 400)),
        (Error::MalformedXml { message: "m".into() }, ("MalformedXML", 400), ("MalformedXML", 400)),
        (
            Error::InvalidDigest { header: "Content-MD5".into(), value: "v".into() },
            ("InvalidDigest", 400),
            ("InvalidDigest", 400),
        ),
        (
            Error::BadDigest { header: "Content-MD5".into(), announced: "a".into(), computed: "b".into() },
            ("BadDigest", 400),
            ("InvalidDigest", 400),
        ),
        (Error::IncompleteBody, ("IncompleteBody", 400), ("IncompleteBody", 400)),
        (Error::MissingContentLength, ("MissingContentLength", 411), ("MissingContentLength", 411)),
        (Error::EntityTooLarge { size_bytes: 2, limit_bytes: 1 }, ("EntityTooLarge", 400), ("EntityTooLarge", 400)),
        (
            Error::EntityTooSmall { part_number: 1, size_bytes: 1, limit_bytes: 2 },
            ("EntityTooSmall", 400),
            ("EntityTooSmall", 400),
        ),
        (
            Error::MetadataTooLarge { size_bytes: 2, limit_bytes: 1 },
            ("MetadataTooLarge", 400),
            ("InvalidArgument", 400),
        ),
        (Error::InvalidPart { part_number: 1, upload_id: "U".into() }, ("InvalidPart", 400), ("InvalidPart", 400)),
        (Error::InvalidPartOrder, ("InvalidPartOrder", 400), ("InvalidPartOrder", 400)),
        (Error::NotArchived { key: key() }, ("InvalidObjectState", 403), ("OperationNotSupported", 400)),
        (Error::PartNotSequential { part_number: 3 }, ("PartNotSequential", 400), ("PartNotSequential", 400)),
        (Error::PartAlreadyExists { part_number: 1 }, ("PartAlreadyExist", 409), ("PartAlreadyExist", 409)),
        (Error::InvalidRange { range: "bytes=9-".into(), size_bytes: 5 }, ("InvalidRange", 416), ("InvalidRange", 416)),
        (Error::PreconditionFailed { condition: "If-Match" }, ("PreconditionFailed", 412), ("PreconditionFailed", 412)),
        (Error::RulesChanged { expected: 1, current: 2 }, ("PreconditionFailed", 412), ("PreconditionFailed", 412)),
        (Error::ObjectExists { key: key() }, ("PreconditionFailed", 412), ("FileAlreadyExists", 409)),
        (
            Error::MethodNotAllowed { method: "PATCH".into(), resource: "OBJECT" },
            ("MethodNotAllowed", 405),
            ("MethodNotAllowed", 405),
        ),
        (Error::NotModified, ("NotModified", 304), ("NotModified", 304)),
        (Error::NotImplemented { what: "tagging".into() }, ("NotImplemented", 501), ("NotImplemented", 400)),
        (mirror(MirrorFailureKind::Answer, None), ("MirrorFailed", 424), ("MirrorFailed", 424)),
        (mirror(MirrorFailureKind::Unreachable, Some(second)), ("ServiceUnavailable", 503), ("MirrorFailed", 424)),
        (Error::SlowDown { limit: "fills", retry_after: second }, ("SlowDown", 503), ("SlowDown", 503)),
        (Error::StorageFull, ("InsufficientStorage", 507), ("InsufficientStorage", 507)),
        (Error::Damaged { detail: "secret path".into() }, ("InternalError", 500), ("InternalError", 500)),
        (Error::ClientGone, ("RequestTimeout", 400), ("RequestTimeout", 400)),
        (Error::internal("secret context", "secret cause"), ("InternalError", 500), ("InternalError", 500)),
    ]
}
