//! The words for errors about versions, object locks and OSS's retention policies: both vendors' are nearly the same.

use headwater_model::bucket::Dialect;
use headwater_model::error::VersionError;
use http::StatusCode as S;

use super::{Fault, row};

pub(super) fn fault(dialect: Dialect, error: &VersionError) -> Fault {
    let s3 = dialect == Dialect::S3;
    match error {
        VersionError::Deleted { .. } => Fault {
            ec: (!s3).then_some("0026-00000001"),
            ..row(S::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
        },
        VersionError::IsMarker { .. } => {
            row(S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        }
        VersionError::InvalidBucketState { message } => row(S::CONFLICT, "InvalidBucketState", message.to_string()),
        VersionError::NoLockConfiguration { .. } if s3 => row(
            S::NOT_FOUND,
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        ),
        VersionError::NoLockConfiguration { .. } => {
            row(S::NOT_FOUND, "NoSuchObjectWormConfiguration", "The bucket does not have an ObjectWorm configuration.")
        }
        VersionError::NoLock { .. } if s3 => row(
            S::NOT_FOUND,
            "NoSuchObjectLockConfiguration",
            "The specified object does not have a ObjectLock configuration",
        ),
        VersionError::NoLock { .. } => row(
            S::NOT_FOUND,
            "NoSuchObjectWormConfiguration",
            "The specified object does not have an ObjectWorm configuration.",
        ),
        VersionError::InvalidRetentionPeriod { message } => {
            row(S::BAD_REQUEST, "InvalidRetentionPeriod", message.to_string())
        }
        VersionError::NoRetentionPolicy { .. } => {
            row(S::NOT_FOUND, "NoSuchWORMConfiguration", "The WORM Configuration does not exist.")
        }
        VersionError::RetentionPolicyLocked { .. } => {
            row(S::CONFLICT, "WORMConfigurationLocked", "The WORM Configuration is locked.")
        }
        VersionError::InvalidRetentionPolicy { message } => {
            row(S::CONFLICT, "InvalidWORMConfiguration", message.to_string())
        }
        VersionError::Immutable { .. } if s3 => {
            row(S::FORBIDDEN, "AccessDenied", "Access Denied because object protected by object lock.")
        }
        VersionError::Immutable { .. } => row(S::CONFLICT, "FileImmutable", "The object you specified is immutable."),
    }
}
