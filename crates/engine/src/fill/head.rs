//! From the head of an origin's answer to a decision: is this the object, is there none, is it to be passed on, or
//! has the fill failed.
//!
//! Guarantees: only a 200, or a 206 that proves to be the whole, becomes an object (chaos matrix 6.2; oss-mirroring
//! 6.1); nothing of the body has been looked at yet. Pure: same head, same decision.

use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::encryption::Encryption;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance, Tags};
use headwater_model::origin::Framing;
use headwater_model::settings::{AnswerGuard, OriginKind};
use http::HeaderMap;
use http::header::{CONTENT_RANGE, LOCATION};

use super::failure::Failure;
use super::intake::Gathered;
use super::kept;
use super::plan::{Plan, Wants};
use super::verify::Verifier;

/// Most bytes of an origin's own answer that are passed on under TransparentMirrorResponseCodes: error pages are
/// small, and they are held in memory to be told to every waiting client.
pub(super) const MAX_RELAYED_BYTES: u64 = 64 << 10;

/// What an answer means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The body is the object.
    Object(Box<Head>),
    /// The origin has no such object; the status is 404 or 410.
    NotFound,
    /// The client gets the origin's own answer.
    Relay(Relay),
    /// Neither.
    Failed(Failure),
}

/// An answer to be passed on.
#[derive(Debug)]
pub(super) struct Relay {
    /// `Location`, for a redirect; a redirect's body is not passed on.
    pub(super) location: Option<Box<str>>,
    /// `Content-Type` of the body, for everything else.
    pub(super) content_type: Option<Box<str>>,
}

/// What is known of the object before its body.
#[derive(Debug)]
pub(super) struct Head {
    /// 200 or 206.
    pub(super) origin_status: u16,
    /// Length of the whole, if announced.
    pub(super) length: Option<u64>,
    /// What will be kept.
    pub(super) headers: ObjectHeaders,
    /// Fixed now; committed unchanged (decisions, row 13).
    pub(super) last_modified: Timestamp,
    /// The origin's `Content-MD5`, if the rule says that it counts.
    pub(super) content_md5: ContentMd5,
    /// The entity tag that the stored object is to have, if it is the origin's.
    pub(super) etag: Option<ETag>,
    /// What the body's MD5 must be, if the origin's entity tag says so: S3 and OSS tag objects that were written in one
    /// piece, and not encrypted with a customer's or KMS key, with their MD5 (chaos matrix, O59).
    pub(super) tagged_md5: Option<[u8; 16]>,
    /// Whether the origin speaks S3 or OSS.
    pub(super) speaks_store: bool,
    /// Tags for the stored object.
    pub(super) tags: Tags,
    /// How the stored object will be encrypted.
    pub(super) encryption: Option<Box<Encryption>>,
    /// Why the object will be served but not stored, if the head tells already.
    pub(super) unstored: Option<&'static str>,
}

/// `Content-MD5` under MirrorCheckMd5 (oss-mirroring 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentMd5 {
    /// Absent, or the rule does not check.
    Unchecked,
    /// What the body's MD5 must be for the object to be stored.
    Announced([u8; 16]),
    /// Not the base64 of 16 bytes: counts as a mismatch.
    Malformed,
}

impl Head {
    /// The metadata as far as it is known: `digests` are those of the body once it ended.
    pub(super) fn meta(&self, digests: Option<&headwater_model::digest::Digests>) -> ObjectMeta {
        let announced = match self.content_md5 {
            ContentMd5::Announced(md5) if self.unstored.is_none() => Some(md5),
            _ => None,
        };
        let md5 = digests.map(|digests| digests.md5).or(announced);
        let etag = self.etag.clone().or_else(|| md5.map(ETag::of_md5));
        ObjectMeta {
            size_bytes: digests.map(|digests| digests.size_bytes).or(self.length).unwrap_or_default(),
            etag: etag.unwrap_or_else(|| ETag::from_text("")),
            last_modified: self.last_modified,
            crc64: digests.map_or(0, |digests| digests.crc64),
            md5,
            checksum: None,
            kind: ObjectKind::Normal,
            provenance: Provenance::Mirrored,
            headers: self.headers.clone(),
            tags: self.tags.clone(),
            composition: Composition { encryption: self.encryption.clone(), ..Composition::default() },
            version: headwater_model::version::VersionId::Null,
        }
    }

