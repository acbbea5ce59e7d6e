//! The V4 schemes: AWS SigV4 and OSS V4, one algorithm in two vocabularies.
//!
//! ```text
//! canonical request = METHOD ⏎ path ⏎ query ⏎ (name:value ⏎)* ⏎ header names ⏎ payload
//! string to sign    = algorithm ⏎ time ⏎ scope ⏎ hex(sha256(canonical request))
//! signature         = hex(HMAC(key(secret, scope), string to sign))
//! ```
//! They differ in the path (AWS: as sent; OSS: `/bucket/key`), in the header names (AWS: all that are signed; OSS: those
//! signed beyond its default set) and in the words of [`Style`].
//!
//! A client may encode its path and query more loosely than the vendors document, or leave runs of blanks in a header,
//! and sign what it sent. So the documented form is tried first and the bytes as sent second; both bind the same path,
//! parameters and header values.

mod canonical;
mod style;

use std::borrow::Cow;
use std::time::Duration;

use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_PRESIGN_SECONDS;
use http::header::DATE;
use http::request::Parts;
use subtle::ConstantTimeEq;

pub(super) use canonical::{SignedHeaders, canonical_request};
pub(super) use style::{AWS, OSS, Style, style_of};

use super::context::VerifyContext;
use super::error::{Mismatch, SignError};
use super::header;
use super::keys::{KeyId, SigningKey, sha256};
use super::payload::{ChunkSeed, ContentSha256, EMPTY_DIGEST, PayloadMode, UNSIGNED_PAYLOAD, decode_hex};
use super::query::{self, Reading};
use super::scheme::{Credentials, PresignedTimes, Scope, V4Claim};
use super::time::{check_presigned, check_skew, format_basic, parse_basic, parse_http};
use super::verified::Verified;

/// Checks a V4 signature; see [`super::verify`].
pub(super) fn verify(
    parts: &Parts,
    credentials: &Credentials,
    claim: &V4Claim,
    secret: &str,
    context: &VerifyContext<'_>,
) -> Result<Verified, SignError> {
    let (style, scope) = (claim.style, &claim.scope);
    if let Some(expected) = context.strict_region.filter(|expected| *expected != scope.region) {
        return Err(SignError::WrongRegion { signed: scope.region.clone(), expected: expected.into() });
    }
    let time = signed_time(parts, claim, context.now)?;
    if !time.starts_with(&scope.date) {
        return Err(SignError::malformed("Credential", format!("date {:?} is not that of the request", scope.date)));
    }
    let headers = SignedHeaders::resolve(parts, style, &claim.header_names)?;
    headers.require_vendor_headers(parts, style)?;
    let payload_line = payload_line(parts, claim)?;
    let payload = parse_payload(&payload_line, style)?;

    let id = KeyId::new(&credentials.access_key_id, style.secret_prefix, secret, scope);
    let known = context.keys.find(&id);
    let derived = known.is_none();
    let key = known.unwrap_or_else(|| SigningKey::derive(style.secret_prefix, secret, scope));

    let canonical = |reading| canonical_request(parts, style, &context.target, &headers, &payload_line, reading);
    let strict = canonical(Reading::Strict)?;
    let scope_text = scope.to_text();
    let matches = |canonical: &[u8]| signature_matches(&key, style, &time, &scope_text, canonical, &claim.signature);
    if !matches(&strict) && {
        let as_sent = canonical(Reading::AsSent)?;
        as_sent == strict || !matches(&as_sent)
    } {
        return Err(SignError::Mismatch(Box::new(Mismatch {
            string_to_sign: shown(&to_sign(style, &time, &scope_text, &hex_digest(&strict)).concat()),
            canonical_request: Some(shown(&strict)),
            provided: claim.signature.clone(),
        })));
    }
    if derived {
        context.keys.remember(id, key.clone());
    }
    let seed = || ChunkSeed {
        key,
        timestamp: time.into_owned(),
        scope: scope_text.clone(),
        signature: decode_hex(&claim.signature).expect("a signature that matched is 32 bytes of hex"),
    };
    Ok(Verified {
        scheme: credentials.scheme,
        access_key_id: credentials.access_key_id.clone(),
        session_token: credentials.session_token.clone(),
        payload: PayloadMode::new(payload, seed),
        sub_resources: None,
    })
}

fn signature_matches(
    key: &SigningKey,
    style: &Style,
    time: &str,
    scope: &str,
    canonical: &[u8],
    provided: &str,
) -> bool {
    let computed = key.sign(&to_sign(style, time, scope, &hex_digest(canonical)));
    decode_hex(provided).is_some_and(|provided| computed.ct_eq(&provided).into())
}

