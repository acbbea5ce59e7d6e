//! Signing requests of our own: outgoing clients, the command line, tests.
//!
//! Each function adds to `parts` what its scheme needs and then builds the canonical form with the verifier's own code.
//! Path and query must already be encoded the strict way (RFC 3986 unreserved set): what is signed is what is sent.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_PRESIGN_SECONDS;
use http::header::{AUTHORIZATION, DATE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri};

use super::context::Target;
use super::error::SignError;
use super::header;
use super::keys::{KeyId, SigningKey, SigningKeys, hmac_sha1};
use super::oss_v1;
use super::payload::{ContentSha256, UNSIGNED_PAYLOAD};
use super::percent::encode_query;
use super::query::Reading;
use super::scheme::Scope;
use super::subresource::SubResources;
use super::time::{format_basic, format_http};
use super::v4::{SignedHeaders, Style, canonical_request, sign, style_of};

/// With what a request is signed.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// Which vendor's V4. The V1 functions are OSS whatever this says.
    pub dialect: Dialect,
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The region of the scope. V1 has none.
    pub region: &'a str,
    /// Bucket and key for the OSS schemes, whose path does not always show them. SigV4 signs the path.
    pub target: Target<'a>,
    /// OSS V4: names of headers to sign beyond the default set, lower case; those absent are skipped.
    pub additional_headers: &'a [&'a str],
    /// The signed time.
    pub now: Timestamp,
    /// Derived keys of earlier requests.
    pub keys: &'a SigningKeys,
}

impl fmt::Debug for Signing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Signs with `Authorization` (SigV4 or OSS V4), adding the vendor's date, payload and token headers and, for SigV4, a
/// `Host` taken from the URI if there is none. SigV4 then signs every header except those that a hop may change.
pub fn sign_v4_headers(parts: &mut Parts, payload: ContentSha256, signing: &Signing<'_>) -> Result<(), SignError> {
    let style = style_of(signing.dialect);
    let time = format_basic(signing.now);
    let content = payload.to_string();
    ensure_host(parts, style)?;
    insert(parts, style.date_header, &time)?;
    insert(parts, style.content_header, &content)?;
    if let Some(token) = signing.session_token {
        insert(parts, style.token_header, token)?;
    }
    let scope = scope_of(style, signing, &time);
    let names = header_names(parts, style, signing);
    let signature = signature(parts, style, signing, &scope, &names, &content)?;
    let names = match (style.dialect, names.as_str()) {
        (Dialect::Oss, "") => String::new(),
        (_, names) => format!(",{}={names}", style.header_names_field),
    };
    let (algorithm, id, scope) = (style.algorithm, signing.access_key_id, scope.to_text());
    insert(parts, AUTHORIZATION.as_str(), &format!("{algorithm} Credential={id}/{scope}{names},Signature={signature}"))
}

/// Makes `parts.uri` a presigned URL (SigV4 or OSS V4) that is valid for `lifetime`: whole seconds, 1 to
/// [`MAX_PRESIGN_SECONDS`]. Headers already in `parts` are signed as by [`sign_v4_headers`], and whoever uses the URL
/// must send them.
pub fn presign_v4(parts: &mut Parts, lifetime: Duration, signing: &Signing<'_>) -> Result<(), SignError> {
    let style = style_of(signing.dialect);
    let names = &style.query;
    if !(1..=MAX_PRESIGN_SECONDS).contains(&lifetime.as_secs()) {
        return Err(SignError::malformed(
            names.expires,
            format!("must be between 1 and {MAX_PRESIGN_SECONDS} seconds"),
        ));
    }
    let time = format_basic(signing.now);
    ensure_host(parts, style)?;
    let scope = scope_of(style, signing, &time);
    let credential = format!("{}/{}", signing.access_key_id, scope.to_text());
    let lifetime_s = lifetime.as_secs().to_string();
    let header_names = header_names(parts, style, signing);
    let mut parameters = vec![
        (names.algorithm, style.algorithm),
        (names.credential, &credential),
        (names.date, &time),
        (names.expires, &lifetime_s),
    ];
    if !header_names.is_empty() {
        parameters.push((names.header_names, &header_names));
    }
    if let Some(token) = signing.session_token {
        parameters.push((names.token, token));
    }
    append_query(parts, &parameters)?;
    let signature = signature(parts, style, signing, &scope, &header_names, UNSIGNED_PAYLOAD)?;
    append_query(parts, &[(names.signature, &signature)])
}

/// Signs with `Authorization: OSS …` (V1), adding a `Date` header unless `x-oss-date` is there.
pub fn sign_oss_v1_headers(parts: &mut Parts, signing: &Signing<'_>) -> Result<(), SignError> {
    if let Some(token) = signing.session_token {
        insert(parts, "x-oss-security-token", token)?;
    }
    let date = match header::single(&parts.headers, "x-oss-date")? {
        Some(date) => date.to_owned(),
        None => {
            let date = format_http(signing.now);
            insert(parts, DATE.as_str(), &date)?;
            date
        }
    };
    let signature = v1_signature(parts, &date, signing)?;
    insert(parts, AUTHORIZATION.as_str(), &format!("OSS {}:{signature}", signing.access_key_id))
}

