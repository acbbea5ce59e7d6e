//! The one error type of the domain.
//!
//! Each variant says what happened in terms of what the caller may do about it. Neither status codes nor vendor codes
//! appear here: crate `wire` maps each variant to both vendors' words. Failures of the machinery (disk, index) carry
//! their cause as a boxed source and are shown to administrators only.

mod version;

use std::error::Error as StdError;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::version::VersionId;

pub use version::VersionError;

/// Result with the domain's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was not performed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // --- names and existence ---
    /// The text cannot be a bucket's name.
    #[error("invalid bucket name {name:?}")]
    InvalidBucketName {
        /// As given.
        name: Box<str>,
    },
    /// The text cannot be an object's key.
    #[error("invalid object name {key:?}")]
    InvalidObjectName {
        /// As given, lossily decoded.
        key: Box<str>,
    },
    /// The key is too long.
    #[error("object key of {size_bytes} bytes is longer than {limit_bytes}")]
    KeyTooLong {
        /// Length given.
        size_bytes: usize,
        /// Length allowed.
        limit_bytes: usize,
    },
    /// No bucket of that name.
    #[error("no such bucket: {bucket}")]
    NoSuchBucket {
        /// The name.
        bucket: Box<str>,
    },
    /// No object under that key.
    #[error("no such key: {key}")]
    NoSuchKey {
        /// The key.
        key: Box<str>,
        /// Status of the origin's answer (404 or 410), if one was asked.
        origin_status: Option<u16>,
    },
    /// The key has no version of that id.
    #[error("no such version of {key}: {version}")]
    NoSuchVersion {
        /// The key.
        key: Box<str>,
        /// The version.
        version: VersionId,
    },
    /// A version is retained or under a legal hold, so it stays and its retention does not get shorter.
    #[error("version {version} of {key} is locked")]
    ObjectLocked {
        /// The key.
        key: Box<str>,
        /// The version.
        version: VersionId,
    },
    /// The object is of no archive's class, so there is nothing to restore it from.
    #[error("{key} is not archived")]
    NotArchived {
        /// The key.
        key: Box<str>,
    },
    /// Something about versions, or about what keeps them from being removed.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// No multipart upload of that id for that key.
    #[error("no such upload: {upload_id}")]
    NoSuchUpload {
        /// The id as given.
        upload_id: Box<str>,
    },
    /// An append at another position than the end of the object.
    #[error("the object ends at {next}")]
    AppendPosition {
        /// Where the object ends: the position of the next append.
        next: u64,
    },
    /// The object was not made by an append.
    #[error("object is not appendable: {key}")]
    NotAppendable {
        /// The key.
        key: Box<str>,
    },
    /// The object is no symlink.
    #[error("object is not a symlink: {key}")]
    NotSymlink {
        /// The key.
        key: Box<str>,
    },
    /// What a symlink names cannot be read through it.
    #[error("symlink to {target}: {}", if *is_link { "a symlink itself" } else { "no such object" })]
    SymlinkTarget {
        /// The key that it names.
        target: Box<str>,
        /// Whether that is a symlink too; otherwise it is missing.
        is_link: bool,
    },
    /// The bucket has no cross-origin rules.
    #[error("bucket {bucket} has no cors configuration")]
    NoSuchCors {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket encrypts nothing by default.
    #[error("bucket {bucket} has no encryption configuration")]
    NoSuchEncryption {
        /// The bucket.
        bucket: Box<str>,
    },
    /// Encryption by an algorithm that there is not.
    #[error("no such encryption algorithm: {algorithm}")]
    InvalidEncryptionAlgorithm {
        /// As asked for.
        algorithm: Box<str>,
    },
    /// The bucket has no lifecycle rules.
    #[error("bucket {bucket} has no lifecycle configuration")]
    NoSuchLifecycle {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket names no further fields for its log.
    #[error("bucket {bucket} has no user defined log fields")]
    NoSuchLogFields {
        /// The bucket.
        bucket: Box<str>,
    },
    /// Requests cannot be written down in that bucket: there is none, or it is somebody else's.
    #[error("requests cannot be written down in {target}")]
    InvalidLogTarget {
        /// The bucket that is named.
        target: Box<str>,
    },
    /// A browser asked for a page of another site, and no rule of the bucket allows it.
    #[error("cross-origin request not allowed")]
    CorsForbidden {
        /// Whether the bucket has rules at all.
        enabled: bool,
    },
    /// The bucket has no tags.
    #[error("bucket {bucket} has no tags")]
    NoSuchTagSet {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket has no website document.
    #[error("bucket {bucket} has no website configuration")]
    NoSuchWebsite {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket exists and belongs to somebody else, or is not as the caller wants it.
    #[error("bucket already exists: {bucket}")]
    BucketAlreadyExists {
        /// The name.
        bucket: Box<str>,
    },
    /// The bucket exists and belongs to the caller (creation repeated).
    #[error("bucket {bucket} exists and is yours")]
    BucketAlreadyOwnedByYou {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket has no policy.
    #[error("bucket {bucket} has no policy")]
    NoSuchBucketPolicy {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket blocks nothing of the public's rights (S3; at OSS that is an answer).
    #[error("bucket {bucket} has no public access block")]
    NoSuchPublicAccessBlock {
        /// The bucket.
        bucket: Box<str>,
    },
    /// It was never said who owns the bucket's objects.
    #[error("bucket {bucket} has no ownership controls")]
    NoSuchOwnershipControls {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The bucket's owner owns every object, so a list cannot be set.
    #[error("bucket {bucket} does not allow access control lists")]
    AclsDisabled {
        /// The bucket.
        bucket: Box<str>,
    },
    /// Lists cannot be disabled while the bucket's own grants something.
    #[error("bucket {bucket} has a list that grants something")]
    AclForbidsOwnership {
        /// The bucket.
        bucket: Box<str>,
    },
    /// A grant names an e-mail address that no account has.
    #[error("no account has the e-mail address {email:?}")]
    UnresolvableEmail {
        /// As given.
        email: Box<str>,
    },
    /// The bucket still holds objects or uploads.
    #[error("bucket {bucket} is not empty")]
    BucketNotEmpty {
        /// The bucket.
        bucket: Box<str>,
    },
    /// The server holds as many buckets as it may.
    #[error("too many buckets (limit {limit})")]
    TooManyBuckets {
        /// [`crate::limits::MAX_BUCKETS`].
        limit: usize,
    },

    /// The bucket remembers as many deletions of keys without an object as it may.
    #[error("bucket {bucket} has {limit} tombstones; lift those that are no longer needed")]
    TooManyTombstones {
        /// The bucket.
        bucket: Box<str>,
        /// [`crate::limits::MAX_GONE_PER_BUCKET`].
        limit: u64,
    },

    // --- who ---
    /// Not allowed; never tells whether the thing exists.
    #[error("access denied: {reason}")]
    AccessDenied {
        /// For the log and for signed callers.
        reason: &'static str,
    },
    /// The bucket's hotlink protection denies the page that the request comes from.
    #[error("denied by the referer policy of the bucket")]
    DeniedByReferer,
    /// The session token is none of this server's, or not that of the access key.
    #[error("invalid session token")]
    InvalidToken,
    /// The session token has ended.
    #[error("session token ended")]
    ExpiredToken,
    /// No such access key.
    #[error("unknown access key id {access_key_id:?}")]
    InvalidAccessKeyId {
        /// As given.
        access_key_id: Box<str>,
    },
    /// The signature is not the one computed here.
    #[error("signature does not match")]
    SignatureMismatch(Box<SignatureMismatch>),
    /// The signed time is too far from the server's.
    #[error("request time too skewed")]
    RequestTimeTooSkewed {
        /// Time that the client signed.
        request_time: Timestamp,
        /// Time here.
        server_time: Timestamp,
    },
    /// A presigned URL after its end.
    #[error("request has expired")]
    RequestExpired {
        /// When it ended.
        expires: Timestamp,
        /// Time here.
        server_time: Timestamp,
    },

    // --- the request itself ---
    /// A header, parameter or XML field has a value that cannot be honoured.
    #[error("invalid argument {name}={value:?}: {message}")]
    InvalidArgument {
        /// Name of the field in the vendor's words.
        name: Box<str>,
        /// Value as given (cut to a sane length).
        value: Box<str>,
        /// What is wrong and what would be right.
        message: Box<str>,
    },
    /// The request contradicts itself or lacks a part, with no single field to blame.
    #[error("invalid request: {message}")]
    InvalidRequest {
        /// What is wrong and what would be right.
        message: Box<str>,
    },
    /// The XML body is not well-formed, too large, too deep, or not of the operation's shape.
    #[error("malformed xml: {message}")]
    MalformedXml {
        /// Which rule was broken.
        message: Box<str>,
    },
    /// Tags beyond a limit, or of characters that tags cannot have.
    #[error("invalid tag: {message}")]
    InvalidTag {
        /// What is wrong.
        message: Box<str>,
    },
    /// The body is no form of a form upload.
    #[error("malformed form: {message}")]
    MalformedForm {
        /// Which rule was broken.
        message: Box<str>,
    },
    /// The policy of a form upload is none.
    #[error("invalid policy: {message}")]
    InvalidPolicy {
        /// Which rule was broken.
        message: Box<str>,
    },
    /// A form upload breaks its policy, or the policy has expired. Nothing was stored.
    #[error("policy violated: {message}")]
    PolicyViolated {
        /// Which condition.
        message: Box<str>,
    },
    /// A digest header cannot be a digest (wrong length or encoding).
    #[error("invalid digest in {header}")]
    InvalidDigest {
        /// Header name.
        header: Box<str>,
        /// Value as given.
        value: Box<str>,
    },
    /// The body does not have the digest that was announced. Nothing was stored.
    #[error("digest mismatch in {header}")]
    BadDigest {
        /// Header name.
        header: Box<str>,
        /// Digest announced, in the header's encoding.
        announced: Box<str>,
        /// Digest of the bytes received, in the header's encoding.
        computed: Box<str>,
    },
    /// The body ended before its announced length. Nothing was stored.
    #[error("incomplete body")]
    IncompleteBody,
    /// The operation needs a `Content-Length`.
    #[error("missing content length")]
    MissingContentLength,
    /// Larger than the limit.
    #[error("{size_bytes} bytes are more than the limit of {limit_bytes}")]
    EntityTooLarge {
        /// Size announced or reached.
        size_bytes: u64,
        /// Limit.
        limit_bytes: u64,
    },
    /// A part other than the last is smaller than the limit.
    #[error("part {part_number} of {size_bytes} bytes is smaller than {limit_bytes}")]
    EntityTooSmall {
        /// Which part.
        part_number: u16,
        /// Its size.
        size_bytes: u64,
        /// Limit.
        limit_bytes: u64,
    },
    /// User metadata or a header beyond its limit.
    #[error("metadata of {size_bytes} bytes is larger than {limit_bytes}")]
    MetadataTooLarge {
        /// Size given.
        size_bytes: usize,
        /// Limit.
        limit_bytes: usize,
    },
    /// A listed part was never uploaded, or with another ETag.
    #[error("invalid part {part_number}")]
    InvalidPart {
        /// Which part.
        part_number: u16,
        /// The upload.
        upload_id: Box<str>,
    },
    /// Parts are not listed in ascending order.
    #[error("invalid part order")]
    InvalidPartOrder,
    /// The parts of this upload come in order, and this one's turn has not come.
    #[error("part {part_number} is not the next one of its upload")]
    PartNotSequential {
        /// Its number.
        part_number: u16,
    },
    /// The parts of this upload come in order, and this one is there: it is not replaced.
    #[error("part {part_number} of a sequential upload is there already")]
    PartAlreadyExists {
        /// Its number.
        part_number: u16,
    },
    /// The range selects nothing.
    #[error("range not satisfiable for {size_bytes} bytes")]
    InvalidRange {
        /// Range header as sent.
        range: Box<str>,
        /// Length of the object.
        size_bytes: u64,
    },
    /// A condition of the request does not hold.
    #[error("precondition {condition} failed")]
    PreconditionFailed {
        /// Name of the header.
        condition: &'static str,
    },
    /// The rules of a bucket are not those that the requester knows.
    #[error("the rules have version {current} by now, not {expected}; read them again and change those")]
    RulesChanged {
        /// The version that the requester knows.
        expected: u64,
        /// The version that there is.
        current: u64,
    },
    /// The source of a copy is not modified since the client's condition (OSS, which answers as to a reader).
    #[error("the source is not modified")]
    NotModified,
    /// The object exists and the writer said that it must not be replaced (`x-oss-forbid-overwrite`).
    #[error("object exists: {key}")]
    ObjectExists {
        /// The key.
        key: Box<str>,
    },
    /// The resource does not have that method.
    #[error("method {method} not allowed")]
    MethodNotAllowed {
        /// The method.
        method: Box<str>,
        /// What it was tried on.
        resource: &'static str,
    },
    /// A real operation of the vendor that is not offered here.
    #[error("not implemented: {what}")]
    NotImplemented {
        /// Operation, header or parameter, in the vendor's words.
        what: Box<str>,
    },

    /// A policy document that cannot be taken.
    #[error("malformed policy: {message}")]
    MalformedPolicy {
        /// The element, and what is wrong with it.
        message: Box<str>,
    },

    // --- origins ---
    /// The object is not here and could not be fetched; nothing was stored.
    #[error("mirror failed: {0}")]
    MirrorFailed(Box<MirrorFailure>),

    // --- us ---
    /// One of our own limits is reached; try again later.
    #[error("slow down: {limit}")]
    SlowDown {
        /// Which limit.
        limit: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// No space to store anything; reads and deletes work.
    #[error("storage full")]
    StorageFull,
    /// Stored bytes fail their checksum or are missing; they are never sent.
    #[error("object damaged: {detail}")]
    Damaged {
        /// What was found, for the administrator.
        detail: Box<str>,
    },
    /// The client's connection failed while its body was read; nothing can be answered.
    #[error("client gone")]
    ClientGone,
    /// The machinery failed.
    #[error("internal error: {context}")]
    Internal {
        /// What was being done.
        context: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Wraps a failure of the machinery.
    pub fn internal(context: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal { context, source: source.into() }
    }

    /// What S3 says of a website document that would need an index page and has none.
    pub fn no_index_document() -> Self {
        let message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
        Self::invalid_argument("IndexDocument", "null", message)
    }

    /// An [`Error::InvalidArgument`], its value cut to 1,024 characters.
    pub fn invalid_argument(name: impl Into<Box<str>>, value: &str, message: impl Into<Box<str>>) -> Self {
        let value: String = value.chars().take(1024).collect();
        Self::InvalidArgument { name: name.into(), value: value.into(), message: message.into() }
    }
}

/// What both vendors tell about a wrong signature, so that the author of a client can find the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureMismatch {
    /// Access key id of the request.
    pub access_key_id: Box<str>,
    /// Signature that came.
    pub provided: Box<str>,
    /// String to sign computed here.
    pub string_to_sign: Box<str>,
    /// Canonical request computed here, for schemes that have one.
    pub canonical_request: Option<Box<str>>,
}

/// Why a miss could not be served from its origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MirrorFailure {
    /// Class of failure; decides the EC of OSS.
    pub kind: MirrorFailureKind,
    /// The vendor's message (oss-mirroring 6.2).
    pub message: Box<str>,
    /// Whether trying again later may help: decides `Retry-After`, and 503 or 424 on the S3 face.
    pub retry_after: Option<Duration>,
    /// A short reason code for logs, metrics, administrators and the bucket's owner, never for others: one of a fixed
    /// set of snake_case words such as `origin_status`, `connect_refused`, `dns`, `tls`, `timeout_first_byte`.
    pub reason: &'static str,
    /// Status of the origin's last answer, if it gave one.
    pub origin_status: Option<u16>,
}

/// Class of a mirror failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorFailureKind {
    /// The origin answered, but not with the object (EC 0041-00000101).
    Answer,
    /// The origin could not be reached or did not speak properly (EC 0041-00000104).
    Unreachable,
    /// The origin's address is not allowed (EC 0041-00000108).
    ForbiddenAddress,
    /// The rule cannot be applied to this key, or the answer cannot be kept (no EC of its own: 0041-00000101).
    Refused,
}
