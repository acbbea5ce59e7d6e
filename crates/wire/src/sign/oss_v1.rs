//! OSS V1: HMAC-SHA1 over five lines.
//!
//! ```text
//! METHOD ⏎ Content-MD5 ⏎ Content-Type ⏎ Date or Expires ⏎ (x-oss-name:value ⏎)* /bucket/key[?sub-resources]
//! ```
//! The scheme covers neither other headers nor other query parameters ([`super::Verified::covers_query`] tells), and it
//! puts the key unescaped before the `?`: what it cannot tell apart, we cannot either.

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
use super::keys::hmac_sha1;
use super::payload::PayloadMode;
use super::query;
use super::scheme::{Credentials, V1Claim};
use super::subresource::SubResources;
use super::time::{check_expires, check_skew, parse_basic, parse_http};
use super::verified::Verified;

const OSS_DATE: &str = "x-oss-date";

/// Checks a V1 signature; see [`super::verify`].
pub(super) fn verify(
    parts: &Parts,
    credentials: &Credentials,
    claim: &V1Claim,
    secret: &str,
    context: &VerifyContext<'_>,
) -> Result<Verified, SignError> {
    let date_line = date_line(parts, claim, context.now)?;
    // OSS V1 signs no foreign header, so a vendor header of the other dialect is always a later addition.
    if let Some(name) = header::names_with_prefix(&parts.headers, "x-amz-").first() {
        return Err(SignError::HeaderNotSigned { name: (*name).into() });
    }
    let provided = BASE64.decode(&claim.signature).ok().and_then(|bytes| <[u8; 20]>::try_from(bytes).ok());
    let mut tried: Vec<Vec<u8>> = Vec::new();
    // Some clients sign the bucket as they name it in the path, without the slash behind it.
    let slashes =
        if names_bucket_alone(parts, &context.target) { &[Slash::Always, Slash::AsSent][..] } else { &[Slash::Always] };
    for (reading, slash) in
        SubResources::READINGS.into_iter().flat_map(|reading| slashes.iter().map(move |slash| (reading, *slash)))
    {
        let message = message(parts, &date_line, &context.target, reading, slash)?;
        if tried.contains(&message) {
            continue;
        }
        let computed = hmac_sha1(secret, &message);
        if provided.is_some_and(|provided| computed.ct_eq(&provided).into()) {
            return Ok(verified(credentials, reading));
        }
        tried.push(message);
    }
    Err(SignError::Mismatch(Box::new(Mismatch {
        string_to_sign: String::from_utf8_lossy(&tried.swap_remove(0)).into_owned(),
        canonical_request: None,
        provided: claim.signature.clone(),
    })))
}

fn verified(credentials: &Credentials, reading: SubResources) -> Verified {
    Verified {
        scheme: credentials.scheme,
        access_key_id: credentials.access_key_id.clone(),
        session_token: credentials.session_token.clone(),
        payload: PayloadMode::Unsigned,
        sub_resources: Some(reading),
    }
}

/// Whether a query parameter is one of the scheme's own, checked by the scheme itself.
pub(super) fn is_auth_parameter(name: &str) -> bool {
    matches!(name, "OSSAccessKeyId" | "Expires" | "Signature")
}

/// The Date line, after checking that it holds now: `Expires`, else `x-oss-date`, else `Date`.
fn date_line<'a>(parts: &'a Parts, claim: &'a V1Claim, now: Timestamp) -> Result<Cow<'a, str>, SignError> {
    if let Some(expires) = &claim.expires {
        check_expires(expires, "Expires", now)?;
        return Ok(Cow::Borrowed(expires));
    }
    let text = match header::single(&parts.headers, OSS_DATE)? {
        Some(text) => text,
        None => header::single(&parts.headers, DATE.as_str())?.ok_or(SignError::MissingDate)?,
    };
    check_skew(parse_http(text).or_else(|| parse_basic(text)).ok_or(SignError::MissingDate)?, now)?;
    Ok(Cow::Borrowed(text))
}

/// Whether a slash is signed behind a bucket without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slash {
    /// As the vendor documents.
    Always,
    /// If the path has one.
    AsSent,
}

fn names_bucket_alone(parts: &Parts, target: &Target<'_>) -> bool {
    target.key.is_none() && target.bucket.is_some_and(|bucket| parts.uri.path().strip_prefix('/') == Some(bucket))
}

/// The message of the HMAC, as the vendor documents it.
pub(super) fn string_to_sign(
    parts: &Parts,
    date_line: &str,
    target: &Target<'_>,
    signed: SubResources,
) -> Result<Vec<u8>, SignError> {
    message(parts, date_line, target, signed, Slash::Always)
}

fn message(
    parts: &Parts,
    date_line: &str,
    target: &Target<'_>,
    signed: SubResources,
    slash: Slash,
) -> Result<Vec<u8>, SignError> {
    let mut out = header::first_lines(parts, date_line);
    for name in header::names_with_prefix(&parts.headers, "x-oss-") {
        let values = parts.headers.get_all(name).iter().map(http::HeaderValue::as_bytes);
        header::write_line(&mut out, name, values, Blanks::Keep);
    }
    out.push(b'/');
    if let Some(bucket) = target.bucket {
        out.extend_from_slice(bucket.as_bytes());
        if slash == Slash::Always {
            out.push(b'/');
        }
        out.extend_from_slice(target.key.unwrap_or_default().as_bytes());
    }
    query::write_sub_resources(&mut out, parts, signed)?;
    Ok(out)
}
