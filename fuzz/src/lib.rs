//! What several fuzzers share: a request's head out of bytes, in the form that a person can write into a seed.

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request};

/// A request out of text: `METHOD TARGET`, a line for each header, an empty line, and the body as it is.
///
/// `None` for what the HTTP library would not let through either.
pub fn request(input: &[u8]) -> Option<(Parts, &[u8])> {
    let mut rest = input;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, behind) = rest.split_at(end);
        rest = &behind[1..];
        Some(line)
    };
    let first = line()?;
    let blank = first.iter().position(|byte| *byte == b' ')?;
    let mut builder = Request::builder()
        .method(Method::from_bytes(&first[..blank]).ok()?)
        .uri(std::str::from_utf8(&first[blank + 1..]).ok()?);
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&header[..colon]).ok()?;
        builder = builder.header(name, HeaderValue::from_bytes(header[colon + 1..].trim_ascii()).ok()?);
    }
    Some((builder.body(()).ok()?.into_parts().0, rest))
}

/// Gives `input` to `take` in pieces whose lengths, 1 to 64 bytes, are drawn from `seed`.
pub fn in_pieces(input: &[u8], mut seed: u64, mut take: impl FnMut(&[u8]) -> bool) {
    let mut rest = input;
    while !rest.is_empty() {
        // Knuth's multiplier: any spread of lengths will do.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let length = (1 + (seed >> 58) as usize).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        if !take(piece) {
            return;
        }
    }
}

/// `Content-MD5` of a body (RFC 1864).
pub fn content_md5(body: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(fast_md5::digest(body))
}
