//! Operations out of requests, and answers out of replies; one file per family of operations.
//!
//! Guarantees: [`decode`] refuses a header or parameter that demands what is not offered, instead of ignoring it; it
//! checks the digests of XML bodies, so that nothing is read from a body that is not what the client sent. [`encode`]
//! never fails.

mod acl;
mod append;
mod attributes;
mod bucket;
mod bucket_access;
mod checksum;
mod complete;
mod condition;
mod content;
mod copy;
mod cors;
mod delete;
mod encryption;
mod endpoint;
mod lifecycle;
mod list;
mod lock;
mod logging;
mod miss;
mod multipart;
mod object;
mod owner;
mod page;
mod part;
mod put;
mod referer;
mod restore;
mod service;
mod setting;
mod storage_class;
mod symlink;
mod tagging;
mod token;
mod traffic;
mod upload;
mod version;
mod versioning;
mod versions;
mod website;
mod worm;

#[cfg(test)]
mod tests;

pub use lifecycle::{accept_lifecycle, overlapping_lifecycle};
pub use owner::{ExpectedOwners, expected_owners};
pub use traffic::traffic_limit;

use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::object::Tags;
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use http::request::Parts;
use http::{Response, StatusCode};

use crate::address;
use crate::fields::Fields;
use crate::operation::{BodyNeed, Operation};
use crate::response::{self, ResponseContext};
use crate::route::Routed;
use crate::vocab::Vocab;

pub(crate) use encryption::CUSTOMER_KEY;
pub(crate) use version::{VERSION_ID, put_note};

/// What the server found out about a request beside its head.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts {
    /// Whether a signature was verified; `response-*` parameters need one.
    pub signed: bool,
    /// Whether the request came over TLS.
    pub secure: bool,
    /// Whether the bucket has a website document: without one, nothing of a read is kept for its rules.
    pub has_website: bool,
}

