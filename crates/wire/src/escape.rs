//! Percent-encoding of keys and parameters (RFC 3986 section 2.1).
//!
//! Guarantees: decoding never normalises, never merges slashes and never loses a byte; what is encoded decodes to the
//! same text. Not done here: the strict canonical forms of the signature schemes, which belong to `sign`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What `+` means in the text to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// Itself: in paths and copy sources.
    Literal,
    /// A space: in queries, as HTML forms and every SDK write it.
    Space,
}

/// The text that a percent-encoded path stands for; `None` if an escape is broken or the bytes are not UTF-8.
pub fn unescape_path(path: &str) -> Option<Cow<'_, str>> {
    decode(path, Plus::Literal)
}

/// The text that `text` stands for; `None` if an escape is not `%` with two hex digits, or the bytes are not UTF-8.
pub(crate) fn decode(text: &str, plus: Plus) -> Option<Cow<'_, str>> {
    let escaped = text.bytes().any(|byte| byte == b'%' || (byte == b'+' && plus == Plus::Space));
    if !escaped {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (&[high, low], after) = rest.split_first_chunk::<2>()?;
                bytes.push(hex_digit(high)? << 4 | hex_digit(low)?);
                rest = after;
            }
            b'+' if plus == Plus::Space => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// `text` with everything escaped but `A-Z a-z 0-9 - . _ ~ /`: the form of `encoding-type=url`, and of a path.
pub fn encode(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    Cow::Owned(out)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/')
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_once_and_never_normalises() {
        for (raw, text) in [
            ("a%2Fb//c/../d", "a/b//c/../d"),
            ("%252F", "%2F"),
            ("a+b%2B", "a+b+"),
            ("%E9%94%AE%20%f0%9f%98%80", "键 😀"),
            ("%00%0d%0A", "\0\r\n"),
        ] {
            assert_eq!(decode(raw, Plus::Literal).as_deref(), Some(text), "{raw}");
        }
        assert_eq!(decode("a+b%2B", Plus::Space).as_deref(), Some("a b+"));
        for bad in ["%", "%4", "%zz", "%+1", "%ff", "%C3%28"] {
            assert_eq!(decode(bad, Plus::Literal), None, "{bad}");
        }
    }

    #[test]
    fn encodes_what_clients_decode() {
        assert_eq!(encode("foo+1/bar"), "foo%2B1/bar");
        assert_eq!(encode("quux ab/键"), "quux%20ab/%E9%94%AE");
        assert!(matches!(encode("plain-._~/09"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(text in ".{0,64}") {
            let encoded = encode(&text).into_owned();
            prop_assert!(encoded.is_ascii());
            for plus in [Plus::Literal, Plus::Space] {
                let decoded = decode(&encoded, plus);
                prop_assert_eq!(decoded.as_deref(), Some(text.as_str()));
            }
        }
    }
}
