//! Which operation a method and the parameters of a resource select.
//!
//! Guarantees: what the vendor has and is not offered here is found before anything else, by its name.

use headwater_model::bucket::Dialect;
use headwater_model::op::Action;
use headwater_model::{Error, Result};
use http::Method;

use crate::fields::Fields;
use crate::operation::Operation;
use crate::query::Queries;
use crate::vocab::Vocab;

use super::is_vendor_name;

/// Parameters that select an operation of a bucket.
const BUCKET_SELECTORS: [&str; 16] = [
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
    "encryption",
    "requestPayment",
    "lifecycle",
    "logging",
    "versioning",
];
const OSS_BUCKET_SELECTORS: [&str; 8] =
    ["stat", "bucketInfo", "objectWorm", "referer", "userDefinedLogFieldsConfig", "worm", "wormExtend", "wormId"];
const S3_BUCKET_SELECTORS: [&str; 2] = ["ownershipControls", "object-lock"];

const OSS_OBJECT_SELECTORS: [&str; 10] =
    ["uploadId", "uploads", "tagging", "acl", "objectMeta", "append", "symlink", "retention", "legalHold", "restore"];
const S3_OBJECT_SELECTORS: [&str; 8] =
    ["uploadId", "uploads", "tagging", "acl", "attributes", "retention", "legal-hold", "restore"];

/// Settings that can be asked for and not made.
pub(super) const OSS_TOLD: [(&str, Operation); 1] = [("live", Operation::ListLiveChannels)];
pub(super) const S3_TOLD: [(&str, Operation); 2] =
    [("notification", Operation::GetBucketNotification), ("accelerate", Operation::GetBucketAccelerate)];

/// Parameters that a plain change may have without a value, which is judged where it is read.
const PLAIN: [&str; 4] = ["encoding-type", "partNumber", "position", "versionId"];

/// Whether a parameter of this name selects an operation in either dialect: a signature must cover it, or whoever holds a
/// signed request could turn it into another one.
pub(super) fn is_selector(name: &str) -> bool {
    let lists: [&[&str]; 5] =
        [&BUCKET_SELECTORS, &OSS_BUCKET_SELECTORS, &S3_BUCKET_SELECTORS, &OSS_OBJECT_SELECTORS, &S3_OBJECT_SELECTORS];
    let told = OSS_TOLD.iter().chain(&S3_TOLD).any(|(told, _)| *told == name);
    told || lists.iter().any(|list| list.contains(&name))
}

/// What selects the operation on one kind of resource.
pub(super) struct Request<'r> {
    pub(super) method: &'r Method,
    pub(super) queries: &'r Queries,
    pub(super) fields: Fields<'r>,
    pub(super) vocab: &'static Vocab,
}

impl Request<'_> {
    pub(super) fn on_service(&self) -> Result<Operation> {
        if let Some(what) = self.first(self.vocab.unoffered_service) {
            return Ok(Operation::NotImplemented { what, action: Action::ListBuckets });
        }
        let blocks = self.vocab.dialect == Dialect::Oss && self.queries.has("publicAccessBlock");
        match *self.method {
            Method::GET if blocks => Ok(Operation::GetAccountPublicAccessBlock),
            Method::PUT if blocks => Ok(Operation::PutAccountPublicAccessBlock),
            Method::DELETE if blocks => Ok(Operation::DeleteAccountPublicAccessBlock),
            Method::GET => Ok(Operation::ListBuckets),
            _ => Err(self.not_allowed("SERVICE")),
        }
    }

    /// A website serves pages, by GET and HEAD; sub-resources mean nothing there.
    pub(super) fn on_website(&self, has_key: bool) -> Result<Operation> {
        match (self.method, has_key) {
            (&Method::OPTIONS, _) => Ok(Operation::Preflight),
            (&Method::GET, true) => Ok(Operation::GetObject),
            (&Method::HEAD, true) => Ok(Operation::HeadObject),
            (&Method::GET, false) => Ok(Operation::GetHomePage),
            (&Method::HEAD, false) => Ok(Operation::HeadHomePage),
            _ => Err(self.not_allowed("OBJECT")),
        }
    }

    pub(super) fn on_bucket(&self) -> Result<Operation> {
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
        if selector.is_empty() {
            self.refuse_unknown()?;
        }
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
            ("encryption", "GET") => Operation::GetBucketEncryption,
            ("encryption", "PUT") => Operation::PutBucketEncryption,
            ("encryption", "DELETE") => Operation::DeleteBucketEncryption,
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
            ("worm", "GET") => Operation::GetBucketWorm,
            ("worm", "POST") => Operation::InitiateBucketWorm,
            ("worm", "DELETE") => Operation::AbortBucketWorm,
            ("wormExtend", "POST") => Operation::ExtendBucketWorm,
            ("wormId", "POST") => Operation::CompleteBucketWorm,
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

    pub(super) fn on_object(&self) -> Result<Operation> {
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
        let offered = match self.vocab.dialect {
            Dialect::Oss => &OSS_OBJECT_SELECTORS[..],
            Dialect::S3 => &S3_OBJECT_SELECTORS[..],
        };
        let selector = self.first(offered).unwrap_or_default();
        if selector.is_empty() {
            self.refuse_unknown()?;
        }
        let method = self.method.as_str();
        Ok(match (selector, method) {
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
            ("restore", "POST") => Operation::RestoreObject,
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
            // A link is deleted as every object is, and OSS's clients name it as one.
            ("" | "symlink", "DELETE") => Operation::DeleteObject,
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

    /// The vendors name new operations by a parameter without a value. Taken for the plain PUT or DELETE of its bucket or
    /// object, one that is not known here would overwrite or remove it: whoever changes something is told instead.
    fn refuse_unknown(&self) -> Result<()> {
        if matches!(*self.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        let known = |name| PLAIN.contains(&name) || is_vendor_name(name);
        match self.queries.iter().find(|(name, value)| value.is_empty() && !known(name)) {
            Some((name, _)) => Err(Error::NotImplemented { what: name.into() }),
            None => Ok(()),
        }
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
