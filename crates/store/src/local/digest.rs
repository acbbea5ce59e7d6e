//! The digests of a body, computed while its bytes pass.
//!
//! Guarantees: [`BodyDigest`] gives the length, MD5, CRC-64/XZ and the additional checksum of exactly the bytes it was
//! shown, in the order it was shown them; how they were cut into pieces does not matter.
//!
//! MD5 is the dearest by far (about 0.9 GB/s a core, against tens of GB/s for the CRCs), so callers run it beside the
//! network and not in front of it. It stays, because it is the ETag that every client expects.

use headwater_model::digest::{Checksum, ChecksumAlgorithm, Digests};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// CRC-64/XZ, the algorithm behind `x-oss-hash-crc64ecma`.
pub(super) const CRC64: crc_fast::CrcAlgorithm = crc_fast::CrcAlgorithm::Crc64Xz;

/// Running digests of one body.
pub(crate) struct BodyDigest {
    size_bytes: u64,
    md5: fast_md5::Md5,
    crc64: crc_fast::Digest,
    checksum: Option<(ChecksumAlgorithm, Running)>,
}

/// A running additional checksum.
enum Running {
    Crc(crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl BodyDigest {
    /// Digests of the empty body; `checksum` asks for one additional checksum.
    pub(crate) fn new(checksum: Option<ChecksumAlgorithm>) -> Self {
        Self {
            size_bytes: 0,
            md5: fast_md5::Md5::new(),
            crc64: crc_fast::Digest::new(CRC64),
            checksum: checksum.map(|algorithm| (algorithm, Running::new(algorithm))),
        }
    }

    /// Digests of a body at hand.
    pub(crate) fn of(body: &[u8], checksum: Option<ChecksumAlgorithm>) -> Digests {
        let mut digest = Self::new(checksum);
        digest.update(body);
        digest.finish()
    }

    /// Takes the next bytes of the body.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.size_bytes += bytes.len() as u64;
        self.md5.update(bytes);
        self.crc64.update(bytes);
        if let Some((_, running)) = &mut self.checksum {
            running.update(bytes);
        }
    }

    /// What the body came to.
    pub(crate) fn finish(self) -> Digests {
        Digests {
            size_bytes: self.size_bytes,
            md5: self.md5.finalize(),
            crc64: self.crc64.finalize(),
            checksum: self.checksum.map(|(algorithm, running)| Checksum { algorithm, value: running.value(algorithm) }),
        }
    }
}

impl Running {
    fn new(algorithm: ChecksumAlgorithm) -> Self {
        use crc_fast::CrcAlgorithm::{Crc32Iscsi, Crc32IsoHdlc, Crc64Nvme};
        match algorithm {
            ChecksumAlgorithm::Crc32 => Self::Crc(crc_fast::Digest::new(Crc32IsoHdlc)),
            ChecksumAlgorithm::Crc32c => Self::Crc(crc_fast::Digest::new(Crc32Iscsi)),
            ChecksumAlgorithm::Crc64Nvme => Self::Crc(crc_fast::Digest::new(Crc64Nvme)),
            ChecksumAlgorithm::Sha1 => Self::Sha1(Sha1::new()),
            ChecksumAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(digest) => digest.update(bytes),
            Self::Sha1(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
        }
    }

    /// The raw digest, big-endian as S3 encodes CRCs.
    fn value(self, algorithm: ChecksumAlgorithm) -> Vec<u8> {
        match self {
            Self::Crc(digest) => digest.finalize().to_be_bytes()[8 - algorithm.size_bytes()..].to_vec(),
            Self::Sha1(digest) => digest.finalize().to_vec(),
            Self::Sha256(digest) => digest.finalize().to_vec(),
        }
    }
}

/// A running CRC-64/XZ alone.
pub(crate) struct Crc64(crc_fast::Digest);

impl Crc64 {
    /// Of the empty body.
    pub(crate) fn new() -> Self {
        Self(crc_fast::Digest::new(CRC64))
    }

    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all bytes taken.
    pub(crate) fn finish(self) -> u64 {
        self.0.finalize()
    }
}

/// CRC-64/XZ of `first ‖ second` from the CRCs of both and the length of `second` in bytes: how a multipart object gets
/// its CRC from its parts without reading them.
pub(crate) fn combine_crc64(first: u64, second: u64, second_bytes: u64) -> u64 {
    crc_fast::checksum_combine(CRC64, first, second, second_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The "check" input of the catalogue of parametrised CRC algorithms.
    const CHECK: &[u8] = b"123456789";

    fn value(algorithm: ChecksumAlgorithm) -> Vec<u8> {
        BodyDigest::of(CHECK, Some(algorithm)).checksum.expect("asked for").value
    }

    #[test]
    fn values_are_the_published_ones() {
        let digests = BodyDigest::of(CHECK, None);
        assert_eq!(digests.size_bytes, 9);
        assert_eq!(hex::encode(digests.md5), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(digests.crc64, 0x995d_c9bb_df19_39fa);
        assert_eq!(digests.checksum, None);
        assert_eq!(value(ChecksumAlgorithm::Crc32), 0xcbf4_3926_u32.to_be_bytes());
        assert_eq!(value(ChecksumAlgorithm::Crc32c), 0xe306_9283_u32.to_be_bytes());
        assert_eq!(value(ChecksumAlgorithm::Crc64Nvme), 0xae8b_1486_0a79_9888_u64.to_be_bytes());
        assert_eq!(hex::encode(value(ChecksumAlgorithm::Sha1)), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
        assert_eq!(
            hex::encode(value(ChecksumAlgorithm::Sha256)),
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
        );
    }

    #[test]
    fn pieces_do_not_matter() {
        let body: Vec<u8> = (0..100_003_u32).map(|i| ((i * 31) >> 3) as u8).collect();
        for algorithm in ChecksumAlgorithm::ALL {
            let whole = BodyDigest::of(&body, Some(algorithm));
            for piece_bytes in [1, 63, 64, 4096, 70_000] {
                let mut digest = BodyDigest::new(Some(algorithm));
                body.chunks(piece_bytes).for_each(|piece| digest.update(piece));
                assert_eq!(digest.finish(), whole, "{algorithm:?} in pieces of {piece_bytes}");
            }
        }
    }

    #[test]
    fn combined_crc_is_that_of_the_whole() {
        let body: Vec<u8> = (0..70_001_u32).map(|i| (i ^ (i >> 7)) as u8).collect();
        let crc = |bytes: &[u8]| BodyDigest::of(bytes, None).crc64;
        for cut in [0, 1, 4096, 65_536, 70_000, 70_001] {
            let (first, second) = body.split_at(cut);
            assert_eq!(combine_crc64(crc(first), crc(second), second.len() as u64), crc(&body), "cut at {cut}");
        }
    }
}