    /// Whether the entity tag is known before the body has ended.
    pub(super) fn knows_etag(&self) -> bool {
        self.unstored.is_none() && (self.etag.is_some() || matches!(self.content_md5, ContentMd5::Announced(_)))
    }
}

/// The circumstances of a judgement.
pub(super) struct Circumstances<'a> {
    /// What the rule says about answers.
    pub(super) wants: &'a Wants,
    /// When the fill began.
    pub(super) started: Timestamp,
    /// What the origin speaks.
    pub(super) kind: OriginKind,
    /// Whether its 403 means that there is no such object.
    pub(super) treat_403_as_404: bool,
}

impl<'a> Circumstances<'a> {
    /// Those of an answer of a candidate of the plan.
    pub(super) fn of(plan: &'a Plan, candidate: usize, started: Timestamp) -> Self {
        let candidate = &plan.candidates[candidate];
        let treat_403_as_404 = candidate.settings.treat_403_as_404;
        Self { wants: &plan.wants, started, kind: candidate.kind(), treat_403_as_404 }
    }
}

/// Judges an answer to a GET without `Range`.
pub(super) fn judge(status: u16, headers: &HeaderMap, framing: Framing, of: &Circumstances<'_>) -> Verdict {
    if of.wants.transparent.contains(&status) {
        let content_type = kept::content_headers(headers).content_type;
        return Verdict::Relay(Relay { location: None, content_type });
    }
    match status {
        200 => object(status, headers, framing, of),
        206 => match whole_of(headers) {
            Some(total) if framing_length(framing).is_none_or(|length| length == total) => {
                object(status, headers, Framing::Length(total), of)
            }
            _ => Verdict::Failed(Failure::partial(status)),
        },
        404 | 410 => Verdict::NotFound,
        403 if of.treat_403_as_404 => Verdict::NotFound,
        301 | 302 | 303 | 307 | 308 if !of.wants.follow_redirects => match location(headers) {
            Some(location) => Verdict::Relay(Relay { location: Some(location), content_type: None }),
            None => Verdict::Failed(Failure::answer(status, "bad_redirect")),
        },
        _ => Verdict::Failed(Failure::status(status, headers, of.started)),
    }
}

fn object(status: u16, headers: &HeaderMap, framing: Framing, of: &Circumstances<'_>) -> Verdict {
    let (wants, settings) = (of.wants, &of.wants.settings);
    let length = framing_length(framing);
    if length.is_some_and(|length| length > settings.max_object_bytes) {
        return Verdict::Failed(Failure::answer(status, "too_large"));
    }
    let content = kept::content_headers(headers);
    if let Some(reason) = guarded(&settings.guard, headers, content.content_type.as_deref(), length) {
        return Verdict::Failed(Failure::answer(status, reason));
    }
    if settings.refuse_empty && length == Some(0) {
        return Verdict::Failed(Failure::answer(status, "empty_object"));
    }
    let user = match kept::user_meta(headers, kept::MetaOf { save: wants.save_meta, keep_all: wants.origin_etag }) {
        Ok(user) => user,
        Err(_) if settings.drop_oversized_meta => Vec::new(),
        Err(_) => return Verdict::Failed(Failure::meta_too_large(status)),
    };
    let dated = wants.origin_last_modified.then(|| kept::last_modified(headers, of.started)).flatten();
    let content_md5 = if wants.check_md5 { content_md5(headers) } else { ContentMd5::Unchecked };
    let proven = settings.store_unproven_length || framing != Framing::Close;
    let unstored = match wants.unstored {
        Some(reason) => Some(reason),
        None if !proven && !proves_its_end(headers, content_md5) => Some("close_delimited"),
        None if settings.obey_no_store && kept::forbids_storing(headers) => Some("no_store"),
        None => None,
    };
    Verdict::Object(Box::new(Head {
        origin_status: status,
        length,
        headers: ObjectHeaders { content, user, ..ObjectHeaders::default() },
        last_modified: dated.unwrap_or(of.started),
        content_md5,
        etag: wants.origin_etag.then(|| kept::etag(headers)).flatten(),
        tagged_md5: (of.kind != OriginKind::Http).then(|| kept::tagged_md5(headers)).flatten(),
        speaks_store: of.kind != OriginKind::Http,
        tags: wants.tags.clone(),
        encryption: None,
        unstored,
    }))
}

