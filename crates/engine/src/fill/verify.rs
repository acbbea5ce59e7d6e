//! The digests that an origin announces for its body, computed while the body passes.
//!
//! Guarantees: a body whose length of bytes contradicts an announced checksum never ends cleanly (decisions, row 8).
//! `Content-MD5` is not judged here: it has OSS's own rule, and the store computes MD5 anyway.
//!
//! Understood: `x-oss-hash-crc64ecma`, `x-amz-checksum-*` of whole objects, the CRC-32C of `x-goog-hash`, and
//! `sha-256` of `Repr-Digest` (RFC 9530). A value that cannot be a digest of its kind (a multipart composite such as
//! `…-3` among them) proves nothing and is passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use headwater_model::digest::ChecksumAlgorithm;
use http::HeaderMap;
use sha2::Digest as _;

/// Computes what was announced and compares at the end.
pub(super) struct Verifier {
    checks: Vec<Check>,
}

struct Check {
    running: Running,
    expected: Vec<u8>,
}

enum Running {
    /// Boxed: the state is large and most answers announce nothing.
    Crc(Box<crc_fast::Digest>, usize),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Verifier {
    /// Reads what `headers` announce; no allocation if nothing is.
    pub(super) fn announced_by(headers: &HeaderMap) -> Self {
        let mut checks = Vec::new();
        if let Some(crc) = text(headers, "x-oss-hash-crc64ecma").and_then(|text| text.trim().parse::<u64>().ok()) {
            checks.push(Check { running: crc64(CrcAlgorithm::Crc64Xz), expected: crc.to_be_bytes().to_vec() });
        }
        for (name, algorithm) in AMZ_CHECKSUMS {
            let value = text(headers, name).and_then(|text| BASE64.decode(text.trim()).ok());
            if let Some(expected) = value.filter(|value| value.len() == algorithm.size_bytes()) {
                checks.push(Check { running: Running::of(algorithm), expected });
            }
        }
        if let Some(expected) = goog_crc32c(headers) {
            checks.push(Check { running: Running::of(ChecksumAlgorithm::Crc32c), expected });
        }
        if let Some(expected) = repr_digest(headers) {
            checks.push(Check { running: Running::of(ChecksumAlgorithm::Sha256), expected });
        }
        Self { checks }
    }

    /// Whether anything was announced.
    pub(super) fn checks_anything(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Computes nothing; every body holds.
    pub(super) fn of_nothing() -> Self {
        Self { checks: Vec::new() }
    }

    /// Takes the next bytes of the body.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for check in &mut self.checks {
            match &mut check.running {
                Running::Crc(crc, _) => crc.update(bytes),
                Running::Sha1(sha) => sha.update(bytes),
                Running::Sha256(sha) => sha.update(bytes),
            }
        }
    }

    /// Whether the whole body has every digest announced.
    pub(super) fn holds(&mut self) -> bool {
        self.checks.drain(..).all(|check| check.running.value() == check.expected)
    }
}

/// Header names of S3's checksums.
const AMZ_CHECKSUMS: [(&str, ChecksumAlgorithm); 5] = [
    ("x-amz-checksum-crc32", ChecksumAlgorithm::Crc32),
    ("x-amz-checksum-crc32c", ChecksumAlgorithm::Crc32c),
    ("x-amz-checksum-crc64nvme", ChecksumAlgorithm::Crc64Nvme),
    ("x-amz-checksum-sha1", ChecksumAlgorithm::Sha1),
    ("x-amz-checksum-sha256", ChecksumAlgorithm::Sha256),
];

impl Running {
    fn of(algorithm: ChecksumAlgorithm) -> Self {
        match algorithm {
            ChecksumAlgorithm::Crc32 => crc32(CrcAlgorithm::Crc32IsoHdlc),
            ChecksumAlgorithm::Crc32c => crc32(CrcAlgorithm::Crc32Iscsi),
            ChecksumAlgorithm::Crc64Nvme => crc64(CrcAlgorithm::Crc64Nvme),
            ChecksumAlgorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            ChecksumAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
        }
    }

