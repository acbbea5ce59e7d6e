//! The index's own numbers. Key: tag, counter.

use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};

/// Which number. The discriminant is the key's last byte and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Counter {
    /// Sequence of the last log entry whose changes are in the index.
    AppliedSequence = 1,
    /// Generation that the next bucket gets.
    NextGeneration = 2,
    /// Visible objects.
    Objects = 3,
    /// Bytes of the bodies of visible objects.
    ObjectBytes = 4,
    /// Hours since 1970-01-01T00Z: no blob file of an earlier hour can be one that no row names.
    SweepFromHour = 5,
    /// Payload bytes of the blob files that rows name.
    FileBytes = 6,
    /// Versions that are not current, delete markers included.
    Versions = 7,
    /// Bytes of the bodies of versions that are not current.
    VersionBytes = 8,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 8] = [
        Self::AppliedSequence,
        Self::NextGeneration,
        Self::Objects,
        Self::ObjectBytes,
        Self::SweepFromHour,
        Self::FileBytes,
        Self::Versions,
        Self::VersionBytes,
    ];
}

/// One number; a row that does not exist counts as the number's beginning, which is its reader's to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterRow {
    /// The number.
    pub value: u64,
}

impl RowValue for CounterRow {
    const KIND: RowKind = RowKind::Counter;
    const VERSION: u8 = 1;
}

impl CounterRow {
    /// Key of a number.
    pub fn key(counter: Counter) -> Vec<u8> {
        KeyWriter::new(Self::KIND).bytes(&[counter as u8]).finish()
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no counter's.
    pub fn parse_key(key: &[u8]) -> Result<Counter, RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let [number] = reader.array()?;
        let counter =
            Counter::ALL.into_iter().find(|counter| *counter as u8 == number).ok_or_else(|| reader.error())?;
        reader.end()?;
        Ok(counter)
    }
}
