//! The words for errors about versions and object locks: both vendors' are nearly the same.

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
        VersionError::NoWorm { .. } => {
            row(S::NOT_FOUND, "NoSuchWORMConfiguration", "The WORM Configuration does not exist.")
        }
        VersionError::WormLocked { .. } => {
            row(S::FORBIDDEN, "WORMConfigurationLocked", "The WORM Configuration is locked.")
        }
        VersionError::InvalidWorm { message } => row(S::BAD_REQUEST, "InvalidWORMConfiguration", message.to_string()),
        VersionError::InvalidRetentionPeriod { message } => {
            row(S::BAD_REQUEST, "InvalidRetentionPeriod", message.to_string())
        }
    }
}