/// Why a 200 is not the object by the bucket's own guard (chaos matrix, O26).
fn guarded(
    guard: &AnswerGuard,
    headers: &HeaderMap,
    content_type: Option<&str>,
    length: Option<u64>,
) -> Option<&'static str> {
    let begins = |wanted: &str| {
        content_type.and_then(|found| found.get(..wanted.len())).is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    };
    if !guard.content_types.is_empty() && !guard.content_types.iter().any(|wanted| begins(wanted)) {
        return Some("guard_content_type");
    }
    if length.is_some_and(|length| length < guard.min_bytes) {
        return Some("guard_min_bytes");
    }
    guard.required_header.as_deref().filter(|name| !headers.contains_key(*name)).map(|_| "guard_required_header")
}

/// Why a small body is not the object, whatever its head says: an error document of S3 or OSS under a 200 (chaos
/// matrix, O26), or fewer bytes than the bucket's guard allows.
pub(super) fn refuses_body(body: &[u8], wants: &Wants, head: &Head) -> Option<&'static str> {
    let settings = &wants.settings;
    if settings.refuse_empty && body.is_empty() {
        return Some("empty_object");
    }
    if (body.len() as u64) < settings.guard.min_bytes {
        return Some("guard_min_bytes");
    }
    let is_xml = head.headers.content.content_type.as_deref().is_some_and(|kind| kind.contains("xml"));
    (head.speaks_store && is_xml && is_error_document(body)).then_some("error_document")
}

/// The code of an error document of S3 or OSS; it is looked for as text, as real documents have no attributes there.
pub(super) fn error_code(document: &Gathered) -> Option<&str> {
    let Gathered::Whole(body) = document else { return None };
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Error>")?.1.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0.trim())
}

/// Why a store refuses, as far as an operator can mend it (chaos matrix, O74).
pub(super) fn refusal_code(document: &Gathered) -> Option<&'static str> {
    match error_code(document)? {
        "InvalidObjectState" => Some("origin_archived"),
        "RequestTimeTooSkewed" => Some("origin_clock_skew"),
        "ExpiredToken"
        | "InvalidToken"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "SecurityTokenExpired"
        | "InvalidSecurityToken"
        | "UserDisable" => Some("origin_credentials"),
        _ => None,
    }
}

/// Whether the root element is `Error`, as in both vendors' error documents.
fn is_error_document(body: &[u8]) -> bool {
    let text = body.trim_ascii_start();
    let text = match text.strip_prefix(b"<?xml") {
        Some(rest) => {
            rest.iter().position(|byte| *byte == b'>').map_or(&[][..], |end| rest[end + 1..].trim_ascii_start())
        }
        None => text,
    };
    text.strip_prefix(b"<Error").is_some_and(|rest| rest.first().is_some_and(|byte| matches!(byte, b'>' | b' ')))
}

/// Whether a digest proves that a body that ends with its connection is whole.
fn proves_its_end(headers: &HeaderMap, content_md5: ContentMd5) -> bool {
    matches!(content_md5, ContentMd5::Announced(_)) || Verifier::announced_by(headers).checks_anything()
}

/// The length, if the framing tells it.
pub(super) fn framing_length(framing: Framing) -> Option<u64> {
    match framing {
        Framing::Length(length) => Some(length),
        Framing::Delimited | Framing::Close => None,
    }
}

/// The total, if `Content-Range: bytes 0-LAST/TOTAL` covers all of it.
fn whole_of(headers: &HeaderMap) -> Option<u64> {
    let (first, last, total) = content_range(headers)?;
    (first == 0 && last.checked_add(1)? == total).then_some(total)
}

/// The three numbers of `Content-Range: bytes FIRST-LAST/TOTAL` (RFC 9110 section 14.4).
pub(super) fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    let (range, total) = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

fn content_md5(headers: &HeaderMap) -> ContentMd5 {
    use base64::Engine as _;
    let Some(value) = headers.get("content-md5") else { return ContentMd5::Unchecked };
    let decoded = base64::engine::general_purpose::STANDARD.decode(value.as_bytes().trim_ascii());
    match decoded.ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(md5) => ContentMd5::Announced(md5),
        None => ContentMd5::Malformed,
    }
}

/// A `Location` that may be passed on: visible text, and `http`, `https` or relative, so that no other scheme is ever
/// handed to a browser.
pub(super) fn location(headers: &HeaderMap) -> Option<Box<str>> {
    let text = headers.get(LOCATION)?.to_str().ok()?.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let scheme = text.split(['/', '?', '#']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") => None,
        _ => Some(text.into()),
    }
}

/// Whether the head of an answer to HEAD says how long the object is.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
