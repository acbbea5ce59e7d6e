//! From a request's head to the vendor's operation.
//!
//! Guarantees: a parameter that selects an operation of the vendor which is not offered leads to
//! [`Operation::NotImplemented`], never to another operation; parameters that select nothing are ignored, as both
//! vendors do. Keys are the percent-decoded path, otherwise untouched.
//!
//! Nothing is looked up here but a bucket's dialect, and nothing is allowed or refused for the sake of rights.

mod select;

use headwater_model::bucket::Dialect;
use headwater_model::op::Action;
use headwater_model::version::VersionId;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use http::Method;
use http::request::Parts;

use crate::address::{Addressing, Place, Style};
use crate::codec::VERSION_ID;
use crate::detect::{Claim, detect};
use crate::escape::{Plus, decode};
use crate::fields::Fields;
use crate::operation::{BodyNeed, Operation};
use crate::query::Queries;
use crate::vocab::Vocab;
use select::Request;

/// What a request asks for and of what, before it is known who asks.
#[derive(Clone, Debug)]
pub struct Routed {
    /// The words of request and answer.
    pub dialect: Dialect,
    /// How the bucket was named.
    pub style: Style,
    /// Where the request claims to be signed.
    pub claim: Claim,
    /// The method.
    pub method: Method,
    /// The bucket; `None` for the service.
    pub bucket: Option<BucketName>,
    /// The key exactly as requested; `None` for a bucket or the service. Signatures cover this form.
    pub key: Option<ObjectKey>,
    /// The key without its leading slashes, and how many they are (at least 1): the second look-up of GET and HEAD on
    /// the OSS face. [`headwater_model::op::GetObject`] gets this form; the literal key is so many slashes before it.
    pub folded: Option<(ObjectKey, u16)>,
    /// The operation.
    pub operation: Operation,
    /// The query.
    pub queries: Queries,
}

/// A request that names no operation at all: answered before anything else happens.
#[derive(Debug)]
pub struct Refusal {
    /// The words of the answer.
    pub dialect: Dialect,
    /// Why.
    pub error: Error,
    /// The bucket as named, valid or not.
    pub bucket: Option<Box<str>>,
    /// The key, still encoded; empty for a bucket.
    pub raw_key: Box<str>,
}

impl Routed {
    /// The permission the operation needs on the bucket.
    pub fn action(&self) -> Action {
        let action = self.operation.action();
        if self.queries.has(VERSION_ID) { action.on_version() } else { action }
    }

    /// The version that the request names; `None` also for an id that cannot be one, which reading it refuses.
    pub fn version(&self) -> Option<VersionId> {
        VersionId::parse(self.queries.get(VERSION_ID)?)
    }

    /// Whether rights are asked for key by key, by the operation itself. A website of S3 does so too: its rules and pages
    /// come before and after the right to read.
    pub fn is_judged_by_key(&self) -> bool {
        self.operation.is_judged_by_key() || (self.style == Style::Website && self.dialect == Dialect::S3)
    }

    /// Whether it is to change settings of a bucket or of the server, and not what is in a bucket.
    pub fn changes_settings(&self) -> bool {
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method);
        let is_on_objects = matches!(self.operation, Operation::DeleteObjects | Operation::PostObject);
        self.key.is_none() && !reads && !is_on_objects
    }

    /// What of the body it needs.
    pub fn body_need(&self) -> BodyNeed {
        self.operation.body_need()
    }

    /// Names of the parameters sent that select the operation or change what it may touch. A signature must cover them;
    /// parameters that only shape a listing are not among them, because OSS V1 leaves those unsigned.
    pub fn decisive_queries(&self) -> impl Iterator<Item = &str> {
        let presigned = self.claim.is_presigned();
        self.queries.iter().map(|(name, _)| name).filter(move |name| {
            select::is_selector(name)
                || DECISIVE.contains(name)
                || name.starts_with("response-")
                || (presigned && is_vendor_name(name))
        })
    }

    /// Most bytes of the document that is its body.
    pub fn xml_limit_bytes(&self) -> usize {
        self.operation.xml_limit_bytes()
    }

    pub(crate) fn vocab(&self) -> &'static Vocab {
        Vocab::of(self.dialect)
    }

    pub(crate) fn fields<'r>(&'r self, parts: &'r Parts) -> Fields<'r> {
        Fields::new(&parts.headers, &self.queries, self.claim.is_presigned())
    }
}

/// Parameters that name the thing that an operation works on.
const DECISIVE: [&str; 3] = ["partNumber", "versionId", "position"];

