//! Values: a version byte, then the row in postcard. Decoding names the row in its errors.

use bytes::Bytes;
use headwater_model::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::{RowKind, describe};
use super::{
    AccessTokenRow, AccountRow, BucketRow, CounterRow, GoneCountRow, GoneRow, ObjectRow, OrderRow, OriginRow,
    OriginUsageRow, PartRow, PublicAccessRow, SegmentRow, UploadKeyRow, UploadRow, VersionRow,
};

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The value has a version that this release does not know.
    #[error(
        "{row} has version {found}, but this release knows versions up to {known}: \
         the data was written by a newer release, run that release or a later one"
    )]
    Newer {
        /// Kind and identity of the row.
        row: String,
        /// Version found.
        found: u8,
        /// Newest version known here.
        known: u8,
    },
    /// The value is not of its version's shape.
    #[error("{row} is damaged: {detail}")]
    Value {
        /// Kind and identity of the row.
        row: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The key is not of its kind's shape.
    #[error("{row} is not a valid key")]
    Key {
        /// The key, as well as it can be told.
        row: String,
    },
}

impl From<RowError> for Error {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Newer { .. } => Self::internal("read an index row", error),
            RowError::Value { .. } | RowError::Key { .. } => Self::Damaged { detail: error.to_string().into() },
        }
    }
}

/// The value of a row.
pub trait RowValue: Serialize + DeserializeOwned {
    /// Which kind of row holds it.
    const KIND: RowKind;
    /// The version that is written.
    const VERSION: u8;

    /// Reads the value of an older version, without its version byte; `None` if there never was such a version.
    ///
    /// # Errors
    /// What postcard says about a value that is not of that version's shape.
    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        let _ = (version, payload);
        None
    }

    /// The value as stored.
    fn encode(&self) -> Bytes {
        postcard::to_extend(self, vec![Self::VERSION])
            .expect("rows are plain data of known length: serialising them into memory cannot fail")
            .into()
    }

    /// Reads the value stored under `key`; the key only serves the error's text.
    ///
    /// # Errors
    /// [`RowError::Newer`] for an unknown version, [`RowError::Value`] for anything malformed, including bytes after
    /// the row's end.
    fn decode(key: &[u8], value: &[u8]) -> Result<Self, RowError> {
        let damaged = |detail: String| RowError::Value { row: describe(key), detail };
        let Some((&version, payload)) = value.split_first() else {
            return Err(damaged("no version byte".into()));
        };
        if version == Self::VERSION {
            return match postcard::take_from_bytes(payload) {
                Ok((row, [])) => Ok(row),
                Ok((_, rest)) => Err(damaged(format!("{} bytes after its end", rest.len()))),
                Err(error) => Err(damaged(error.to_string())),
            };
        }
        if version > Self::VERSION {
            return Err(RowError::Newer { row: describe(key), found: version, known: Self::VERSION });
        }
        Self::migrate(version, payload)
            .ok_or_else(|| damaged(format!("there is no version {version}")))?
            .map_err(|error| damaged(error.to_string()))
    }
}

/// Whether a row of any kind can be read: the doctor's question.
///
/// # Errors
/// The one that reading the row would give; [`RowError::Key`] for a tag that no kind has.
pub fn verify(key: &[u8], value: &[u8]) -> Result<(), RowError> {
    let kind = key.first().and_then(|tag| RowKind::of_tag(*tag)).ok_or_else(|| RowError::Key { row: describe(key) })?;
    match kind {
        RowKind::Account => AccountRow::parse_key(key).and_then(|_| AccountRow::decode(key, value).map(drop)),
        RowKind::Bucket => BucketRow::parse_key(key).and_then(|_| BucketRow::decode(key, value).map(drop)),
        RowKind::Counter => CounterRow::parse_key(key).and_then(|_| CounterRow::decode(key, value).map(drop)),
        RowKind::Gone => GoneRow::parse_key(key).and_then(|_| GoneRow::decode(key, value).map(drop)),
        RowKind::GoneCount => GoneCountRow::parse_key(key).and_then(|_| GoneCountRow::decode(key, value).map(drop)),
        RowKind::PublicAccess => {
            PublicAccessRow::parse_key(key).and_then(|()| PublicAccessRow::decode(key, value).map(drop))
        }
        RowKind::AccessToken => {
            AccessTokenRow::parse_key(key).and_then(|_| AccessTokenRow::decode(key, value).map(drop))
        }
        RowKind::UploadKey => UploadKeyRow::parse_key(key).and_then(|_| UploadKeyRow::decode(key, value).map(drop)),
        RowKind::Object => ObjectRow::parse_key(key).and_then(|_| ObjectRow::decode(key, value).map(drop)),
        RowKind::Part => PartRow::parse_key(key).and_then(|_| PartRow::decode(key, value).map(drop)),
        RowKind::Order => OrderRow::parse_key(key).and_then(|_| OrderRow::decode(key, value).map(drop)),
        RowKind::Origin => OriginRow::parse_key(key).and_then(|_| OriginRow::decode(key, value).map(drop)),
        RowKind::Segment => SegmentRow::parse_key(key).and_then(|_| SegmentRow::decode(key, value).map(drop)),
        RowKind::OriginUsage => {
            OriginUsageRow::parse_key(key).and_then(|_| OriginUsageRow::decode(key, value).map(drop))
        }
        RowKind::Upload => UploadRow::parse_key(key).and_then(|_| UploadRow::decode(key, value).map(drop)),
        RowKind::Version => VersionRow::parse_key(key).and_then(|_| VersionRow::decode(key, value).map(drop)),
    }
}