/// Reads the operation; its streaming body travels beside. `xml` is the body of an operation with [`BodyNeed::Xml`],
/// `None` otherwise.
///
/// # Errors
/// [`Error::NotImplemented`] with the name of what is not offered, and whatever is wrong with a field.
pub fn decode(routed: &Routed, parts: &Parts, xml: Option<&[u8]>, facts: &RequestFacts) -> Result<Op> {
    let request = Request { routed, parts, fields: routed.fields(parts), vocab: routed.vocab(), facts };
    request.refuse_unoffered_headers()?;
    version::refuse_elsewhere(&request)?;
    encryption::refuse_elsewhere(&request)?;
    let body = xml.unwrap_or_default();
    if routed.body_need() == BodyNeed::Xml {
        checksum::check_xml(&request, body)?;
    }
    Ok(match routed.operation {
        Operation::ListBuckets => service::decode_list_buckets(&request)?,
        Operation::CreateBucket => bucket::decode_create(&request, body)?,
        Operation::HeadBucket => Op::HeadBucket(request.bucket()),
        Operation::GetBucketInfo => Op::GetBucketInfo(request.bucket()),
        Operation::GetBucketLocation => Op::GetBucketLocation(request.bucket()),
        Operation::GetBucketAcl => Op::GetBucketAcl(request.bucket()),
        Operation::PutBucketAcl => acl::decode_put_bucket(&request, body)?,
        Operation::GetBucketPolicy => Op::GetBucketPolicy(request.bucket()),
        Operation::PutBucketPolicy => bucket_access::decode_policy(&request, body)?,
        Operation::DeleteBucketPolicy => Op::DeleteBucketPolicy(request.bucket()),
        Operation::GetBucketPolicyStatus => Op::GetBucketPolicyStatus(request.bucket()),
        Operation::GetPublicAccessBlock => Op::GetPublicAccessBlock(request.bucket()),
        Operation::PutPublicAccessBlock => {
            Op::PutPublicAccessBlock(request.bucket(), bucket_access::block(&request, body)?)
        }
        Operation::DeletePublicAccessBlock => Op::DeletePublicAccessBlock(request.bucket()),
        Operation::GetAccountPublicAccessBlock => Op::GetAccountPublicAccessBlock,
        Operation::PutAccountPublicAccessBlock => {
            Op::PutAccountPublicAccessBlock(bucket_access::block(&request, body)?)
        }
        Operation::DeleteAccountPublicAccessBlock => Op::DeleteAccountPublicAccessBlock,
        Operation::GetOwnershipControls => Op::GetOwnershipControls(request.bucket()),
        Operation::PutOwnershipControls => bucket_access::decode_ownership(&request, body)?,
        Operation::DeleteOwnershipControls => Op::DeleteOwnershipControls(request.bucket()),
        Operation::GetBucketWebsite => Op::GetBucketWebsite(request.bucket()),
        Operation::PutBucketWebsite => {
            Op::PutBucketWebsite(request.bucket(), Box::new(website::decode_put(&request, body)?))
        }
        Operation::DeleteBucketWebsite => Op::DeleteBucketWebsite(request.bucket()),
        Operation::DeleteBucket => Op::DeleteBucket(request.bucket()),
        Operation::ListObjects | Operation::ListObjectsV2 => list::decode(&request)?,
        Operation::ListObjectVersions => versions::decode(&request)?,
        Operation::DeleteObjects => delete::decode_many(&request, body)?,
        Operation::ListMultipartUploads => upload::decode_list(&request)?,
        Operation::GetHomePage => Op::GetHomePage(request.bucket(), Box::new(object::decode_visit(&request)?)),
        Operation::HeadHomePage => Op::HeadHomePage(request.bucket(), Box::new(object::decode_visit(&request)?)),
        Operation::GetObject => Op::GetObject(Box::new(object::decode(&request)?)),
        Operation::HeadObject => Op::HeadObject(Box::new(object::decode(&request)?)),
        Operation::GetObjectMeta => Op::GetObjectMeta(version::target(&request)?),
        Operation::GetObjectAcl => Op::GetObjectAcl(version::target(&request)?),
        Operation::PutObjectAcl => acl::decode_put_object(&request, body)?,
        Operation::GetObjectTagging => Op::GetObjectTagging(version::target(&request)?),
        Operation::PutObjectTagging => tagging::decode_object(&request, body)?,
        Operation::DeleteObjectTagging => Op::DeleteObjectTagging(version::target(&request)?),
        Operation::GetBucketStat => Op::GetBucketStat(request.bucket()),
        Operation::GetBucketRequestPayment => Op::GetBucketRequestPayment(request.bucket()),
        Operation::PutBucketRequestPayment => setting::decode_payer(&request, body)?,
        Operation::GetBucketNotification | Operation::GetBucketAccelerate | Operation::ListLiveChannels => {
            Op::GetUnset(request.bucket(), routed.action())
        }
        Operation::GetBucketVersioning => Op::GetBucketVersioning(request.bucket()),
        Operation::PutBucketVersioning => versioning::decode(&request, body)?,
        Operation::GetObjectLockConfiguration => Op::GetObjectLockConfiguration(request.bucket()),
        Operation::PutObjectLockConfiguration => lock::decode_configuration(&request, body)?,
        Operation::GetBucketWorm => Op::GetBucketWorm(request.bucket()),
        Operation::InitiateBucketWorm => worm::decode_initiate(&request, body)?,
        Operation::AbortBucketWorm => Op::AbortBucketWorm(request.bucket()),
        Operation::CompleteBucketWorm => worm::decode_complete(&request)?,
        Operation::ExtendBucketWorm => worm::decode_extend(&request, body)?,
        Operation::GetObjectRetention => Op::GetObjectRetention(version::target(&request)?),
        Operation::PutObjectRetention => lock::decode_retention(&request, body)?,
        Operation::GetObjectLegalHold => Op::GetObjectLegalHold(version::target(&request)?),
        Operation::RestoreObject => restore::decode(&request, body)?,
        Operation::PutObjectLegalHold => lock::decode_hold(&request, body)?,
        Operation::GetBucketCors => Op::GetBucketCors(request.bucket()),
        Operation::PutBucketCors => cors::decode(&request, body)?,
        Operation::DeleteBucketCors => Op::DeleteBucketCors(request.bucket()),
        Operation::GetBucketEncryption => Op::GetBucketEncryption(request.bucket()),
        Operation::PutBucketEncryption => encryption::decode(&request, body)?,
        Operation::DeleteBucketEncryption => Op::DeleteBucketEncryption(request.bucket()),
        Operation::GetBucketLifecycle => Op::GetBucketLifecycle(request.bucket()),
        Operation::PutBucketLifecycle => lifecycle::decode(&request, body)?,
        Operation::DeleteBucketLifecycle => Op::DeleteBucketLifecycle(request.bucket()),
        Operation::GetBucketReferer => Op::GetBucketReferer(request.bucket()),
        Operation::PutBucketReferer => referer::decode(&request, body)?,
        Operation::DeleteBucketReferer => Op::PutBucketReferer(request.bucket(), None),
        Operation::GetBucketLogging => Op::GetBucketLogging(request.bucket()),
        Operation::PutBucketLogging => logging::decode(&request, body)?,
        Operation::DeleteBucketLogging => Op::DeleteBucketLogging(request.bucket()),
        Operation::GetLogFields => Op::GetLogFields(request.bucket()),
        Operation::PutLogFields => logging::decode_fields(&request, body)?,
        Operation::DeleteLogFields => Op::DeleteLogFields(request.bucket()),
        Operation::GetBucketTagging => Op::GetBucketTagging(request.bucket()),
        Operation::PutBucketTagging => tagging::decode_bucket(&request, body)?,
        Operation::DeleteBucketTagging => tagging::decode_delete_bucket(&request),
        Operation::PutObject => put::decode(&request)?,
        // Answered by `cors`, for whoever asks.
        Operation::Preflight => return Err(not_implemented("OptionObject")),
        // Read by `form`, as the PutObject that it stands for.
        Operation::PostObject => return Err(Error::MalformedForm { message: "it is no form".into() }),
        Operation::AppendObject => append::decode(&request)?,
        Operation::PutSymlink => symlink::decode(&request)?,
        Operation::GetSymlink => Op::GetSymlink(version::target(&request)?),
        Operation::CopyObject => copy::decode(&request)?,
        Operation::DeleteObject => delete::decode_one(&request)?,
        Operation::CreateMultipartUpload => multipart::decode_create(&request)?,
        Operation::GetObjectAttributes => attributes::decode(&request)?,
        Operation::UploadPartCopy => part::decode_copy(&request)?,
        Operation::UploadPart => part::decode(&request)?,
        Operation::CompleteMultipartUpload => complete::decode(&request, body)?,
        Operation::AbortMultipartUpload => Op::AbortMultipartUpload(multipart::upload_ref(&request)),
        Operation::ListParts => part::decode_list(&request)?,
        Operation::NotImplemented { what, .. } => return Err(Error::NotImplemented { what: what.into() }),
    })
}

