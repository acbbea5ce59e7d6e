//! The readable end of a blob: what the payload is, for a rebuild without an index and for people with `tail`.
//!
//! JSON, because it is read by eye and by other tools on a bad day; binary values are hex, CRC-64 is the decimal text of
//! `x-oss-hash-crc64ecma` (JSON numbers lose bits beyond 2^53).

use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, Digests, ETag};
use headwater_model::encryption::Encryption;
use headwater_model::multipart::UploadId;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_model::{BucketName, Error, ObjectKey, Result};
use serde::{Deserialize, Serialize};

use super::layout::{MAX_FOOTER_BYTES, damaged};
use super::path::BlobId;
use crate::contract::{BucketRef, NewObject, NewPart};
use crate::local::cipher::Salt;

/// Version of the footer's fields. Fields may be added under the same version; readers ignore what they do not know.
const FORMAT_VERSION: u32 = 1;

/// What is known when a blob is begun: for whom it is.
#[derive(Clone, Debug)]
pub(crate) struct FooterDraft {
    /// Bucket and its generation.
    pub(crate) bucket: BucketRef,
    /// Key.
    pub(crate) key: ObjectKey,
}

/// What is known when a blob is made durable: what it is.
#[derive(Clone, Debug)]
pub(crate) struct FooterNote {
    /// Object or part, with the metadata that its row will have.
    pub(crate) role: Role,
    /// The log's last sequence number before this blob's row: a rebuild ignores the blob if a later delete is known.
    pub(crate) born_after_sequence: u64,
}

/// The footer of a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footer {
    /// Version of these fields.
    pub(crate) format_version: u32,
    /// The blob itself: a file that took another's place is found out.
    #[serde(with = "blob_text")]
    pub(crate) blob: BlobId,
    /// Bucket.
    pub(crate) bucket: BucketName,
    /// Which life of the bucket.
    pub(crate) generation: Generation,
    /// Key.
    pub(crate) key: ObjectKey,
    /// Length of the payload in bytes.
    pub(crate) length_bytes: u64,
    /// MD5 of the payload; of an encrypted one zeros.
    #[serde(with = "hex::serde")]
    pub(crate) md5: [u8; 16],
    /// CRC-64/XZ of the payload.
    #[serde(with = "decimal")]
    pub(crate) crc64: u64,
    /// What the key of the payload is derived with, if it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "salt_text")]
    pub(crate) salt: Option<Salt>,
    /// See [`FooterNote::born_after_sequence`].
    pub(crate) born_after_sequence: u64,
    /// What the payload is.
    pub(crate) role: Role,
}

/// What a payload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// The whole body of an object.
    Object(Box<ObjectNote>),
    /// One part of a multipart upload; after completion one extent of the object, whose metadata is in the log.
    Part(PartNote),
}

/// Metadata of an object, as in its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectNote {
    /// Entity tag.
    pub(crate) etag: ETag,
    /// `Last-Modified`, in milliseconds since 1970.
    pub(crate) last_modified: Timestamp,
    /// How the body came together.
    pub(crate) kind: ObjectKind,
    /// Who wrote it.
    pub(crate) provenance: Provenance,
    /// What the writer chose.
    pub(crate) headers: ObjectHeaders,
    /// Additional checksum.
    pub(crate) checksum: Option<ChecksumNote>,
    /// How it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<Box<Encryption>>,
}

/// Metadata of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartNote {
    /// Upload.
    #[serde(with = "upload_text")]
    pub(crate) upload: UploadId,
    /// Part number.
    pub(crate) number: u16,
    /// When it was stored, in milliseconds since 1970.
    pub(crate) last_modified: Timestamp,
    /// Additional checksum.
    pub(crate) checksum: Option<ChecksumNote>,
}

/// A [`Checksum`] in readable form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChecksumNote {
    /// Which algorithm.
    pub(crate) algorithm: ChecksumAlgorithm,
    /// The raw digest.
    #[serde(with = "hex::serde")]
    pub(crate) value: Vec<u8>,
}