    /// The digest, big-endian as in headers.
    fn value(self) -> Vec<u8> {
        match self {
            Self::Crc(crc, size_bytes) => crc.finalize().to_be_bytes()[8 - size_bytes..].to_vec(),
            Self::Sha1(sha) => sha.finalize().to_vec(),
            Self::Sha256(sha) => sha.finalize().to_vec(),
        }
    }
}

fn crc32(algorithm: CrcAlgorithm) -> Running {
    Running::Crc(Box::new(crc_fast::Digest::new(algorithm)), 4)
}

fn crc64(algorithm: CrcAlgorithm) -> Running {
    Running::Crc(Box::new(crc_fast::Digest::new(algorithm)), 8)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `x-goog-hash: crc32c=BASE64`, in one line or several. It speaks of the stored bytes: an answer that was
/// decompressed on its way (stored `gzip`, sent without) has others.
fn goog_crc32c(headers: &HeaderMap) -> Option<Vec<u8>> {
    let stored = text(headers, "x-goog-stored-content-encoding").unwrap_or("identity");
    if stored != "identity" && text(headers, "content-encoding") != Some(stored) {
        return None;
    }
    let lines = headers.get_all("x-goog-hash").iter().filter_map(|line| line.to_str().ok());
    let encoded = lines.flat_map(|line| line.split(',')).find_map(|part| part.trim().strip_prefix("crc32c="))?;
    BASE64.decode(encoded).ok().filter(|value| value.len() == 4)
}

/// `Repr-Digest: sha-256=:BASE64:` (a dictionary of structured fields; only this member is read).
fn repr_digest(headers: &HeaderMap) -> Option<Vec<u8>> {
    let lines = headers.get_all("repr-digest").iter().filter_map(|line| line.to_str().ok());
    let member = lines.flat_map(|line| line.split(',')).find_map(|part| part.trim().strip_prefix("sha-256=:"))?;
    BASE64.decode(member.split(':').next()?).ok().filter(|value| value.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(name: &'static str, value: &str, body: &[u8]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let mut verifier = Verifier::announced_by(&headers);
        let (left, right) = body.split_at(body.len() / 2);
        verifier.update(left);
        verifier.update(right);
        verifier.holds()
    }

    #[test]
    fn o58_every_announced_checksum_is_verified() {
        // Check values of the CRC catalogue and of FIPS 180 for "123456789".
        for (name, value) in [
            ("x-oss-hash-crc64ecma", "11051210869376104954".to_owned()),
            ("x-amz-checksum-crc32", BASE64.encode(0xcbf4_3926_u32.to_be_bytes())),
            ("x-amz-checksum-crc32c", BASE64.encode(0xe306_9283_u32.to_be_bytes())),
            ("x-amz-checksum-crc64nvme", BASE64.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes())),
            ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=".to_owned()),
            ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=".to_owned()),
            ("x-goog-hash", format!("md5=AAAA,crc32c={}", BASE64.encode(0xe306_9283_u32.to_be_bytes()))),
            ("repr-digest", "md5=:AA==:, sha-256=:FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=:".to_owned()),
        ] {
            assert!(holds(name, &value, b"123456789"), "{name}");
            assert!(!holds(name, &value, b"12345678X"), "{name} must refuse another body");
        }
    }

    #[test]
    fn values_that_are_no_digest_prove_nothing() {
        for (name, value) in [
            ("x-oss-hash-crc64ecma", "abc"),
            ("x-amz-checksum-crc32", "AAAAAA==-3"),
            ("x-amz-checksum-sha256", "AAAA"),
            ("x-goog-hash", "md5=AAAA"),
            ("repr-digest", "sha-512=:AAAA:"),
        ] {
            assert!(holds(name, value, b"anything"), "{name}");
        }
    }

    #[test]
    fn a_body_decompressed_on_its_way_is_not_compared_with_the_stored_hash() {
        let mut headers = HeaderMap::new();
        headers.insert("x-goog-hash", "crc32c=AAAAAA==".parse().unwrap());
        headers.insert("x-goog-stored-content-encoding", "gzip".parse().unwrap());
        let mut verifier = Verifier::announced_by(&headers);
        verifier.update(b"plain");
        assert!(verifier.holds());
    }
}
