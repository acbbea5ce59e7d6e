//! Form uploads of anybody: no panic; the same form and file however the network cuts the body; nobody without the secret
//! passes as signed; a policy that is refused is never our own fault.
//!
//! Input: eight bytes of a seed for the cuts, then the body, whose boundary is `b`.

#![no_main]

use bytes::Bytes;
use headwater_fuzz::in_pieces;
use headwater_model::BucketName;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_wire::form::{Form, FormReader};
use libfuzzer_sys::fuzz_target;

/// 2024-02-29T23:59:59Z.
const NOW: i64 = 1_709_251_199_000;
const SECRET: &str = "8f0c7fa1-4f0e-4c55-a5e6-6c1f38a3a8a8";

/// The form, the file's bytes and whether its end came; `None` for what is no form.
fn read(body: &[u8], seed: u64) -> Option<(Form, Vec<u8>, bool)> {
    let mut reader = Some(FormReader::new("b"));
    let (mut form, mut file, mut bytes, mut refused) = (None, None, Vec::new(), false);
    let mut push = |piece: &[u8]| {
        if let Some(head) = &mut reader {
            match head.push(piece) {
                Ok(None) => return true,
                Ok(Some(found)) => {
                    form = Some(found);
                    file = reader.take().map(FormReader::into_file);
                }
                Err(_) => refused = true,
            }
        } else if let Some(open) = &mut file {
            refused = open.push(Bytes::copy_from_slice(piece)).is_err();
        }
        while let Some(some) = file.as_mut().and_then(|open| open.pop()) {
            bytes.extend_from_slice(&some);
        }
        !refused
    };
    if seed == 0 {
        push(body);
    } else {
        in_pieces(body, seed, push);
    }
    if let (Some(mut head), false) = (reader, refused) {
        form = head.end().ok()?;
        let mut open = head.into_file();
        while let Some(some) = open.pop() {
            bytes.extend_from_slice(&some);
        }
        file = Some(open);
    }
    if refused {
        return None;
    }
    Some((form?, bytes, file?.has_ended()))
}

fuzz_target!(|input: &[u8]| {
    let Some((seed, body)) = input.split_first_chunk::<8>() else { return };
    let whole = read(body, 0);
    let cut = read(body, u64::from_le_bytes(*seed) | 1);
    assert_eq!(whole, cut);
    let Some((form, ..)) = whole else { return };
    if let Ok(Some(credentials)) = form.credentials() {
        for region in [None, Some("r")] {
            assert!(credentials.verify(SECRET, region).is_err());
        }
    }
    let bucket = BucketName::parse("bucket").expect("a name");
    for dialect in [Dialect::Oss, Dialect::S3] {
        let _ = form.dialect(None, dialect);
        let _ = form.check(&bucket, dialect, Timestamp(NOW));
    }
});
