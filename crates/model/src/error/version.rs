//! What goes wrong with versions of objects, and with what keeps them from being removed.

use crate::clock::Timestamp;

/// Why an operation on versions, locks or retention was not performed. Ids are texts as clients see them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The object is deleted: its latest version is a delete marker. To whoever does not care, there is no such key.
    #[error("no such key: {key}: its latest version is the delete marker {marker}")]
    Deleted {
        /// The key.
        key: Box<str>,
        /// Id of the marker.
        marker: Box<str>,
    },
    /// The version asked for is a delete marker, which has neither content nor properties.
    #[error("version {version} is a delete marker")]
    IsMarker {
        /// Id of the marker.
        version: Box<str>,
        /// When it was made.
        last_modified: Timestamp,
    },
    /// The bucket is in a state in which this cannot be done.
    #[error("{message}")]
    InvalidBucketState {
        /// What would have to be otherwise.
        message: Box<str>,
    },
    /// The bucket has no lock configuration.
    #[error("bucket {bucket} has no object lock configuration")]
    NoLockConfiguration {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The version was never retained or held.
    #[error("no lock on {key}")]
    NoLock {
        /// The key.
        key: Box<str>,
    },
    /// The bucket has no retention policy, or none of that id.
    #[error("bucket {bucket} has no such retention policy")]
    NoWorm {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The retention policy is locked, so it stays.
    #[error("the retention policy of bucket {bucket} is locked")]
    WormLocked {
        /// The bucket.
        bucket: Box<str>,
    },
    /// A retention policy that cannot be, or not now.
    #[error("{message}")]
    InvalidWorm {
        /// What would be right.
        message: Box<str>,
    },
    /// A default retention of no time, or of too much.
    #[error("{message}")]
    InvalidRetentionPeriod {
        /// What would be right.
        message: Box<str>,
    },
}