/// The string to sign of a canonical request that has this digest, in pieces: nothing is put together for it.
fn to_sign<'a>(style: &Style, time: &'a str, scope: &'a str, digest: &'a [u8; 64]) -> [&'a [u8]; 7] {
    [style.algorithm.as_bytes(), b"\n", time.as_bytes(), b"\n", scope.as_bytes(), b"\n", digest]
}

fn hex_digest(canonical: &[u8]) -> [u8; 64] {
    let mut digits = [0; 64];
    hex::encode_to_slice(sha256(canonical), &mut digits).expect("a digest has two digits a byte");
    digits
}

/// What was signed, as the error tells it.
fn shown(signed: &[u8]) -> String {
    String::from_utf8_lossy(signed).into_owned()
}

/// The signed time as its canonical text, after checking that it holds now.
fn signed_time<'a>(parts: &'a Parts, claim: &'a V4Claim, now: Timestamp) -> Result<Cow<'a, str>, SignError> {
    if let Some(PresignedTimes { date, expires }) = &claim.presigned {
        let names = &claim.style.query;
        let signed_at =
            parse_basic(date).ok_or_else(|| SignError::malformed(names.date, "expected yyyymmddThhmmssZ"))?;
        check_presigned(signed_at, parse_lifetime(expires, claim.style)?, now)?;
        return Ok(Cow::Borrowed(date));
    }
    let (time, text) = match header::single(&parts.headers, claim.style.date_header)? {
        Some(text) => (parse_basic(text), Cow::Borrowed(text)),
        None => {
            let text = header::single(&parts.headers, DATE.as_str())?.ok_or(SignError::MissingDate)?;
            let time = parse_http(text).or_else(|| parse_basic(text));
            (time, Cow::Owned(time.map(format_basic).unwrap_or_default()))
        }
    };
    check_skew(time.ok_or(SignError::MissingDate)?, now)?;
    Ok(text)
}

fn parse_lifetime(text: &str, style: &Style) -> Result<Duration, SignError> {
    let field = style.query.expires;
    if !text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignError::malformed(field, "expected a number of seconds"));
    }
    let seconds = text.parse::<u64>().ok().filter(|seconds| (1..=MAX_PRESIGN_SECONDS).contains(seconds));
    let refused = || match style.dialect {
        Dialect::Oss => SignError::malformed(field, format!("must be between 1 and {MAX_PRESIGN_SECONDS} seconds")),
        Dialect::S3 => SignError::LifetimeOutOfRange,
    };
    seconds.map(Duration::from_secs).ok_or_else(refused)
}

/// The payload line of the canonical request. A presigned URL may name it in the query or a header, and need not.
fn payload_line<'a>(parts: &'a Parts, claim: &V4Claim) -> Result<Cow<'a, str>, SignError> {
    let style = claim.style;
    let in_header = header::single(&parts.headers, style.content_header)?.map(Cow::Borrowed);
    if claim.presigned.is_none() && style.dialect == Dialect::S3 {
        let missing = SignError::MissingHeader { name: style.content_header };
        // Some tools sign an empty body without saying so. The digest stands for what was not said, and the body is
        // held to it as to any other.
        let empty = || header::announces_no_body(parts).then_some(Cow::Borrowed(EMPTY_DIGEST));
        return in_header.or_else(empty).ok_or(missing);
    }
    let mut content = in_header;
    if claim.presigned.is_some() {
        for (name, value) in query::pairs(&parts.uri) {
            if *query::decoded(name)? == *style.query.content.as_bytes() {
                let value = query::decoded_text(value, style.query.content)?;
                if content.as_ref().is_some_and(|other| **other != *value) {
                    return Err(SignError::malformed(style.query.content, "two values that differ"));
                }
                content = Some(Cow::Owned(value));
            }
        }
    }
    Ok(content.unwrap_or(Cow::Borrowed(UNSIGNED_PAYLOAD)))
}

fn parse_payload(text: &str, style: &Style) -> Result<ContentSha256, SignError> {
    ContentSha256::parse(text)
        // The chunked coding is AWS's alone.
        .filter(|payload| style.dialect == Dialect::S3 || !payload.is_chunked())
        .ok_or_else(|| SignError::UnknownPayloadMode { value: text.into() })
}

/// Signs a canonical request: the signature's 32 bytes.
pub(super) fn sign(style: &Style, key: &SigningKey, time: &str, scope: &Scope, canonical: &[u8]) -> [u8; 32] {
    key.sign(&to_sign(style, time, &scope.to_text(), &hex_digest(canonical)))
}
