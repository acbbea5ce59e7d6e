//! The canonical request of the V4 schemes.

use headwater_model::bucket::Dialect;
use http::header::HOST;
use http::request::Parts;

use super::style::Style;
use crate::sign::context::Target;
use crate::sign::error::SignError;
use crate::sign::header::{self, Blanks};
use crate::sign::percent::{decode_path, encode_path};
use crate::sign::query::{self, Reading};

/// The headers of a canonical request: which lines it has, and which names it lists.
pub(in crate::sign) struct SignedHeaders<'a> {
    /// Lower-case names of the header lines, sorted.
    lines: Vec<&'a str>,
    /// Names listed below the lines: all (AWS), or those beyond the default set (OSS). Sorted.
    listed: Vec<&'a str>,
}

impl<'a> SignedHeaders<'a> {
    /// From the names a claim lists, joined by `;`.
    pub(in crate::sign) fn resolve(parts: &'a Parts, style: &Style, names: &'a str) -> Result<Self, SignError> {
        let field = style.header_names_field;
        let mut listed: Vec<&str> = names.split(';').map(str::trim).filter(|name| !name.is_empty()).collect();
        listed.sort_unstable();
        if listed.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(SignError::malformed(field, "a name is listed twice"));
        }
        if listed.iter().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase())) {
            return Err(SignError::malformed(field, "names must be lower case"));
        }
        if style.dialect == Dialect::S3 {
            return Ok(Self { lines: listed.clone(), listed });
        }
        listed.retain(|name| !signed_by_default(name) && (*name == "host" || parts.headers.contains_key(*name)));
        let mut lines = header::names_with_prefix(&parts.headers, "x-oss-");
        lines.extend(["content-md5", "content-type"].iter().filter(|name| parts.headers.contains_key(**name)));
        lines.extend(&listed);
        lines.sort_unstable();
        Ok(Self { lines, listed })
    }

    /// Refuses unsigned headers that would change what the request means.
    pub(super) fn require_vendor_headers(&self, parts: &Parts, style: &Style) -> Result<(), SignError> {
        let signed = |name: &str| self.lines.binary_search(&name).is_ok();
        let unsigned = |name: &str| Err(SignError::HeaderNotSigned { name: name.into() });
        if style.dialect == Dialect::S3 && !signed("host") {
            return unsigned("host");
        }
        // Of the unsigned ones the first by name, so that the answer does not depend on the order of arrival.
        let vendor = parts.headers.keys().map(http::HeaderName::as_str).filter(|name| header::is_vendor_header(name));
        vendor.filter(|name| !signed(name)).min().map_or(Ok(()), unsigned)
    }

    fn write(&self, out: &mut Vec<u8>, parts: &Parts, blanks: Blanks) -> Result<(), SignError> {
        for name in &self.lines {
            let mut values = parts.headers.get_all(*name).iter().map(http::HeaderValue::as_bytes).peekable();
            if *name == HOST.as_str() {
                header::write_line(out, name, std::iter::once(header::host(parts)?.trim().as_bytes()), blanks);
            } else if values.peek().is_some() {
                header::write_line(out, name, values, blanks);
            } else if *name == "expect" {
                // Proxies consume it; RFC 9110 section 10.1.1 knows this one value.
                header::write_line(out, name, std::iter::once(b"100-continue".as_slice()), blanks);
            } else {
                return Err(SignError::HeaderNotSigned { name: (*name).into() });
            }
        }
        out.push(b'\n');
        out.extend_from_slice(self.listed.join(";").as_bytes());
        Ok(())
    }
}

/// What OSS V4 signs without listing it.
fn signed_by_default(name: &str) -> bool {
    name.starts_with("x-oss-") || matches!(name, "content-type" | "content-md5")
}

/// The canonical request of `parts`; `content` is its payload line.
pub(in crate::sign) fn canonical_request(
    parts: &Parts,
    style: &Style,
    target: &Target<'_>,
    headers: &SignedHeaders<'_>,
    content: &str,
    reading: Reading,
) -> Result<Vec<u8>, SignError> {
    // Most requests fit: a path of 100 bytes, a handful of headers, a digest.
    let mut out = Vec::with_capacity(768);
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b'\n');
    match style.dialect {
        Dialect::S3 => write_sent_path(&mut out, parts.uri.path(), reading),
        Dialect::Oss => write_target_path(&mut out, target),
    }
    out.push(b'\n');
    let bare = if style.dialect == Dialect::S3 { "=" } else { "" };
    query::write_canonical(&mut out, &parts.uri, reading, style.query.signature, bare)?;
    out.push(b'\n');
    let collapse = style.dialect == Dialect::S3 && reading == Reading::Strict;
    headers.write(&mut out, parts, if collapse { Blanks::Collapse } else { Blanks::Keep })?;
    out.push(b'\n');
    out.extend_from_slice(content.as_bytes());
    Ok(out)
}

/// A path whose escapes cannot be decoded has no strict form: it stands as sent.
fn write_sent_path(out: &mut Vec<u8>, path: &str, reading: Reading) {
    match decode_path(path).filter(|_| reading == Reading::Strict) {
        Some(decoded) => encode_path(out, &decoded),
        None => out.extend_from_slice(path.as_bytes()),
    }
}

fn write_target_path(out: &mut Vec<u8>, target: &Target<'_>) {
    out.push(b'/');
    if let Some(bucket) = target.bucket {
        encode_path(out, bucket.as_bytes());
        out.push(b'/');
        encode_path(out, target.key.unwrap_or_default().as_bytes());
    }
}
