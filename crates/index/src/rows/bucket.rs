//! A bucket: the settings of one name. Key: tag, name.

use std::sync::Arc;

use headwater_model::BucketName;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::settings::MigrationSettings;
use headwater_model::website::Website;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::former::{FourthBucket, SecondBucket, ThirdBucket};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// A bucket and the log entry that made it what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// The bucket with all its settings.
    pub bucket: Bucket,
}

impl RowValue for BucketRow {
    const KIND: RowKind = RowKind::Bucket;
    /// 2: migration settings. 3: configuration, whose it is, grants, policy. 4: versioning, object lock, lifecycle
    /// rules, hotlink protection, logging. 5: retention policy, encryption.
    const VERSION: u8 = 5;

    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        match version {
            1 => Some(postcard::from_bytes::<First>(payload).map(Self::from)),
            2 => Some(postcard::from_bytes::<Second>(payload).map(Self::from)),
            3 => Some(postcard::from_bytes::<Third>(payload).map(Self::from)),
            4 => Some(postcard::from_bytes::<Fourth>(payload).map(Self::from)),
            _ => None,
        }
    }
}

/// Version 4.
#[derive(Deserialize)]
struct Fourth {
    sequence: u64,
    bucket: FourthBucket,
}

impl From<Fourth> for BucketRow {
    fn from(fourth: Fourth) -> Self {
        Self { sequence: fourth.sequence, bucket: fourth.bucket.into() }
    }
}

/// Version 3.
#[derive(Deserialize)]
struct Third {
    sequence: u64,
    bucket: ThirdBucket,
}

impl From<Third> for BucketRow {
    fn from(third: Third) -> Self {
        Self { sequence: third.sequence, bucket: third.bucket.into() }
    }
}

/// Version 2.
#[derive(Deserialize)]
struct Second {
    sequence: u64,
    bucket: SecondBucket,
}

impl From<Second> for BucketRow {
    fn from(second: Second) -> Self {
        Self { sequence: second.sequence, bucket: second.bucket.into() }
    }
}

/// Version 1.
#[derive(Deserialize)]
struct First {
    sequence: u64,
    name: BucketName,
    generation: Generation,
    created: Timestamp,
    acl: CannedAcl,
    dialect: Dialect,
    location: Box<str>,
    storage_class: Box<str>,
    rule_version: u64,
    website: Option<Arc<Website>>,
}

impl From<First> for BucketRow {
    fn from(first: First) -> Self {
        let First { sequence, name, generation, created, acl, dialect, location, storage_class, rule_version, website } =
            first;
        let bucket = SecondBucket {
            name,
            generation,
            created,
            acl,
            dialect,
            location,
            storage_class,
            rule_version,
            migration: MigrationSettings::default(),
            website,
        };
        Self { sequence, bucket: bucket.into() }
    }
}

impl BucketRow {
    /// Key of the bucket called `name`.
    pub fn key(name: &BucketName) -> Vec<u8> {
        KeyWriter::new(Self::KIND).last_text(name.as_str()).finish()
    }

    /// All buckets, by name.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no bucket's.
    pub fn parse_key(key: &[u8]) -> Result<BucketName, RowError> {
        let reader = KeyReader::new(Self::KIND, key)?;
        let error = reader.error();
        BucketName::parse(reader.last_text()?).map_err(|_| error)
    }
}