fn is_vendor_name(name: &str) -> bool {
    let start = name.as_bytes().get(..6);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-") || start.eq_ignore_ascii_case(b"x-oss-"))
}

/// Finds out what a request asks for. `bucket_dialect` tells the dialect in which an existing bucket was created.
pub fn route(
    parts: &Parts,
    addressing: &Addressing,
    bucket_dialect: &dyn Fn(&str) -> Option<Dialect>,
) -> Result<Routed, Box<Refusal>> {
    let place = addressing.locate(parts);
    let (queries, too_many) = match Queries::parse(&parts.uri) {
        Ok(queries) => (queries, None),
        Err(error) => (Queries::default(), Some(error)),
    };
    let (claim, shown) = detect(parts, &queries);
    let of_bucket = || place.bucket.as_deref().and_then(bucket_dialect);
    let dialect = shown.or_else(|| place.dialect()).or_else(of_bucket).unwrap_or(addressing.default_dialect);
    let routed = match too_many {
        Some(error) => Err(error),
        None => resolve(parts, &place, dialect, claim, queries),
    };
    routed.map_err(|error| {
        Box::new(Refusal {
            dialect,
            error,
            bucket: place.bucket.as_deref().map(Into::into),
            raw_key: place.raw_key.into(),
        })
    })
}

fn resolve(parts: &Parts, place: &Place<'_>, dialect: Dialect, claim: Claim, queries: Queries) -> Result<Routed> {
    let vocab = Vocab::of(dialect);
    let bucket = place.bucket.as_deref().map(BucketName::parse).transpose()?;
    let key = if place.raw_key.is_empty() { None } else { Some(parse_key(place.raw_key, vocab)?) };
    let fields = Fields::new(&parts.headers, &queries, claim.is_presigned());
    let request = Request { method: &parts.method, queries: &queries, fields, vocab };
    let operation = match (&bucket, &key, place.style) {
        (_, key, Style::Website) => request.on_website(key.is_some())?,
        (None, _, _) => request.on_service()?,
        (Some(_), None, _) => request.on_bucket()?,
        (Some(_), Some(_), _) => request.on_object()?,
    };
    if let Some(key) = &key {
        check_new_key(key, operation, dialect)?;
    }
    let folded = key.as_ref().filter(|_| dialect == Dialect::Oss).and_then(|key| fold(key, operation));
    Ok(Routed {
        dialect,
        style: place.style,
        claim,
        method: parts.method.clone(),
        bucket,
        key,
        folded,
        operation,
        queries,
    })
}

/// The key that a form gives to a new object.
pub(crate) fn parse_new_key(text: &str, dialect: Dialect) -> Result<ObjectKey> {
    let key = checked_key(text, Vocab::of(dialect))?;
    check_new_key(&key, Operation::PutObject, dialect)?;
    Ok(key)
}

fn parse_key(raw: &str, vocab: &Vocab) -> Result<ObjectKey> {
    let text = decode(raw, Plus::Literal).ok_or_else(|| Error::InvalidObjectName { key: raw.into() })?;
    checked_key(&text, vocab)
}

fn checked_key(text: &str, vocab: &Vocab) -> Result<ObjectKey> {
    if text.len() > vocab.max_key_bytes {
        return Err(Error::KeyTooLong { size_bytes: text.len(), limit_bytes: vocab.max_key_bytes });
    }
    ObjectKey::parse(text)
}

/// OSS: names of objects begin neither with `/` nor with `\`. Such objects may still come from the S3 face, to be read
/// and deleted.
fn check_new_key(key: &ObjectKey, operation: Operation, dialect: Dialect) -> Result<()> {
    let creates = matches!(
        operation,
        Operation::PutObject
            | Operation::CopyObject
            | Operation::CreateMultipartUpload
            | Operation::AppendObject
            | Operation::PutSymlink
    );
    if creates && dialect == Dialect::Oss && key.as_str().starts_with(['/', '\\']) {
        return Err(Error::InvalidObjectName { key: key.as_str().into() });
    }
    Ok(())
}

fn fold(key: &ObjectKey, operation: Operation) -> Option<(ObjectKey, u16)> {
    if !matches!(operation, Operation::GetObject | Operation::HeadObject) {
        return None;
    }
    let rest = key.as_str().trim_start_matches('/');
    let slashes = u16::try_from(key.as_str().len() - rest.len()).ok().filter(|count| *count > 0)?;
    Some((ObjectKey::parse(rest).ok()?, slashes))
}

#[cfg(test)]
mod tests;
