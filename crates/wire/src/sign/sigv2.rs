//! AWS Signature Version 2: HMAC-SHA1, what older clients sign with, and what current ones make URLs with unless told.
//!
//! ```text
//! METHOD ⏎ Content-MD5 ⏎ Content-Type ⏎ Date or Expires ⏎ (x-amz-name:value ⏎)* [/bucket]path[?sub-resources]
//! ```
//! The Date line is empty beside `x-amz-date`. Of a URL, parameters named like headers (`x-amz-…`) count as those
//! headers. The path is signed as it was sent, with the bucket before it where the host names the bucket; of a bucket by
//! itself also with the slash that ends `/bucket/`, which boto3 signs without sending it. The scheme covers no other header
//! and no other parameter ([`super::Verified::covers_query`] tells), and nothing of the body.
//! Source: "Signing and authenticating REST requests" of the Amazon S3 User Guide.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::clock::Timestamp;
use http::header::DATE;
use http::request::Parts;
use subtle::ConstantTimeEq;

use super::context::{Target, VerifyContext};
use super::error::{Mismatch, SignError};
use super::header;
use super::keys::hmac_sha1;
use super::payload::PayloadMode;
use super::percent::decode_path;
use super::query;
use super::scheme::{Credentials, V1Claim};
use super::subresource::SubResources;
use super::time::{check_expires, check_skew, parse_basic, parse_http};
use super::verified::Verified;

const AMZ_PREFIX: &str = "x-amz-";
const AMZ_DATE: &str = "x-amz-date";

/// Checks a signature; see [`super::verify`].
pub(super) fn verify(
    parts: &Parts,
    credentials: &Credentials,
    claim: &V1Claim,
    secret: &str,
    context: &VerifyContext<'_>,
) -> Result<Verified, SignError> {
    let date_line = date_line(parts, claim, context.now)?;
    // A vendor header of the other dialect is never signed, so always a later addition.
    if let Some(name) = header::names_with_prefix(&parts.headers, "x-oss-").first() {
        return Err(SignError::HeaderNotSigned { name: (*name).into() });
    }
    let presigned = credentials.scheme.is_presigned();
    let message = string_to_sign(parts, &date_line, &context.target, presigned)?;
    let provided = BASE64.decode(&claim.signature).ok().and_then(|bytes| <[u8; 20]>::try_from(bytes).ok());
    let matches = |message: &[u8]| provided.is_some_and(|provided| hmac_sha1(secret, message).ct_eq(&provided).into());
    let mut signed = matches(&message);
    if !signed && names_only_bucket(parts.uri.path(), &context.target) {
        signed = matches(&message_of(parts, &date_line, &context.target, presigned, "/")?);
    }
    if !signed {
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
        sub_resources: Some(SubResources::Aws),
    })
}

/// Whether a parameter of a URL is signed as a header, or is one of the scheme's own.
pub(super) fn covers_parameter(name: &str) -> bool {
    is_amz(name) || matches!(name, "AWSAccessKeyId" | "Expires" | "Signature")
}

fn is_amz(name: &str) -> bool {
    name.as_bytes().get(..AMZ_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(AMZ_PREFIX.as_bytes()))
}

/// The Date line, after checking that it holds now: `Expires`; nothing, if `x-amz-date` stands in for it; else `Date`.
fn date_line<'a>(parts: &'a Parts, claim: &'a V1Claim, now: Timestamp) -> Result<Cow<'a, str>, SignError> {
    if let Some(expires) = &claim.expires {
        check_expires(expires, "Expires", now)?;
        return Ok(Cow::Borrowed(expires));
    }
    let stand_in = header::single(&parts.headers, AMZ_DATE)?;
    let date = header::single(&parts.headers, DATE.as_str())?;
    let text = stand_in.or(date).ok_or(SignError::MissingDate)?;
    check_skew(parse_http(text).or_else(|| parse_basic(text)).ok_or(SignError::MissingDate)?, now)?;
    Ok(Cow::Borrowed(if stand_in.is_some() { "" } else { text }))
}

/// The message of the HMAC.
pub(super) fn string_to_sign(
    parts: &Parts,
    date_line: &str,
    target: &Target<'_>,
    presigned: bool,
) -> Result<Vec<u8>, SignError> {
    message_of(parts, date_line, target, presigned, "")
}

/// The message with `ending` behind the path.
fn message_of(
    parts: &Parts,
    date_line: &str,
    target: &Target<'_>,
    presigned: bool,
    ending: &str,
) -> Result<Vec<u8>, SignError> {
    let mut out = header::first_lines(parts, date_line);
    for (name, value) in amz_fields(parts, presigned)? {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(&value);
        out.push(b'\n');
    }
    let path = parts.uri.path();
    if let Some(bucket) = target.bucket.filter(|_| !names_bucket(path, target.key)) {
        out.push(b'/');
        out.extend_from_slice(bucket.as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(ending.as_bytes());
    query::write_sub_resources(&mut out, parts, SubResources::Aws)?;
    Ok(out)
}

/// Whether the path is `/bucket`, without the slash that may end it.
fn names_only_bucket(path: &str, target: &Target<'_>) -> bool {
    target.key.is_none() && target.bucket.is_some() && path.len() > 1 && !path.ends_with('/')
}

/// Whether the path begins with the bucket: else it is the key alone.
fn names_bucket(path: &str, key: Option<&str>) -> bool {
    let decoded = decode_path(path);
    decoded.is_none_or(|decoded| decoded.strip_prefix(b"/").unwrap_or(&decoded) != key.unwrap_or_default().as_bytes())
}

/// The vendor's headers by name, their values joined; those of a URL may be in its query instead.
fn amz_fields(parts: &Parts, presigned: bool) -> Result<BTreeMap<String, Vec<u8>>, SignError> {
    let mut fields = BTreeMap::new();
    for name in header::names_with_prefix(&parts.headers, AMZ_PREFIX) {
        let values = parts.headers.get_all(name).iter().map(|value| value.as_bytes().trim_ascii());
        fields.insert(name.to_owned(), values.collect::<Vec<_>>().join(&b','));
    }
    if !presigned {
        return Ok(fields);
    }
    let mut parameters: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, value) in query::pairs(&parts.uri) {
        let name = query::decoded_text(name, "query")?;
        if is_amz(&name) {
            let value = query::decoded(value)?;
            let values = parameters.entry(name.to_ascii_lowercase()).or_default();
            if !values.is_empty() {
                values.push(b',');
            }
            values.extend_from_slice(value.trim_ascii());
        }
    }
    // A field that comes in both places must be the same in both: whoever reads the request sees to that.
    for (name, value) in parameters {
        fields.entry(name).or_insert(value);
    }
    Ok(fields)
}
