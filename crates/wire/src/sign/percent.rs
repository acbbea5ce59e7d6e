//! Percent-encoding as the signature schemes define it (RFC 3986 unreserved set, upper-case hex).

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `bytes` with everything but `A-Z a-z 0-9 - . _ ~` escaped.
pub(super) fn encode_query(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        encode_byte(out, byte);
    }
}

/// As [`encode_query`], with `/` left alone.
pub(super) fn encode_path(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        if byte == b'/' { out.push(byte) } else { encode_byte(out, byte) }
    }
}

fn encode_byte(out: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0x0f)]]);
    }
}

/// The bytes a path means; `None` if an escape is not `%` and two hex digits. `+` is itself.
pub(super) fn decode_path(text: &str) -> Option<Cow<'_, [u8]>> {
    if text.contains('%') { unescape(text, b'+').map(Cow::Owned) } else { Some(Cow::Borrowed(text.as_bytes())) }
}

/// The bytes a query name or value means; `None` as for [`decode_path`]. `+` is a space.
pub(super) fn decode_query(text: &str) -> Option<Cow<'_, [u8]>> {
    if text.contains(['%', '+']) { unescape(text, b' ').map(Cow::Owned) } else { Some(Cow::Borrowed(text.as_bytes())) }
}

fn unescape(text: &str, plus: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (&[high, low], after) = rest.split_first_chunk::<2>()?;
                out.push((hex_digit(high)? << 4) | hex_digit(low)?);
                rest = after;
            }
            b'+' => out.push(plus),
            _ => out.push(byte),
        }
    }
    Some(out)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