/// Writes the answer to the request of `parts`. DeleteObjects answers what the reply lists: a quiet one lists failures.
pub fn encode(routed: &Routed, parts: &Parts, reply: Reply, context: &ResponseContext<'_>) -> Response<Body> {
    let answer = Answer { routed, parts, vocab: routed.vocab(), context };
    write(&answer, reply)
}

fn write(answer: &Answer<'_>, reply: Reply) -> Response<Body> {
    match reply {
        Reply::Versioned(reply, note) => {
            let mut response = write(answer, *reply);
            version::put_note(response.headers_mut(), answer.routed, note);
            response
        }
        Reply::Encrypted(reply, holder) => {
            let mut response = write(answer, *reply);
            encryption::put_holder(response.headers_mut(), answer.vocab.dialect, holder);
            response
        }
        Reply::BucketEncryption(encryption) => encryption::encode(answer, encryption),
        Reply::Versions { owner, page } => versions::encode(answer, &owner, &page),
        Reply::Versioning(versioning) => versioning::encode(answer, versioning),
        Reply::LockConfiguration(configuration) => lock::encode_configuration(answer, &configuration),
        Reply::Worm(worm, state) => worm::encode(answer, &worm, state),
        Reply::WormInitiated(id) => worm::encode_initiated(answer, id),
        Reply::Retention(retention) => lock::encode_retention(answer, retention),
        Reply::LegalHold(hold) => lock::encode_hold(answer, hold),
        Reply::Done if answer.routed.operation == Operation::PutBucketLifecycle => lifecycle::encode_stored(answer),
        Reply::Done if answer.routed.operation == Operation::PutBucketAcl && answer.is_oss() => bucket::located(answer),
        Reply::Done => answer.done(),
        Reply::Restoring(tier) => restore::encode(answer, tier),
        Reply::Buckets { owner, buckets, next } => service::encode_buckets(answer, &owner, &buckets, next.as_deref()),
        Reply::Bucket { owner, bucket } => bucket::encode(answer, &owner, &bucket),
        Reply::Acl { owner, grants, canned } => answer.xml(acl::encode(answer, &owner, &grants, canned)),
        Reply::Policy(policy) => bucket_access::encode_policy(answer, &policy),
        Reply::PolicyStatus(public) => bucket_access::encode_status(answer, public),
        Reply::PublicAccess(block) => bucket_access::encode_block(answer, block),
        Reply::Ownership(ownership) => bucket_access::encode_ownership(answer, ownership),
        Reply::Website(website) => answer.xml(website::encode_get(answer.vocab, &website)),
        Reply::Objects { owner, page } => list::encode(answer, &owner, &page),
        Reply::Object(object) => object::encode(answer, *object),
        Reply::NotModified(meta) => object::encode_not_modified(answer, &meta),
        Reply::ObjectMeta(meta) if answer.routed.operation == Operation::GetObjectAttributes => {
            attributes::encode(answer, &meta)
        }
        Reply::ObjectMeta(meta) if answer.routed.operation == Operation::GetSymlink => symlink::encode(answer, &meta),
        Reply::ObjectMeta(meta) => object::encode_object_meta(answer, &meta),
        Reply::Tags(tags) => tagging::encode(answer, &tags),
        Reply::BucketStat(stat) => setting::encode_stat(answer, &stat),
        Reply::RequestPayment(requester_pays) => setting::encode_payer(answer, requester_pays),
        Reply::Unset => setting::encode_unset(answer).unwrap_or_else(|| answer.done()),
        Reply::Cors(configuration) => cors::encode(answer, &configuration),
        Reply::Lifecycle(configuration) => lifecycle::encode(answer, &configuration),
        Reply::Referer(referer) => answer.xml(referer::encode(&referer)),
        Reply::Logging(logging) => logging::encode(answer, logging.as_deref()),
        Reply::LogFields(fields) => answer.xml(logging::encode_fields(&fields)),
        Reply::Relayed(relayed) => object::encode_relayed(answer, *relayed),
        Reply::Appended(meta) => append::encode(answer, &meta),
        Reply::Stored(meta) => put::encode(answer, &meta),
        Reply::Copied(meta) => copy::encode(answer, &meta),
        Reply::Deleted(outcomes) => delete::encode(answer, &outcomes),
        Reply::UploadCreated(id) => multipart::encode_created(answer, id),
        Reply::PartCopied(part) => part::encode_copy(answer, &part),
        Reply::PartStored(part) => part::encode(answer, &part),
        Reply::Completed(meta) => complete::encode(answer, &meta),
        Reply::Parts { owner, checksum, user, page } => {
            part::encode_list(answer, &part::OfUpload { owner, checksum, user }, &page)
        }
        Reply::Uploads { owner, page } => upload::encode_list(answer, &owner, &page),
    }
}

