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
use http::header::TRAILER;
use sha2::Digest as _;

/// Computes what was announced and compares at the end.
pub(super) struct Verifier {
    checks: Vec<Check>,
}

struct Check {
    running: Running,
    /// What the head states; `None` if it says that the trailers will.
    expected: Option<Vec<u8>>,
    kind: Kind,
}

/// A way in which origins state a digest.
#[derive(Clone, Copy)]
enum Kind {
    OssCrc64,
    Amz(&'static str, ChecksumAlgorithm),
    Goog,
    Repr,
}

/// All of them.
const KINDS: [Kind; 8] = [
    Kind::OssCrc64,
    Kind::Amz("x-amz-checksum-crc32", ChecksumAlgorithm::Crc32),
    Kind::Amz("x-amz-checksum-crc32c", ChecksumAlgorithm::Crc32c),
    Kind::Amz("x-amz-checksum-crc64nvme", ChecksumAlgorithm::Crc64Nvme),
    Kind::Amz("x-amz-checksum-sha1", ChecksumAlgorithm::Sha1),
    Kind::Amz("x-amz-checksum-sha256", ChecksumAlgorithm::Sha256),
    Kind::Goog,
    Kind::Repr,
];

enum Running {
    /// Boxed: the state is large and most answers announce nothing.
    Crc(Box<crc_fast::Digest>, usize),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Verifier {
    /// Reads what `headers` state, and what they say that trailers will state; no allocation if nothing is.
    pub(super) fn announced_by(headers: &HeaderMap) -> Self {
        let mut checks = Vec::new();
        for kind in KINDS {
            let expected = kind.stated(headers);
            if expected.is_some() || announces_trailer(headers, kind.field()) {
                checks.push(Check { running: kind.running(), expected, kind });
            }
        }
        Self { checks }
    }

    /// Whether anything was stated with the head.
    pub(super) fn checks_anything(&self) -> bool {
        self.checks.iter().any(|check| check.expected.is_some())
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

    /// Whether the whole body has every digest stated, in the head or behind it (chaos matrix, O34). Trailers that were
    /// announced and did not come prove nothing.
    pub(super) fn holds(&mut self, trailers: Option<&HeaderMap>) -> bool {
        self.checks.drain(..).all(|check| {
            let expected = check.expected.or_else(|| trailers.and_then(|trailers| check.kind.stated(trailers)));
            expected.is_none_or(|expected| check.running.value() == expected)
        })
    }
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::OssCrc64 => "x-oss-hash-crc64ecma",
            Self::Amz(name, _) => name,
            Self::Goog => "x-goog-hash",
            Self::Repr => "repr-digest",
        }
    }

    fn stated(self, headers: &HeaderMap) -> Option<Vec<u8>> {
        match self {
            Self::OssCrc64 => {
                let crc: u64 = text(headers, self.field())?.trim().parse().ok()?;
                Some(crc.to_be_bytes().to_vec())
            }
            Self::Amz(name, algorithm) => {
                let value = BASE64.decode(text(headers, name)?.trim()).ok()?;
                (value.len() == algorithm.size_bytes()).then_some(value)
            }
            Self::Goog => goog_crc32c(headers),
            Self::Repr => repr_digest(headers),
        }
    }

    fn running(self) -> Running {
        match self {
            Self::OssCrc64 => crc64(CrcAlgorithm::Crc64Xz),
            Self::Amz(_, algorithm) => Running::of(algorithm),
            Self::Goog => Running::of(ChecksumAlgorithm::Crc32c),
            Self::Repr => Running::of(ChecksumAlgorithm::Sha256),
        }
    }
}

/// Whether `Trailer` (RFC 9110 section 6.6.2) names the field.
fn announces_trailer(headers: &HeaderMap, field: &str) -> bool {
    let lines = headers.get_all(TRAILER).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|name| name.trim().eq_ignore_ascii_case(field))
}

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
        verifier.holds(None)
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
        assert!(verifier.holds(None));
    }

    #[test]
    fn o34_a_digest_behind_the_body_counts_if_it_was_announced() {
        let mut head = HeaderMap::new();
        head.insert("trailer", "x-other, X-Amz-Checksum-Crc32C".parse().unwrap());
        let trailers =
            |value: &str| HeaderMap::from_iter([("x-amz-checksum-crc32c".parse().unwrap(), value.parse().unwrap())]);
        let holds = |head: &HeaderMap, trailers: Option<&HeaderMap>| {
            let mut verifier = Verifier::announced_by(head);
            verifier.update(b"123456789");
            verifier.holds(trailers)
        };
        assert!(holds(&head, Some(&trailers("4waSgw=="))));
        assert!(!holds(&head, Some(&trailers("AAAAAA=="))));
        assert!(holds(&head, None), "what did not come proves nothing");
        assert!(holds(&HeaderMap::new(), Some(&trailers("AAAAAA=="))), "nothing was computed");
        assert!(!Verifier::announced_by(&head).checks_anything());
    }
}