/// Makes `parts.uri` a presigned URL (V1) that is valid through the second `expires_at`.
pub fn presign_oss_v1(parts: &mut Parts, expires_at: Timestamp, signing: &Signing<'_>) -> Result<(), SignError> {
    if let Some(token) = signing.session_token {
        append_query(parts, &[("security-token", token)])?;
    }
    let expires = expires_at.seconds().to_string();
    let signature = v1_signature(parts, &expires, signing)?;
    let id = signing.access_key_id;
    append_query(parts, &[("OSSAccessKeyId", id), ("Expires", &expires), ("Signature", &signature)])
}

fn v1_signature(parts: &Parts, date_line: &str, signing: &Signing<'_>) -> Result<String, SignError> {
    let message = oss_v1::string_to_sign(parts, date_line, &signing.target, SubResources::ListedAndPrefixed)?;
    Ok(BASE64.encode(hmac_sha1(signing.secret, &message)))
}

fn scope_of(style: &Style, signing: &Signing<'_>, time: &str) -> Scope {
    let date = time.split_once('T').map_or(time, |(date, _)| date).into();
    let service = style.services[0].into();
    Scope { date, region: signing.region.into(), service, terminator: style.terminator }
}

/// The names to list, joined by `;`.
fn header_names(parts: &Parts, style: &Style, signing: &Signing<'_>) -> String {
    let mut names: Vec<&str> = match style.dialect {
        Dialect::S3 => parts.headers.keys().map(HeaderName::as_str).filter(|name| !changes_on_the_way(name)).collect(),
        Dialect::Oss => signing.additional_headers.to_vec(),
    };
    names.retain(|name| parts.headers.contains_key(*name));
    names.sort_unstable();
    names.dedup();
    names.join(";")
}

/// Headers that the transport or a proxy owns; signing them would break the signature under way.
fn changes_on_the_way(name: &str) -> bool {
    matches!(
        name,
        "accept-encoding"
            | "authorization"
            | "connection"
            | "content-length"
            | "expect"
            | "keep-alive"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "user-agent"
            | "via"
    )
}

fn signature(
    parts: &Parts,
    style: &Style,
    signing: &Signing<'_>,
    scope: &Scope,
    header_names: &str,
    content: &str,
) -> Result<String, SignError> {
    let headers = SignedHeaders::resolve(parts, style, header_names)?;
    let canonical = canonical_request(parts, style, &signing.target, &headers, content, Reading::Strict)?;
    let id = KeyId::new(signing.access_key_id, style.secret_prefix, signing.secret, scope);
    let key = signing.keys.find(&id).unwrap_or_else(|| {
        let key = SigningKey::derive(style.secret_prefix, signing.secret, scope);
        signing.keys.remember(id, key.clone());
        key
    });
    Ok(hex::encode(sign(style, &key, &format_basic(signing.now), scope, &canonical)))
}

/// Sets `Host` as HTTP/1.1 clients send it. SigV4 cannot do without; OSS signs the bucket instead.
fn ensure_host(parts: &mut Parts, style: &Style) -> Result<(), SignError> {
    match header::host(parts) {
        Ok(host) => {
            let host = host.into_owned();
            insert(parts, HOST.as_str(), &host)
        }
        Err(SignError::MissingHeader { .. }) if style.dialect == Dialect::Oss => Ok(()),
        Err(error) => Err(error),
    }
}

fn insert(parts: &mut Parts, name: &'static str, text: &str) -> Result<(), SignError> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| SignError::malformed(name, "not allowed in a header value"))?;
    value.set_sensitive(name == AUTHORIZATION.as_str());
    parts.headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

fn append_query(parts: &mut Parts, parameters: &[(&str, &str)]) -> Result<(), SignError> {
    let mut target = parts.uri.path().as_bytes().to_vec();
    let mut separator = b'?';
    if let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) {
        target.push(b'?');
        target.extend_from_slice(query.as_bytes());
        separator = b'&';
    }
    for (name, value) in parameters {
        target.push(separator);
        encode_query(&mut target, name.as_bytes());
        target.push(b'=');
        encode_query(&mut target, value.as_bytes());
        separator = b'&';
    }
    let mut uri = parts.uri.clone().into_parts();
    let too_long = |_| SignError::malformed("uri", "too long");
    uri.path_and_query = Some(PathAndQuery::try_from(target).map_err(too_long)?);
    parts.uri = Uri::from_parts(uri).map_err(|_| SignError::malformed("uri", "cannot take a query"))?;
    Ok(())
}
