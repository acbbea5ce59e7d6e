//! Where a bucket's requests are written down, as objects.

use serde::{Deserialize, Serialize};

use crate::bucket::Dialect;
use crate::name::BucketName;

/// `LoggingEnabled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketLogging {
    /// In whose lines and by whose names: the face on which logging was enabled.
    pub dialect: Dialect,
    /// The bucket that gets the objects; of the same owner.
    pub target: BucketName,
    /// What their keys begin with.
    pub prefix: Box<str>,
    /// S3 `TargetObjectKeyFormat`; `None` was never said and means [`LogKeyFormat::Simple`].
    pub key_format: Option<LogKeyFormat>,
}

/// How the keys of S3's log objects are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogKeyFormat {
    /// `PREFIX` and the time of delivery.
    Simple,
    /// Directories of owner, region, bucket and day: that of the requests.
    ByEventTime,
    /// As before: that of the delivery.
    ByDeliveryTime,
}

/// OSS `UserDefinedLogFieldsConfiguration`: what else of each request is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFields {
    /// Header fields, by name.
    pub headers: Vec<Box<str>>,
    /// Parameters of the query, by name.
    pub parameters: Vec<Box<str>>,
}
