//! The additional checksum of a multipart object, from those of its parts: no byte is read again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm::{Crc32Iscsi, Crc32IsoHdlc, Crc64Nvme};
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType};
use headwater_model::multipart::{PartInfo, UploadInfo};
use headwater_model::op::CompleteMultipartUpload;
use headwater_model::{Error, Result};
use headwater_store::CrcCombiner;
use sha2::Digest as _;

/// The object's checksum, compared with what the client says about it. `None` if the upload announced no algorithm, or a
/// part has no checksum of it.
///
/// # Errors
/// [`Error::BadDigest`]; [`Error::InvalidRequest`] for a checksum of another algorithm or type than the upload's.
pub(super) fn of_object(
    parts: &[&PartInfo],
    upload: &UploadInfo,
    complete: &CompleteMultipartUpload,
) -> Result<Option<Checksum>> {
    let invalid = |message: String| Error::InvalidRequest { message: message.into() };
    if let (Some(said), Some(_)) = (complete.checksum_type, upload.checksum_algorithm)
        && said != upload.checksum_type
    {
        return Err(invalid(format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            upload.checksum_type.name()
        )));
    }
    let computed = upload.checksum_algorithm.and_then(|algorithm| combined(algorithm, upload.checksum_type, parts));
    let Some(said) = &complete.checksum else { return Ok(computed) };
    match computed {
        Some(computed) if computed == *said => Ok(Some(computed)),
        Some(computed) if computed.algorithm == said.algorithm => Err(Error::BadDigest {
            header: format!("x-amz-checksum-{}", said.algorithm.name().to_ascii_lowercase()).into(),
            announced: BASE64.encode(&said.value).into(),
            computed: BASE64.encode(&computed.value).into(),
        }),
        _ => Err(invalid(format!(
            "The upload has no {} checksum that the one in the request could be compared with.",
            said.algorithm.name()
        ))),
    }
}

fn combined(algorithm: ChecksumAlgorithm, kind: ChecksumType, parts: &[&PartInfo]) -> Option<Checksum> {
    let of_part = |part: &PartInfo| part.checksum.clone().filter(|checksum| checksum.algorithm == algorithm);
    let checksums = parts.iter().map(|part| of_part(part)).collect::<Option<Vec<_>>>()?;
    let value = match kind {
        ChecksumType::Composite => {
            digest(algorithm, &checksums.iter().flat_map(|checksum| &checksum.value).copied().collect::<Vec<_>>())
        }
        ChecksumType::FullObject => {
            let crc = crc_of(algorithm)?;
            let number =
                |checksum: &Checksum| checksum.value.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            let pieces = checksums.iter().map(number).zip(parts.iter().map(|part| part.size_bytes));
            let mut crcs = CrcCombiner::new(crc);
            let whole = pieces
                .reduce(|(first, _), (second, second_bytes)| (crcs.combine(first, second, second_bytes), second_bytes));
            whole?.0.to_be_bytes()[8 - algorithm.size_bytes()..].to_vec()
        }
    };
    Some(Checksum { algorithm, value })
}

fn crc_of(algorithm: ChecksumAlgorithm) -> Option<crc_fast::CrcAlgorithm> {
    match algorithm {
        ChecksumAlgorithm::Crc32 => Some(Crc32IsoHdlc),
        ChecksumAlgorithm::Crc32c => Some(Crc32Iscsi),
        ChecksumAlgorithm::Crc64Nvme => Some(Crc64Nvme),
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => None,
    }
}

fn digest(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Vec<u8> {
    match (crc_of(algorithm), algorithm) {
        (Some(crc), _) => crc_fast::checksum(crc, bytes).to_be_bytes()[8 - algorithm.size_bytes()..].to_vec(),
        (None, ChecksumAlgorithm::Sha1) => sha1::Sha1::digest(bytes).to_vec(),
        (None, _) => sha2::Sha256::digest(bytes).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::clock::Timestamp;
    use headwater_model::digest::ETag;

    use super::*;

    fn part(number: u16, body: &[u8], algorithm: ChecksumAlgorithm) -> PartInfo {
        PartInfo {
            number,
            size_bytes: body.len() as u64,
            etag: ETag::of_md5([0; 16]),
            last_modified: Timestamp(0),
            crc64: 0,
            checksum: Some(Checksum { algorithm, value: digest(algorithm, body) }),
        }
    }

    #[test]
    fn crcs_of_parts_make_the_crc_of_the_whole() {
        let body: Vec<u8> = (0..100_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
        let cuts = [&body[..1], &body[1..70_000], &body[70_000..70_000], &body[70_000..]];
        for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32c, ChecksumAlgorithm::Crc64Nvme] {
            let parts: Vec<PartInfo> = cuts.iter().map(|piece| part(1, piece, algorithm)).collect();
            let whole = combined(algorithm, ChecksumType::FullObject, &parts.iter().collect::<Vec<_>>());
            assert_eq!(whole.map(|checksum| checksum.value), Some(digest(algorithm, &body)), "{algorithm:?}");
        }
    }

    #[test]
    fn a_composite_checksum_is_of_the_checksums() {
        let algorithm = ChecksumAlgorithm::Sha256;
        let parts = [part(1, b"one", algorithm), part(2, b"two", algorithm)];
        let parts: Vec<&PartInfo> = parts.iter().collect();
        let expected = digest(algorithm, &[digest(algorithm, b"one"), digest(algorithm, b"two")].concat());
        let composite = combined(algorithm, ChecksumType::Composite, &parts);
        assert_eq!(composite.map(|checksum| checksum.value), Some(expected));
        assert_eq!(combined(algorithm, ChecksumType::FullObject, &parts), None, "no digest but a CRC can be combined");
        assert_eq!(combined(ChecksumAlgorithm::Crc32, ChecksumType::Composite, &parts), None, "of another algorithm");
    }
}