impl Footer {
    /// The footer of a payload with these digests.
    pub(super) fn new(
        blob: BlobId,
        draft: FooterDraft,
        note: FooterNote,
        (digests, salt): (&Digests, Option<Salt>),
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            blob,
            bucket: draft.bucket.name,
            generation: draft.bucket.generation,
            key: draft.key,
            length_bytes: digests.size_bytes,
            md5: digests.md5,
            crc64: digests.crc64,
            salt,
            born_after_sequence: note.born_after_sequence,
            role: note.role,
        }
    }

    /// The footer's bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|error| Error::internal("encoding a blob footer", error))?;
        if json.len() > MAX_FOOTER_BYTES as usize {
            return Err(Error::internal("encoding a blob footer", "metadata is beyond every limit"));
        }
        Ok(json)
    }

    /// Reads a footer of a payload of `payload_bytes`.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is none, is of an unknown version, or speaks of another length.
    pub(super) fn decode(json: &[u8], payload_bytes: u64) -> Result<Self> {
        let footer: Self = serde_json::from_slice(json).map_err(|error| damaged(format!("blob footer: {error}")))?;
        if footer.format_version != FORMAT_VERSION {
            return Err(damaged(format!("blob footer has unknown version {}", footer.format_version)));
        }
        if footer.length_bytes != payload_bytes {
            return Err(damaged(format!("footer says {} bytes, file has {payload_bytes}", footer.length_bytes)));
        }
        Ok(footer)
    }

    /// The digests of the payload, without an additional checksum.
    pub(super) fn digests(&self) -> Digests {
        Digests { size_bytes: self.length_bytes, md5: self.md5, crc64: self.crc64, checksum: None }
    }
}

impl From<&NewObject> for Role {
    fn from(object: &NewObject) -> Self {
        Self::Object(Box::new(ObjectNote {
            etag: object.etag.clone(),
            last_modified: object.last_modified,
            kind: object.kind,
            provenance: object.provenance,
            headers: object.headers.clone(),
            checksum: object.checksum.clone().map(ChecksumNote::from),
            encryption: object.composition.encryption.clone(),
        }))
    }
}

impl From<&NewPart> for Role {
    fn from(part: &NewPart) -> Self {
        Self::Part(PartNote {
            upload: part.upload,
            number: part.number,
            last_modified: part.last_modified,
            checksum: part.checksum.clone().map(ChecksumNote::from),
        })
    }
}

impl From<Checksum> for ChecksumNote {
    fn from(checksum: Checksum) -> Self {
        Self { algorithm: checksum.algorithm, value: checksum.value }
    }
}

impl From<ChecksumNote> for Checksum {
    fn from(note: ChecksumNote) -> Self {
        Self { algorithm: note.algorithm, value: note.value }
    }
}

/// A number as decimal text.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A salt as hex.
mod salt_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Salt;

    #[allow(clippy::ref_option)] // serde's signature
    pub(super) fn serialize<S: Serializer>(salt: &Option<Salt>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&salt.map(hex::encode).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Salt>, D::Error> {
        let mut salt = Salt::default();
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut salt).map_err(de::Error::custom)?;
        Ok(Some(salt))
    }
}

/// A blob's id in its printed form.
mod blob_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::BlobId;

    pub(super) fn serialize<S: Serializer>(id: &BlobId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BlobId, D::Error> {
        BlobId::parse(&String::deserialize(deserializer)?).ok_or_else(|| de::Error::custom("not a blob's id"))
    }
}

/// An upload id in its printed form.
mod upload_text {
    use headwater_model::multipart::UploadId;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(id: &UploadId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UploadId, D::Error> {
        UploadId::parse(&String::deserialize(deserializer)?).ok_or_else(|| de::Error::custom("not an upload id"))
    }
}
