//! Digests of a whole body at hand.

use crc_fast::{CrcAlgorithm, checksum as crc};
use headwater_model::digest::{Checksum, ChecksumAlgorithm, Digests, ETag};
use headwater_model::multipart::{CompletedPart, PartInfo, PartOrder};
use headwater_model::{Error, Result};
use headwater_store::NewPart;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// Everything that a writer tells about its body.
pub(crate) fn of(bytes: &[u8], algorithm: Option<ChecksumAlgorithm>) -> Digests {
    Digests {
        size_bytes: bytes.len() as u64,
        md5: Md5::digest(bytes).into(),
        crc64: crc(CrcAlgorithm::Crc64Xz, bytes),
        checksum: algorithm.map(|algorithm| checksum(algorithm, bytes)),
    }
}

/// What is known about a part of these bytes.
pub(super) fn part(part: NewPart, bytes: &[u8]) -> PartInfo {
    let digests = of(bytes, None);
    PartInfo {
        number: part.number,
        size_bytes: digests.size_bytes,
        etag: ETag::of_md5(digests.md5),
        last_modified: part.last_modified,
        crc64: digests.crc64,
        checksum: part.checksum,
    }
}

/// The MD5 that a completion tells of parts which came in order.
pub(super) fn in_order(order: &PartOrder, listed: &[CompletedPart], body: &[u8]) -> Result<Option<[u8; 16]>> {
    if let Some((_, part)) = (1..).zip(listed).find(|(turn, part)| part.number != *turn) {
        return Err(Error::PartNotSequential { part_number: part.number });
    }
    let (all, kept) = (listed.len() == usize::from(order.last), !order.md5_state.is_empty());
    Ok((all && kept).then(|| Md5::digest(body).into()))
}

fn checksum(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Checksum {
    let value = match algorithm {
        ChecksumAlgorithm::Crc32 => (crc(CrcAlgorithm::Crc32IsoHdlc, bytes) as u32).to_be_bytes().to_vec(),
        ChecksumAlgorithm::Crc32c => (crc(CrcAlgorithm::Crc32Iscsi, bytes) as u32).to_be_bytes().to_vec(),
        ChecksumAlgorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme, bytes).to_be_bytes().to_vec(),
        ChecksumAlgorithm::Sha1 => Sha1::digest(bytes).to_vec(),
        ChecksumAlgorithm::Sha256 => Sha256::digest(bytes).to_vec(),
    };
    Checksum { algorithm, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogues: each algorithm over the ASCII digits 1 to 9.
    #[test]
    fn digests_are_the_published_ones() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let expected = [
            "cbf43926",
            "e3069283",
            "ae8b14860a799888",
            "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
        ];
        for (algorithm, expected) in ChecksumAlgorithm::ALL.into_iter().zip(expected) {
            let checksum = of(b"123456789", Some(algorithm)).checksum.expect("asked for");
            assert_eq!(hex(&checksum.value), expected, "{algorithm:?}");
            assert_eq!(checksum.value.len(), algorithm.size_bytes());
        }
        let digests = of(b"123456789", None);
        assert_eq!(digests.crc64, 0x995D_C9BB_DF19_39FA);
        assert_eq!(hex(&digests.md5), "25f9e794323b453885f5181f1b624d0b");
    }
}
