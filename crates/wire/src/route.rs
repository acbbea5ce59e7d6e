//! From a request's head to the vendor's operation.
//!
//! Guarantees: a parameter that selects an operation of the vendor which is not offered leads to
//! [`Operation::NotImplemented`], never to another operation; parameters that select nothing are ignored, as both
//! vendors do. Keys are the percent-decoded path, otherwise untouched.
//!
//! Nothing is looked up here but a bucket's dialect, and nothing is allowed or refused for the sake of rights.

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

    /// What of the body it needs.
    pub fn body_need(&self) -> BodyNeed {
        self.operation.body_need()
    }

    /// Names of the parameters sent that select the operation or change what it may touch. A signature must cover them;
    /// parameters that only shape a listing are not among them, because OSS V1 leaves those unsigned.
    pub fn decisive_queries(&self) -> impl Iterator<Item = &str> {
        let presigned = self.claim.is_presigned();
        self.queries.iter().map(|(name, _)| name).filter(move |name| {
            DECISIVE.contains(name) || name.starts_with("response-") || (presigned && is_vendor_name(name))
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

/// Parameters that select an operation of a bucket.
const BUCKET_SELECTORS: [&str; 15] = [
    "acl",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "location",
    "website",
    "uploads",
    "delete",
    "versions",
    "tagging",
    "cors",
    "requestPayment",
    "lifecycle",
    "logging",
    "versioning",
];
const OSS_BUCKET_SELECTORS: [&str; 5] = ["stat", "bucketInfo", "objectWorm", "referer", "userDefinedLogFieldsConfig"];
const S3_BUCKET_SELECTORS: [&str; 2] = ["ownershipControls", "object-lock"];

/// Settings that can be asked for and not made.
const OSS_TOLD: [(&str, Operation); 1] = [("live", Operation::ListLiveChannels)];
const S3_TOLD: [(&str, Operation); 2] =
    [("notification", Operation::GetBucketNotification), ("accelerate", Operation::GetBucketAccelerate)];

/// Parameters that select an operation, or the thing it works on.
const DECISIVE: [&str; 36] = [
    "acl",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "location",
    "website",
    "uploads",
    "delete",
    "bucketInfo",
    "objectMeta",
    "uploadId",
    "partNumber",
    "versionId",
    "tagging",
    "versions",
    "attributes",
    "cors",
    "append",
    "position",
    "symlink",
    "requestPayment",
    "stat",
    "lifecycle",
    "referer",
    "userDefinedLogFieldsConfig",
    "logging",
    "versioning",
    "live",
    "notification",
    "accelerate",
    "object-lock",
    "objectWorm",
    "retention",
    "legal-hold",
    "legalHold",
];

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
    let dialect = shown.or(place.dialect).or_else(of_bucket).unwrap_or(addressing.default_dialect);
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

/// What selects the operation on one kind of resource.
struct Request<'r> {
    method: &'r Method,
    queries: &'r Queries,
    fields: Fields<'r>,
    vocab: &'static Vocab,
}

impl Request<'_> {
    fn on_service(&self) -> Result<Operation> {
        if let Some(what) = self.first(self.vocab.unoffered_service) {
            return Ok(Operation::NotImplemented { what, action: Action::ListBuckets });
        }
        match *self.method {
            Method::GET => Ok(Operation::ListBuckets),
            _ => Err(self.not_allowed("SERVICE")),
        }
    }

    /// A website serves pages, by GET and HEAD; sub-resources mean nothing there.
    fn on_website(&self, has_key: bool) -> Result<Operation> {
        match (self.method, has_key) {
            (&Method::OPTIONS, _) => Ok(Operation::Preflight),
            (&Method::GET, true) => Ok(Operation::GetObject),
            (&Method::HEAD, true) => Ok(Operation::HeadObject),
            (&Method::GET, false) => Ok(Operation::GetHomePage),
            (&Method::HEAD, false) => Ok(Operation::HeadHomePage),
            _ => Err(self.not_allowed("OBJECT")),
        }
    }

    fn on_bucket(&self) -> Result<Operation> {
        if self.method == Method::OPTIONS {
            return Ok(Operation::Preflight);
        }
        if let Some(told) = self.told() {
            return Ok(told);
        }
        if let Some(what) = self.first(self.vocab.unoffered_bucket) {
            // Settings of buckets are their owner's.
            return Ok(Operation::NotImplemented { what, action: Action::PutBucketAcl });
        }
        let own = match self.vocab.dialect {
            Dialect::Oss => &OSS_BUCKET_SELECTORS[..],
            Dialect::S3 => &S3_BUCKET_SELECTORS[..],
        };
        let selector = self.first(&BUCKET_SELECTORS).or_else(|| self.first(own)).unwrap_or_default();
        let method = self.method.as_str();
        Ok(match (selector, method) {
            ("acl", "GET") => Operation::GetBucketAcl,
            ("acl", "PUT") => Operation::PutBucketAcl,
            ("policy", "GET") => Operation::GetBucketPolicy,
            ("policy", "PUT") => Operation::PutBucketPolicy,
            ("policy", "DELETE") => Operation::DeleteBucketPolicy,
            ("policyStatus", "GET") => Operation::GetBucketPolicyStatus,
            ("publicAccessBlock", "GET") => Operation::GetPublicAccessBlock,
            ("publicAccessBlock", "PUT") => Operation::PutPublicAccessBlock,
            ("publicAccessBlock", "DELETE") => Operation::DeletePublicAccessBlock,
            ("ownershipControls", "GET") => Operation::GetOwnershipControls,
            ("ownershipControls", "PUT") => Operation::PutOwnershipControls,
            ("ownershipControls", "DELETE") => Operation::DeleteOwnershipControls,
            ("location", "GET") => Operation::GetBucketLocation,
            ("website", "GET") => Operation::GetBucketWebsite,
            ("website", "PUT") => Operation::PutBucketWebsite,
            ("website", "DELETE") => Operation::DeleteBucketWebsite,
            ("uploads", "GET") => Operation::ListMultipartUploads,
            ("delete", "POST") => Operation::DeleteObjects,
            ("versions", "GET") => Operation::ListObjectVersions,
            ("tagging", "GET") => Operation::GetBucketTagging,
            ("tagging", "PUT") => Operation::PutBucketTagging,
            ("tagging", "DELETE") => Operation::DeleteBucketTagging,
            ("cors", "GET") => Operation::GetBucketCors,
            ("cors", "PUT") => Operation::PutBucketCors,
            ("cors", "DELETE") => Operation::DeleteBucketCors,
            ("lifecycle", "GET") => Operation::GetBucketLifecycle,
            ("lifecycle", "PUT") => Operation::PutBucketLifecycle,
            ("lifecycle", "DELETE") => Operation::DeleteBucketLifecycle,
            ("logging", "GET") => Operation::GetBucketLogging,
            ("logging", "PUT") => Operation::PutBucketLogging,
            ("logging", "DELETE") if self.vocab.dialect == Dialect::Oss => Operation::DeleteBucketLogging,
            ("referer", "GET") => Operation::GetBucketReferer,
            ("referer", "PUT") => Operation::PutBucketReferer,
            ("referer", "DELETE") => Operation::DeleteBucketReferer,
            ("userDefinedLogFieldsConfig", "GET") => Operation::GetLogFields,
            ("userDefinedLogFieldsConfig", "PUT") => Operation::PutLogFields,
            ("userDefinedLogFieldsConfig", "DELETE") => Operation::DeleteLogFields,
            ("requestPayment", "GET") => Operation::GetBucketRequestPayment,
            ("requestPayment", "PUT") => Operation::PutBucketRequestPayment,
            ("versioning", "GET") => Operation::GetBucketVersioning,
            ("versioning", "PUT") => Operation::PutBucketVersioning,
            ("object-lock" | "objectWorm", "GET") => Operation::GetObjectLockConfiguration,
            ("object-lock" | "objectWorm", "PUT") => Operation::PutObjectLockConfiguration,
            ("stat", "GET") => Operation::GetBucketStat,
            ("bucketInfo", "GET") => Operation::GetBucketInfo,
            ("", "GET") if self.queries.get("list-type") == Some("2") => Operation::ListObjectsV2,
            ("", "GET") => Operation::ListObjects,
            ("", "HEAD") => Operation::HeadBucket,
            ("", "PUT") => Operation::CreateBucket,
            ("", "DELETE") => Operation::DeleteBucket,
            ("", "POST") => Operation::PostObject,
            _ => return Err(self.not_allowed("BUCKET")),
        })
    }

    fn on_object(&self) -> Result<Operation> {
        if self.method == Method::OPTIONS {
            return Ok(Operation::Preflight);
        }
        let action = match *self.method {
            Method::GET | Method::HEAD => Action::GetObject,
            Method::DELETE => Action::DeleteObject,
            _ => Action::PutObject,
        };
        let not_implemented = |what| Ok(Operation::NotImplemented { what, action });
        if let Some(what) = self.first(self.vocab.unoffered_object) {
            return not_implemented(what);
        }
        let offered: &[&'static str] = match self.vocab.dialect {
            Dialect::Oss => {
                &["uploadId", "uploads", "tagging", "acl", "objectMeta", "append", "symlink", "retention", "legalHold"]
            }
            Dialect::S3 => &["uploadId", "uploads", "tagging", "acl", "attributes", "retention", "legal-hold"],
        };
        let method = self.method.as_str();
        Ok(match (self.first(offered).unwrap_or_default(), method) {
            ("uploadId", "PUT") if self.copies() => Operation::UploadPartCopy,
            ("uploadId", "PUT") => Operation::UploadPart,
            ("uploadId", "POST") => Operation::CompleteMultipartUpload,
            ("uploadId", "DELETE") => Operation::AbortMultipartUpload,
            ("uploadId", "GET") => Operation::ListParts,
            ("uploads", "POST") => Operation::CreateMultipartUpload,
            ("acl", "GET") => Operation::GetObjectAcl,
            ("acl", "PUT") => Operation::PutObjectAcl,
            ("tagging", "GET") => Operation::GetObjectTagging,
            ("tagging", "PUT") => Operation::PutObjectTagging,
            ("tagging", "DELETE") => Operation::DeleteObjectTagging,
            ("retention", "GET") => Operation::GetObjectRetention,
            ("retention", "PUT") => Operation::PutObjectRetention,
            ("legal-hold" | "legalHold", "GET") => Operation::GetObjectLegalHold,
            ("legal-hold" | "legalHold", "PUT") => Operation::PutObjectLegalHold,
            ("objectMeta", "GET" | "HEAD") => Operation::GetObjectMeta,
            ("append", "POST") => Operation::AppendObject,
            ("symlink", "PUT") => Operation::PutSymlink,
            ("symlink", "GET" | "HEAD") => Operation::GetSymlink,
            ("attributes", "GET") => Operation::GetObjectAttributes,
            ("", method) if self.queries.has("partNumber") && !matches!(method, "GET" | "HEAD") => {
                return not_implemented("partNumber");
            }
            ("", "GET") => Operation::GetObject,
            ("", "HEAD") => Operation::HeadObject,
            ("", "PUT") if self.copies() => Operation::CopyObject,
            ("", "PUT") => Operation::PutObject,
            ("", "DELETE") => Operation::DeleteObject,
            _ => return Err(self.not_allowed("OBJECT")),
        })
    }

    /// A setting that is not offered, asked for alone: it is told as of a bucket for which nobody made it. Whoever wants to
    /// make it is refused by name.
    fn told(&self) -> Option<Operation> {
        let told = match self.vocab.dialect {
            Dialect::Oss => &OSS_TOLD[..],
            Dialect::S3 => &S3_TOLD[..],
        };
        let (name, operation) =
            told.iter().find(|(name, _)| self.queries.has(name)).filter(|_| self.method == Method::GET)?;
        let others = self.vocab.unoffered_bucket.iter().any(|other| other != name && self.queries.has(other));
        (!others).then_some(*operation)
    }

    fn copies(&self) -> bool {
        self.fields.has(self.vocab.headers.copy_source)
    }

    /// The first of `names` that the query has.
    fn first(&self, names: &[&'static str]) -> Option<&'static str> {
        if self.queries.is_empty() {
            return None;
        }
        names.iter().copied().find(|name| self.queries.has(name))
    }

    fn not_allowed(&self, resource: &'static str) -> Error {
        Error::MethodNotAllowed { method: self.method.as_str().into(), resource }
    }
}

#[cfg(test)]
mod tests;
