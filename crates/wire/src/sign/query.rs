//! Query parameters as the canonical forms need them: in pairs, still encoded.

use std::borrow::Cow;

use http::Uri;
use http::request::Parts;

use super::error::SignError;
use super::percent::{decode_query, encode_query};
use super::subresource::SubResources;

/// How the client's spelling is read when a canonical form is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Escapes decoded and encoded again the strict way, blanks collapsed where the vendor does: the documented form.
    Strict,
    /// The bytes as sent: some clients sign their own looser spelling.
    AsSent,
}

/// The `name=value` pairs of a request's query, in order, without empty segments. A name without `=` has an empty value.
pub(super) fn pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let segments = uri.query().unwrap_or_default().split('&');
    segments.filter(|segment| !segment.is_empty()).map(|segment| segment.split_once('=').unwrap_or((segment, "")))
}

/// The bytes that a name or value means.
pub(super) fn decoded(raw: &str) -> Result<Cow<'_, [u8]>, SignError> {
    decode_query(raw).ok_or_else(|| SignError::malformed("query", "invalid percent-encoding"))
}

/// The text that a name or value means.
pub(super) fn decoded_text(raw: &str, field: &'static str) -> Result<String, SignError> {
    String::from_utf8(decoded(raw)?.into_owned()).map_err(|_| SignError::malformed(field, "not UTF-8"))
}

/// Appends the canonical query of the V4 schemes: pairs encoded, sorted, joined; `without` (the signature's own name)
/// left out. `bare` is what stands behind a name whose value is empty: `=` for AWS, nothing for OSS.
pub(super) fn write_canonical(
    out: &mut Vec<u8>,
    uri: &Uri,
    reading: Reading,
    without: &str,
    bare: &str,
) -> Result<(), SignError> {
    let mut encoded = Vec::new();
    for (name, value) in pairs(uri) {
        if *decoded(name)? != *without.as_bytes() {
            encoded.push((encoded_as(name, reading)?, encoded_as(value, reading)?));
        }
    }
    encoded.sort();
    for (index, (name, value)) in encoded.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        if value.is_empty() {
            out.extend_from_slice(bare.as_bytes());
        } else {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    Ok(())
}

/// Appends the signed parameters of the schemes that sign only some: decoded, sorted, after a `?`.
pub(super) fn write_sub_resources(out: &mut Vec<u8>, parts: &Parts, signed: SubResources) -> Result<(), SignError> {
    let mut found = Vec::new();
    for (name, value) in pairs(&parts.uri) {
        let name = decoded(name)?;
        if std::str::from_utf8(&name).is_ok_and(|name| signed.contains(name)) {
            let value = decoded(value)?;
            // Values are signed as they are: a signed parameter must not be hidden in the value of another.
            if hides_another(&value, signed) {
                return Err(SignError::malformed("query", "the value of a signed parameter contains another one"));
            }
            found.push((name, value));
        }
    }
    // Stable: parameters sent twice keep their order.
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    for (index, (name, value)) in found.iter().enumerate() {
        out.push(if index == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name);
        if !value.is_empty() {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    Ok(())
}

/// Whether the value has a `&` before the name of a signed parameter.
fn hides_another(value: &[u8], signed: SubResources) -> bool {
    value.split(|byte| *byte == b'&').skip(1).any(|pair| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        std::str::from_utf8(name).is_ok_and(|name| signed.contains(name))
    })
}

fn encoded_as(raw: &str, reading: Reading) -> Result<Cow<'_, [u8]>, SignError> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if raw.bytes().all(unreserved) {
        return Ok(Cow::Borrowed(raw.as_bytes()));
    }
    match reading {
        Reading::Strict => {
            let mut out = Vec::with_capacity(raw.len() + 16);
            encode_query(&mut out, &decoded(raw)?);
            Ok(Cow::Owned(out))
        }
        Reading::AsSent if raw.contains('+') => Ok(Cow::Owned(raw.replace('+', "%20").into_bytes())),
        Reading::AsSent => Ok(Cow::Borrowed(raw.as_bytes())),
    }
}