/// The header that gives an object the tags of this document.
pub(crate) fn tagging_header(document: &str) -> Result<String> {
    tagging::header_of(document)
}

/// Adds what an answer tells about the bytes that were stored.
pub(crate) fn put_stored(headers: &mut http::HeaderMap, meta: &headwater_model::object::ObjectMeta, dialect: Dialect) {
    put::put_digests(headers, meta, dialect);
    encryption::put(headers, dialect, meta);
}

/// The URL of the object that a request names.
pub(crate) fn object_location(routed: &Routed, parts: &Parts, context: &ResponseContext<'_>) -> String {
    endpoint::object_url(&Answer { routed, parts, vocab: routed.vocab(), context })
}

/// The header by which an object's answer tells when a lifecycle rule of this name ends it. Dates beyond year 9999 show as
/// its end.
pub fn expiry_header(
    dialect: Dialect,
    at: headwater_model::clock::Timestamp,
    rule_id: &str,
) -> (http::HeaderName, http::HeaderValue) {
    lifecycle::expiry_header(dialect, at, rule_id)
}

/// Reads a website document of either vendor's form, as PutBucketWebsite of S3 does. Masked secrets stay masked.
///
/// # Errors
/// [`Error::MalformedXml`] and [`Error::InvalidArgument`].
pub fn read_website(document: &[u8]) -> Result<Website> {
    website::decode(document, Dialect::S3)
}

/// Writes a website document, as GetBucketWebsite of S3 does. Secrets are masked.
pub fn write_website(website: &Website) -> String {
    website::encode(website).finish()
}

