//! Multipart uploads.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::digest::{Checksum, ChecksumAlgorithm, ChecksumType, ETag};
use crate::name::ObjectKey;
use crate::reply::Owner;
use crate::{Error, Result};

/// Identifies an upload; printed as 32 upper-case hex digits. UUID v7, so ids ascend with time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UploadId(pub [u8; 16]);

impl UploadId {
    /// Reads the printed form, in either letter case.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        valid.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(|id| Self(id.to_be_bytes()))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032X}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One part as the client lists it on completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedPart {
    /// 1 to [`crate::limits::MAX_PART_NUMBER`].
    pub number: u16,
    /// ETag that its upload answered.
    pub etag: ETag,
    /// Additional checksum that its upload answered, if the client repeats it.
    pub checksum: Option<Checksum>,
}

/// How far an upload has come whose parts must come in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOrder {
    /// Number of the last part; 0 before the first.
    pub last: u16,
    /// State of the MD5 of all parts until then, in the store's own form; empty before the first, and
    /// always where it is not kept, as of an encrypted upload.
    pub md5_state: Box<[u8]>,
}

impl PartOrder {
    /// Whether a part may come next.
    ///
    /// # Errors
    /// [`Error::PartAlreadyExists`], [`Error::PartNotSequential`].
    pub fn admit(&self, number: u16) -> Result<()> {
        match number {
            number if number <= self.last => Err(Error::PartAlreadyExists { part_number: number }),
            number if number == self.last + 1 => Ok(()),
            number => Err(Error::PartNotSequential { part_number: number }),
        }
    }
}

/// One stored part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartInfo {
    /// Part number.
    pub number: u16,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Entity tag: its MD5.
    pub etag: ETag,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// Additional checksum, if its writer gave one.
    pub checksum: Option<Checksum>,
}

/// One upload in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadInfo {
    /// Key that completion will write.
    pub key: ObjectKey,
    /// The upload.
    pub id: UploadId,
    /// When it was created.
    pub initiated: Timestamp,
    /// Checksum algorithm announced on creation.
    pub checksum_algorithm: Option<ChecksumAlgorithm>,
    /// Of what the object's checksum will be one.
    pub checksum_type: ChecksumType,
    /// The account that will own the object; `None`: its bucket's owner.
    pub owner: Option<Owner>,
}

/// One page of uploads, ordered by key, then id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// Uploads.
    pub uploads: Vec<UploadInfo>,
    /// Common prefixes.
    pub common_prefixes: Vec<Box<str>>,
    /// If more follows: key and id of the last entry (the nil id when it is a common prefix).
    pub next: Option<(Box<str>, UploadId)>,
}

/// One page of an upload's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartPage {
    /// Parts in ascending number.
    pub parts: Vec<PartInfo>,
    /// If more follows: the last number of this page.
    pub next: Option<u16>,
}
