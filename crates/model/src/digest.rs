//! Digests of bodies: the ETag, the CRC-64 of OSS, and the additional checksums of S3.

mod etag;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

pub use etag::ETag;

/// The algorithms of S3's additional checksums (`x-amz-checksum-*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    /// CRC-32 (ISO-HDLC), 4 bytes.
    Crc32,
    /// CRC-32C (iSCSI), 4 bytes.
    Crc32c,
    /// CRC-64/NVME, 8 bytes.
    Crc64Nvme,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

impl ChecksumAlgorithm {
    /// Every algorithm, in the order of S3's documentation.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// Length of a value in bytes.
    pub fn size_bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The name in headers and XML of S3: `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}

/// Of what a multipart object's additional checksum is one (`x-amz-checksum-type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumType {
    /// Of all its bytes.
    #[default]
    FullObject,
    /// Of the checksums of its parts.
    Composite,
}

impl ChecksumType {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type that S3 takes for an upload that names none.
    pub fn default_of(algorithm: ChecksumAlgorithm) -> Self {
        match algorithm {
            ChecksumAlgorithm::Crc64Nvme => Self::FullObject,
            _ => Self::Composite,
        }
    }
}

/// One checksum with its algorithm; the value is raw bytes of the algorithm's length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// Which algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// The raw digest.
    pub value: Vec<u8>,
}

/// A checksum that is known only when the body has ended (`x-amz-trailer`): filled by whoever decodes the body, read by
/// whoever compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailingChecksum(Arc<OnceLock<Checksum>>);

impl TrailingChecksum {
    /// Fills it.
    ///
    /// # Errors
    /// Gives a second checksum back: a body has one.
    pub fn set(&self, checksum: Checksum) -> Result<(), Checksum> {
        self.0.set(checksum)
    }

    /// The checksum, once the body has ended with one.
    pub fn value(&self) -> Option<&Checksum> {
        self.0.get()
    }
}

/// What the body of a write came to. Computed by the store while the bytes pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Bytes received.
    pub size_bytes: u64,
    /// MD5 of the whole body.
    pub md5: [u8; 16],
    /// CRC-64/XZ of the whole body (`x-oss-hash-crc64ecma`).
    pub crc64: u64,
    /// The additional checksum that was asked for when the write began.
    pub checksum: Option<Checksum>,
}
