//! The documented bodies, every split, every fault.

use bytes::BytesMut;
use headwater_model::bucket::Dialect;

use super::*;
use crate::sign::keys::sha256;
use crate::sign::tests::{at, aws_example_seed, check, request, signing};
use crate::sign::{ContentSha256, SigningKeys, Target, sign_v4_headers};

/// Payload and trailer.
type Decoded = (Vec<u8>, Vec<(String, String)>);

fn decode(mut decoder: ChunkedDecoder, pieces: &[&[u8]]) -> Result<Decoded, ChunkError> {
    let mut payload = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece))?;
        while let Some(part) = decoder.pop() {
            assert!(!part.is_empty());
            payload.extend_from_slice(&part);
        }
    }
    Ok((payload, decoder.finish()?))
}

fn decoder(mode: PayloadMode, declared_bytes: usize) -> ChunkedDecoder {
    ChunkedDecoder::new(mode, declared_bytes.try_into().unwrap()).unwrap()
}

fn documented(signatures: [&str; 3], end: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (size, signature) in [65_536, 1024, 0].into_iter().zip(signatures) {
        body.extend_from_slice(format!("{size:x};chunk-signature={signature}\r\n").as_bytes());
        body.resize(body.len() + size, b'a');
        body.extend_from_slice(if size > 0 { b"\r\n" } else { b"" });
    }
    body.extend_from_slice(end.as_bytes());
    body
}

const SIGNED: [&str; 3] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];
const SIGNED_TRAILER: [&str; 3] = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
];
const TRAILER: &str = "x-amz-checksum-crc32c:sOO8/Q==";
const TRAILER_SIGNED: &str = "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";

#[test]
fn documented_chunks_verify() {
    let body = documented(SIGNED, "\r\n");
    assert_eq!(body.len(), 66_824, "the documented Content-Length");
    let (payload, trailers) = decode(decoder(aws_example_seed(false), 66_560), &[&body]).unwrap();
    assert_eq!((payload, trailers), (vec![b'a'; 66_560], vec![]));
    // The chain begins with the request's own signature.
    let wrong_seed = decode(decoder(aws_example_seed(true), 66_560), &[&body]);
    assert_eq!(wrong_seed.unwrap_err(), ChunkError::SignatureMismatch);
}