/// Writes a website document with secrets as they are, for a client that puts it. It is to be shown to nobody.
pub fn write_website_with_secrets(website: &Website) -> String {
    website::encode_plain(website).finish()
}

/// Reads a `Tagging` document, as GetObjectTagging of either vendor answers it.
///
/// # Errors
/// [`Error::MalformedXml`], also for more than [`headwater_model::limits::MAX_TAGS`] tags; [`Error::InvalidArgument`] for
/// a key or value that is too long, and for a key that is repeated.
pub fn read_tagging(document: &[u8]) -> Result<Tags> {
    tagging::decode(document)
}

/// A request while it is decoded.
pub(crate) struct Request<'r> {
    routed: &'r Routed,
    parts: &'r Parts,
    fields: Fields<'r>,
    vocab: &'static Vocab,
    facts: &'r RequestFacts,
}

impl<'r> Request<'r> {
    fn bucket(&self) -> BucketName {
        self.routed.bucket.clone().expect("the router gives every operation on a bucket its bucket")
    }

    fn key(&self) -> ObjectKey {
        self.routed.key.clone().expect("the router gives every operation on an object its key")
    }

    fn query(&self, name: &str) -> Option<&'r str> {
        self.routed.queries.get(name)
    }

    fn is_oss(&self) -> bool {
        self.routed.dialect == Dialect::Oss
    }

    fn refuse_unoffered_headers(&self) -> Result<()> {
        let mut names = self.parts.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-"));
        if let Some(name) = names.find(|name| self.vocab.is_unoffered_header(name)) {
            return Err(not_implemented(name));
        }
        for (name, _) in self.fields.parameters() {
            if self.vocab.is_unoffered_header(&name.to_ascii_lowercase()) {
                return Err(not_implemented(name));
            }
        }
        Ok(())
    }
}

/// An answer while it is encoded.
pub(crate) struct Answer<'a> {
    routed: &'a Routed,
    parts: &'a Parts,
    vocab: &'static Vocab,
    context: &'a ResponseContext<'a>,
}

impl Answer<'_> {
    fn is_oss(&self) -> bool {
        self.vocab.dialect == Dialect::Oss
    }

    fn bucket(&self) -> &str {
        self.routed.bucket.as_ref().map(BucketName::as_str).unwrap_or_default()
    }

    fn key(&self) -> &str {
        self.routed.key.as_ref().map(ObjectKey::as_str).unwrap_or_default()
    }

    /// A header of the request; what was wrong with it was told when it was decoded.
    fn field(&self, name: &str) -> Option<&str> {
        self.routed.fields(self.parts).get(name).ok().flatten()
    }

    fn endpoint(&self) -> &str {
        address::endpoint(self.parts, self.routed.style, self.routed.bucket.as_ref().map(BucketName::as_str))
    }

    fn start(&self, status: StatusCode) -> Response<Body> {
        response::start(self.vocab, self.context, status)
    }

    fn empty(&self, status: StatusCode) -> Response<Body> {
        response::empty(self.vocab, self.context, status)
    }

    fn xml(&self, document: crate::xml::XmlWriter) -> Response<Body> {
        response::xml(self.vocab, self.context, document)
    }

    /// Success without content: what removes something answers 204, and so does S3 for a policy; the rest 200.
    fn done(&self) -> Response<Body> {
        let removes = matches!(
            self.routed.operation,
            Operation::DeleteBucket
                | Operation::DeleteBucketWebsite
                | Operation::DeleteBucketPolicy
                | Operation::DeletePublicAccessBlock
                | Operation::DeleteAccountPublicAccessBlock
                | Operation::DeleteOwnershipControls
                | Operation::DeleteObject
                | Operation::DeleteObjectTagging
                | Operation::DeleteBucketTagging
                | Operation::DeleteBucketCors
                | Operation::DeleteBucketEncryption
                | Operation::DeleteBucketLifecycle
                | Operation::DeleteBucketReferer
                | Operation::DeleteBucketLogging
                | Operation::DeleteLogFields
                | Operation::AbortBucketWorm
                | Operation::AbortMultipartUpload
        );
        let of_s3 = !self.is_oss() && self.routed.operation == Operation::PutBucketPolicy;
        self.empty(if removes || of_s3 { StatusCode::NO_CONTENT } else { StatusCode::OK })
    }
}

pub(crate) fn not_implemented(what: &str) -> Error {
    Error::NotImplemented { what: what.into() }
}
