//! OSS V2: HMAC-SHA256 over the whole query and the headers that the client names.
//!
//! ```text
//! METHOD ⏎ Content-MD5 ⏎ Content-Type ⏎ Date or x-oss-expires ⏎ (x-oss-name:value ⏎ | additional:value ⏎)*
//! additional;headers ⏎ %2Fbucket%2Fkey[?query, sorted]
//! ```
//! Alibaba calls it outdated and signs with V4; old programs and set-ups still use it. Nothing of the body is covered.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::clock::Timestamp;
use http::header::DATE;
use http::request::Parts;
use subtle::ConstantTimeEq;

use super::context::{Target, VerifyContext};
use super::error::{Mismatch, SignError};
use super::header::{self, Blanks};
use super::keys::hmac_sha256;
use super::payload::PayloadMode;
use super::percent::encode_query;
use super::query::{self, Reading};
use super::scheme::{Credentials, V2Claim};
use super::time::{check_expires, check_skew, parse_basic, parse_http};
use super::verified::Verified;

const OSS_DATE: &str = "x-oss-date";

/// Checks a V2 signature; see [`super::verify`].
pub(super) fn verify(
    parts: &Parts,
    credentials: &Credentials,
    claim: &V2Claim,
    secret: &str,
    context: &VerifyContext<'_>,
) -> Result<Verified, SignError> {
    let date_line = date_line(parts, claim, context.now)?;
    let additional = additional_headers(&claim.additional_headers);
    if let Some(name) =
        header::names_with_prefix(&parts.headers, "x-amz-").iter().find(|name| !additional.contains(name))
    {
        return Err(SignError::HeaderNotSigned { name: (*name).into() });
    }
    let message = string_to_sign(parts, &date_line, &context.target, &additional)?;
    let provided = BASE64.decode(&claim.signature).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if !provided.is_some_and(|provided| hmac_sha256(secret, &message).ct_eq(&provided).into()) {
        return Err(SignError::Mismatch(Box::new(Mismatch {
            string_to_sign: String::from_utf8_lossy(&message).into_owned(),
            canonical_request: None,
            provided: claim.signature.clone(),
        })));
    }
    Ok(Verified {
        scheme: credentials.scheme,
        access_key_id: credentials.access_key_id.clone(),
        session_token: credentials.session_token.clone(),
        payload: PayloadMode::Unsigned,
        sub_resources: None,
    })
}

/// The names of headers that are signed beside those of the vendor, sorted.
fn additional_headers(list: &str) -> Vec<&str> {
    let mut names: Vec<&str> = list.split(';').filter(|name| !name.is_empty() && !name.starts_with("x-oss-")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The Date line, after checking that it holds now.
fn date_line<'a>(parts: &'a Parts, claim: &'a V2Claim, now: Timestamp) -> Result<Cow<'a, str>, SignError> {
    if let Some(expires) = &claim.expires {
        check_expires(expires, "x-oss-expires", now)?;
        return Ok(Cow::Borrowed(expires));
    }
    let own = header::single(&parts.headers, OSS_DATE)?;
    let date = header::single(&parts.headers, DATE.as_str())?;
    let text = own.or(date).ok_or(SignError::MissingDate)?;
    check_skew(parse_http(text).or_else(|| parse_basic(text)).ok_or(SignError::MissingDate)?, now)?;
    // Beside `x-oss-date`, which is signed as a header, the line is whatever `Date` is.
    Ok(Cow::Borrowed(date.unwrap_or_default()))
}

/// The message of the HMAC.
pub(super) fn string_to_sign(
    parts: &Parts,
    date_line: &str,
    target: &Target<'_>,
    additional: &[&str],
) -> Result<Vec<u8>, SignError> {
    let mut out = header::first_lines(parts, date_line);
    let mut names = header::names_with_prefix(&parts.headers, "x-oss-");
    names.extend(additional.iter().filter(|name| parts.headers.contains_key(**name)));
    names.sort_unstable();
    for name in names {
        let values = parts.headers.get_all(name).iter().map(http::HeaderValue::as_bytes);
        header::write_line(&mut out, name, values, Blanks::Keep);
    }
    out.extend_from_slice(additional.join(";").as_bytes());
    out.push(b'\n');
    encode_query(&mut out, b"/");
    if let Some(bucket) = target.bucket {
        encode_query(&mut out, bucket.as_bytes());
        encode_query(&mut out, b"/");
        encode_query(&mut out, target.key.unwrap_or_default().as_bytes());
    }
    let mut parameters = Vec::new();
    query::write_canonical(&mut parameters, &parts.uri, Reading::Strict, "x-oss-signature", "")?;
    if !parameters.is_empty() {
        out.push(b'?');
        out.append(&mut parameters);
    }
    Ok(out)
}