#[test]
fn documented_trailer_verifies_in_the_forms_clients_send() {
    for end in [
        format!("{TRAILER}\r\n{TRAILER_SIGNED}\r\n\r\n"),
        format!("{TRAILER}\n\r\n{TRAILER_SIGNED}\r\n\r\n"),
        format!("{TRAILER}\r\n{TRAILER_SIGNED}\r\n"),
    ] {
        let body = documented(SIGNED_TRAILER, &end);
        let (payload, trailers) = decode(decoder(aws_example_seed(true), 66_560), &[&body]).unwrap();
        assert_eq!(payload.len(), 66_560);
        assert_eq!(trailers, [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
    }
    let forged = format!("{}\r\n{TRAILER_SIGNED}\r\n\r\n", TRAILER.replace("sOO8", "sOO9"));
    let refused = decode(decoder(aws_example_seed(true), 66_560), &[&documented(SIGNED_TRAILER, &forged)]);
    assert_eq!(refused.unwrap_err(), ChunkError::SignatureMismatch);
    for unsigned in [format!("{TRAILER}\r\n\r\n"), "\r\n".to_owned(), String::new()] {
        let refused = decode(decoder(aws_example_seed(true), 66_560), &[&documented(SIGNED_TRAILER, &unsigned)]);
        assert!(matches!(refused.unwrap_err(), ChunkError::Incomplete { .. }), "{unsigned:?}");
    }
}

/// A body of our own, coded and signed: the client's side, for tests.
fn encode(mode: &PayloadMode, chunks: &[&[u8]], trailers: &[(&str, &str)]) -> Vec<u8> {
    let mut chain = match mode {
        PayloadMode::ChunkedSigned(seed) | PayloadMode::ChunkedSignedTrailer(seed) => {
            Some(Chain::new((**seed).clone()))
        }
        _ => None,
    };
    let mut body = Vec::new();
    for chunk in chunks.iter().copied().chain([b"".as_slice()]) {
        body.extend_from_slice(format!("{:x}", chunk.len()).as_bytes());
        if let Some(chain) = &mut chain {
            let signature = chain.chunk_signature(&sha256(chunk));
            chain.advance(&signature, &signature).unwrap();
            body.extend_from_slice(format!(";chunk-signature={}", hex::encode(signature)).as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(chunk);
        body.extend_from_slice(if chunk.is_empty() { b"" } else { b"\r\n" });
    }
    for (name, value) in trailers {
        body.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
    }
    if let (Some(chain), PayloadMode::ChunkedSignedTrailer(_)) = (chain, mode) {
        let fields: Vec<_> = trailers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let signature = hex::encode(chain.trailer_signature(&fields));
        body.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
    }
    body.extend_from_slice(b"\r\n");
    body
}

/// The payload modes of verified requests of our own.
fn modes() -> [PayloadMode; 3] {
    let now = at("20240101T000000Z");
    let keys = SigningKeys::new();
    [ContentSha256::ChunkedSigned, ContentSha256::ChunkedSignedTrailer, ContentSha256::ChunkedUnsignedTrailer].map(
        |content| {
            let mut parts = request("PUT", "http://host/bucket/key", &[]);
            sign_v4_headers(&mut parts, content, &signing(Dialect::S3, now, &keys)).unwrap();
            check(&parts, "sk", now, Target::default()).unwrap().payload
        },
    )
}

const CHUNKS: [&[u8]; 3] = [b"hello, ", b"chunked world", b"!\r\n0;chunk-signature=\r\n"];

fn fields(mode: &PayloadMode) -> &'static [(&'static str, &'static str)] {
    match mode {
        PayloadMode::ChunkedSigned(_) => &[],
        _ => &[("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-sha256", "x")],
    }
}

#[test]
fn round_trip_at_every_split() {
    let payload = CHUNKS.concat();
    for mode in modes() {
        let body = encode(&mode, &CHUNKS, fields(&mode));
        for split in 0..=body.len() {
            let decoder = decoder(mode.clone(), payload.len());
            let (got, trailers) = decode(decoder, &[&body[..split], &body[split..]]).unwrap();
            assert_eq!(got, payload, "split at {split}");
            assert_eq!(trailers.len(), fields(&mode).len());
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        let (got, _) = decode(decoder(mode.clone(), payload.len()), &bytes).unwrap();
        assert_eq!(got, payload);
    }
}

#[test]
fn cut_anywhere_is_incomplete() {
    let declared = CHUNKS.concat().len();
    for mode in modes() {
        let body = encode(&mode, &CHUNKS, fields(&mode));
        for length in 0..body.len() {
            let result = decode(decoder(mode.clone(), declared), &[&body[..length]]);
            match result {
                Err(ChunkError::Incomplete { .. }) => {}
                // Only the blank line after a trailer may be missing: behind its signature, or where it has none behind a field.
                Ok((_, trailers)) => {
                    let whole = match mode {
                        PayloadMode::ChunkedSignedTrailer(_) => length == body.len() - 2,
                        PayloadMode::ChunkedUnsignedTrailer => {
                            !trailers.is_empty() && body[..length].ends_with(b"\r\n")
                        }
                        _ => false,
                    };
                    assert!(whole, "cut at {length} of {}", body.len());
                }
                Err(other) => panic!("cut at {length}: {other}"),
            }
        }
    }
}

#[test]
fn any_changed_byte_of_a_signed_body_is_refused() {
    let payload = CHUNKS.concat();
    for mode in modes().into_iter().filter(|mode| !matches!(mode, PayloadMode::ChunkedUnsignedTrailer)) {
        let body = encode(&mode, &CHUNKS, fields(&mode));
        for index in 0..body.len() {
            let mut mutant = body.clone();
            mutant[index] ^= 0x01;
            let result = decode(decoder(mode.clone(), payload.len()), &[&mutant]);
            assert!(result.is_err(), "byte {index} ({:?})", char::from(body[index]));
        }
    }
}

#[test]
fn nothing_is_handed_out_before_its_signature_verified() {
    let [mode, _, _] = modes();
    let body = encode(&mode, &[b"first", b"second"], &[]);
    let second = body.windows(6).position(|window| window == b"second").unwrap();
    let mut decoder = decoder(mode, 11);
    decoder.push(Bytes::copy_from_slice(&body[..second + 5])).unwrap();
    assert_eq!(decoder.pop().as_deref(), Some(b"first".as_slice()));
    assert_eq!(decoder.pop(), None);
    assert_eq!(decoder.push(Bytes::from_static(b"X")), Err(ChunkError::SignatureMismatch));
    assert_eq!(decoder.pop(), None);
    assert!(decoder.push(Bytes::from_static(b"\r\n")).is_err());
    assert!(decoder.finish().is_err());
}

#[test]
fn declared_length_is_enforced_both_ways() {
    for mode in modes() {
        let body = encode(&mode, &[b"12345"], fields(&mode));
        let long = decode(decoder(mode.clone(), 4), &[&body]);
        assert_eq!(long.unwrap_err(), ChunkError::TooLong { declared_bytes: 4 });
        let short = decode(decoder(mode.clone(), 6), &[&body]);
        assert_eq!(short.unwrap_err(), ChunkError::Incomplete { decoded_bytes: 5, declared_bytes: 6 });
    }
}

#[test]
fn limits() {
    let [signed, _, unsigned] = modes();
    let huge = format!("{:x};chunk-signature={}\r\n", MAX_SIGNED_CHUNK_BYTES + 1, "0".repeat(64));
    let refused = decode(decoder(signed, usize::MAX), &[huge.as_bytes()]);
    let size_bytes = MAX_SIGNED_CHUNK_BYTES + 1;
    assert_eq!(refused.unwrap_err(), ChunkError::ChunkTooLarge { size_bytes, limit_bytes: MAX_SIGNED_CHUNK_BYTES });

    let endless = vec![b'0'; 1 << 20];
    let refused = decode(decoder(unsigned.clone(), 5), &[&endless]);
    assert!(matches!(refused, Err(ChunkError::Unframed { .. })), "{refused:?}");

    for field in ["a".repeat(1 << 20), "a:b\r\n".repeat(1 << 16), "x:\n".repeat(1 << 12)] {
        let refused = decode(decoder(unsigned.clone(), 0), &[b"0\r\n", field.as_bytes()]);
        let duplicate = ChunkError::Malformed { message: "a trailer field is sent twice" };
        let error = refused.unwrap_err();
        assert!(error == ChunkError::LineTooLong { limit_bytes: MAX_TRAILER_BYTES } || error == duplicate, "{error}");
    }
    let many: Vec<String> = (0..1000).map(|n| format!("x{n}:y\r\n")).collect();
    let refused = decode(decoder(unsigned, 0), &[b"0\r\n", many.concat().as_bytes()]);
    assert_eq!(refused.unwrap_err(), ChunkError::LineTooLong { limit_bytes: MAX_TRAILER_BYTES });
}

#[test]
fn malformed_framing() {
    let [_, _, unsigned] = modes();
    for body in [
        "\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "5;name=value\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloworld",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
        "5\r\nhello\r\n0\r\n:value\r\n\r\n",
        "5\r\nhello\r\n0\r\nna me:value\r\n\r\n",
        "5\r\nhello\r\n0\r\na:1\r\nA:2\r\n\r\n",
        "5\r\nhello\r\n0\r\nx-amz-trailer-signature:00\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
        "5\r\nhello\r\n0\r\n\r\nx",
    ] {
        let refused = decode(decoder(unsigned.clone(), 5), &[body.as_bytes()]);
        assert!(refused.is_err(), "{body:?}");
    }
    for body in ["5\r\nhello\r\n0\r\na:b\n\r\n\r\n", "5\r\nhello\r\n0000\r\nA: b \r\n\r\n"] {
        let (payload, trailers) = decode(decoder(unsigned.clone(), 5), &[body.as_bytes()]).unwrap();
        assert_eq!((payload.as_slice(), trailers), (b"hello".as_slice(), vec![("a".into(), "b".into())]));
    }
}

/// What stands where a chunk header must be is told alike, whatever it is: S3 takes the body to have ended.
#[test]
fn a_body_without_chunks_is_incomplete() {
    let [signed, _, unsigned] = modes();
    let without_end = "x".repeat(MAX_CHUNK_HEADER_BYTES + 1);
    for body in ["hello\r\n", "he\nllo", "5\nhello\r\n", "5\r\nhelloworld\r\n0\r\n\r\n", &without_end] {
        let refused = decode(decoder(unsigned.clone(), 5), &[body.as_bytes()]);
        assert!(matches!(refused, Err(ChunkError::Unframed { .. })), "{body:?}: {refused:?}");
    }
    let refused = decode(decoder(signed, 5), &[b"hello\r\n"]);
    assert!(matches!(refused, Err(ChunkError::Unframed { .. })), "{refused:?}");
}

/// S3 takes it so, by Swift's tests, which ran against it.
#[test]
fn an_unsigned_trailer_may_lack_the_empty_line_behind_it() {
    let [_, signed, unsigned] = modes();
    let whole = decode(decoder(unsigned.clone(), 5), &[b"5\r\nhello\r\n0\r\na:b\r\n"]).unwrap();
    assert_eq!(whole, (b"hello".to_vec(), vec![("a".into(), "b".into())]));
    for cut in ["5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\na:b\r", "5\r\nhello\r\n0\r\na:b", "5\r\nhello\r\n0\r\na:b\n"]
    {
        let refused = decode(decoder(unsigned.clone(), 5), &[cut.as_bytes()]).unwrap_err();
        assert_eq!(refused, ChunkError::Incomplete { decoded_bytes: 5, declared_bytes: 5 }, "{cut:?}");
    }
    let coded = encode(&signed, &[b"hello"], fields(&signed));
    let signature =
        coded.windows(TRAILER_SIGNATURE.len()).position(|window| window == TRAILER_SIGNATURE.as_bytes()).unwrap();
    assert!(decode(decoder(signed, 5), &[&coded[..signature]]).is_err(), "a signed trailer wants its signature");
}

#[test]
fn signatures_must_be_where_the_mode_has_them() {
    let [signed, _, unsigned] = modes();
    let plain = encode(&unsigned, &[b"hello"], &[]);
    assert_eq!(decode(decoder(signed.clone(), 5), &[&plain]).unwrap_err(), ChunkError::SignatureMissing);
    let coded = encode(&signed, &[b"hello"], &[]);
    assert!(matches!(decode(decoder(unsigned, 5), &[&coded]).unwrap_err(), ChunkError::Malformed { .. }));
    let with_trailer = [&coded[..coded.len() - 2], b"a:b\r\n\r\n"].concat();
    assert!(matches!(decode(decoder(signed, 5), &[&with_trailer]).unwrap_err(), ChunkError::Malformed { .. }));
    assert!(ChunkedDecoder::new(PayloadMode::Unsigned, 5).is_none());
}

#[test]
fn large_pieces_are_not_copied() {
    let [signed, _, _] = modes();
    let payload = vec![7; 64 << 10];
    let body = Bytes::from(encode(&signed, &[&payload], &[]));
    let range = body.as_ptr_range();
    let mut decoder = decoder(signed, payload.len());
    decoder.push(body.clone()).unwrap();
    let piece = decoder.pop().unwrap();
    assert_eq!(piece, payload);
    assert!(range.contains(&piece.as_ptr()), "the payload is a slice of what was pushed");
}

#[test]
fn tiny_pieces_are_gathered() {
    let mut pieces = Pieces::default();
    let mut expected = BytesMut::new();
    for n in 0..200_000_u32 {
        let piece = Bytes::copy_from_slice(&[n.to_le_bytes()[0]]);
        expected.extend_from_slice(&piece);
        pieces.push(piece);
    }
    pieces.push(Bytes::from(vec![1; 8 << 10]));
    expected.extend_from_slice(&[1; 8 << 10]);
    let popped: Vec<Bytes> = std::iter::from_fn(|| pieces.pop()).collect();
    assert!(popped.len() < 10, "{}", popped.len());
    assert_eq!(popped.concat(), expected);
}

/// RFC 9112 lets blanks stand around the semicolon (BWS) and tells senders not to write any. Neither vendor describes
/// them; what frames a body is read in one way only.
#[test]
fn a_chunk_header_has_no_blanks() {
    for mode in modes() {
        let body = String::from_utf8(encode(&mode, &[b"hello"], fields(&mode))).unwrap();
        decode(decoder(mode.clone(), 5), &[body.as_bytes()]).unwrap();
        for header in ["5 ", " 5", "5\t", "5 \r\n", "+5", "0x5"] {
            let changed = body.replacen('5', header, 1);
            let refused = decode(decoder(mode.clone(), 5), &[changed.as_bytes()]);
            assert!(matches!(refused, Err(ChunkError::Unframed { .. })), "{changed:?}: {refused:?}");
        }
    }
    let [signed, ..] = modes();
    let body = String::from_utf8(encode(&signed, &[b"hello"], &[])).unwrap();
    for extension in ["; chunk-signature", ";\tchunk-signature", ";chunk-signature "] {
        let changed = body.replacen(";chunk-signature", extension, 1);
        let refused = decode(decoder(signed.clone(), 5), &[changed.as_bytes()]);
        assert!(matches!(refused, Err(ChunkError::Malformed { .. })), "{changed:?}: {refused:?}");
    }
}
