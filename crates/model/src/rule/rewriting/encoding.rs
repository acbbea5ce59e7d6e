//! Percent-encoding (RFC 3986 section 2).

/// Encodes every byte but the unreserved ones (`A-Z a-z 0-9 - . _ ~`) and `/`. Sub-delimiters are encoded too, because
/// signatures of both vendors are computed over that form.
pub fn encode_key(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + key.len() / 4);
    push_key(&mut out, key);
    out
}

/// Appends what [`encode_key`] returns.
pub(super) fn push_key(out: &mut String, key: &str) {
    push_encoded(out, key, |byte| is_unreserved(byte) || byte == b'/');
}

/// Appends the path of a rule's URL: what is a legal path (RFC 3986 section 3.3), escapes included, stays as written.
pub(super) fn push_path(out: &mut String, path: &str) {
    push_encoded(out, path, |byte| {
        is_unreserved(byte) || is_sub_delimiter(byte) || matches!(byte, b':' | b'@' | b'/' | b'%')
    });
}

/// Appends `?` and a client's query as it came. Bytes that no request line can carry are encoded, so that the result is
/// safe as a header value wherever the query came from.
pub(super) fn push_query(out: &mut String, query: &str) {
    out.push('?');
    push_encoded(out, query, |byte| byte.is_ascii_graphic() && byte != b'#');
}

/// Appends a host: what is not legal in one is encoded, so that the result is safe as a header value.
pub(super) fn push_host(out: &mut String, host: &str) {
    push_encoded(out, host, |byte| is_unreserved(byte) || is_sub_delimiter(byte) || matches!(byte, b':' | b'[' | b']'));
}

fn push_encoded(out: &mut String, text: &str, stays: impl Fn(u8) -> bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 0xf)]));
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_sub_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}
