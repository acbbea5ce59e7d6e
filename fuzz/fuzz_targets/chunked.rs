//! `aws-chunked` bodies of anybody, whose chunks are not signed: no panic, never a byte more than was declared, a clean end only at the declared
//! length, and the same outcome however the network cuts the body.
//!
//! Input: two bytes of a declared length, eight of a seed for the cuts, then the body.

#![no_main]

use bytes::Bytes;
use headwater_fuzz::in_pieces;
use headwater_wire::sign::{ChunkedDecoder, PayloadMode};
use libfuzzer_sys::fuzz_target;

/// What came out, and the trailer of a whole body.
fn decoded(declared: u64, body: &[u8], seed: Option<u64>) -> (Vec<u8>, Option<Vec<(String, String)>>) {
    let mut decoder = ChunkedDecoder::new(PayloadMode::ChunkedUnsignedTrailer, declared).expect("a chunked mode");
    let (mut out, mut failed) = (Vec::new(), false);
    let mut push = |piece: &[u8]| {
        failed = decoder.push(Bytes::copy_from_slice(piece)).is_err();
        while let Some(bytes) = decoder.pop() {
            out.extend_from_slice(&bytes);
        }
        !failed
    };
    match seed {
        Some(seed) => in_pieces(body, seed, push),
        None => {
            push(body);
        }
    }
    let trailer = if failed { None } else { decoder.finish().ok() };
    (out, trailer)
}

fuzz_target!(|input: &[u8]| {
    let Some((declared, rest)) = input.split_first_chunk::<2>() else { return };
    let Some((seed, body)) = rest.split_first_chunk::<8>() else { return };
    let declared = u64::from(u16::from_le_bytes(*declared));
    let (whole, trailer) = decoded(declared, body, None);
    assert!(whole.len() as u64 <= declared, "{} of {declared}", whole.len());
    if trailer.is_some() {
        assert_eq!(whole.len() as u64, declared);
    }
    let (cut, cut_trailer) = decoded(declared, body, Some(u64::from_le_bytes(*seed)));
    assert_eq!(cut_trailer, trailer);
    // A failing body may give up sooner or later within its pieces; what came out is the same bytes.
    if trailer.is_some() {
        assert_eq!(cut, whole);
    } else {
        let both = cut.len().min(whole.len());
        assert_eq!(cut[..both], whole[..both]);
    }
});
