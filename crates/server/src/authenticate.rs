//! From a request's signature to its principal.
//!
//! Guarantees: the only place that makes a [`Principal`]; an unknown access key costs the same work as a known one; what
//! an operation is selected by must be covered by the signature, where there is one; what a request says about its body
//! is checked whether or not it is signed, so that no coding of the transfer is ever stored as an object.

use std::sync::Arc;

use headwater_engine::{Accounts, Credential};
use headwater_model::access::Principal;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::error::SignatureMismatch;
use headwater_model::{Error, Result};
use headwater_wire::form::Form;
use headwater_wire::sign::{
    ContentSha256, Credentials, PayloadMode, Scheme, SignError, SigningKeys, Target, Verified, VerifyContext, detect,
    verify, verify_unknown,
};
use headwater_wire::{BodyNeed, Operation, Routed};
use http::request::Parts;

/// Who asks, and how the body is to be checked.
pub(crate) struct Authenticated {
    pub(crate) principal: Principal,
    /// How it was signed; `None` if it was not.
    pub(crate) scheme: Option<Scheme>,
    pub(crate) payload: PayloadMode,
}

/// Who asks the admin API, and how the body is to be checked. Whether the key may is another question.
pub(crate) struct Administrator {
    pub(crate) principal: Principal,
    pub(crate) access_key_id: String,
    pub(crate) signature: [u8; 32],
    pub(crate) payload: PayloadMode,
}

/// Verifies signatures.
pub(crate) struct Authenticator {
    keys: SigningKeys,
    /// The one region that V4 scopes may name.
    strict_region: Option<Arc<str>>,
}

impl Authenticator {
    pub(crate) fn new(strict_region: Option<Arc<str>>) -> Self {
        Self { keys: SigningKeys::new(), strict_region }
    }

    /// Who signed a request of the admin API, by SigV4 in the `Authorization` header alone.
    ///
    /// # Errors
    /// What is wrong with the signature; [`Error::AccessDenied`] without one.
    pub(crate) fn administrator(&self, parts: &Parts, accounts: &Accounts, now: Timestamp) -> Result<Administrator> {
        let dialect = Dialect::S3;
        let credentials = detect(parts).map_err(|error| refusal(error, "", dialect))?;
        let credentials = credentials.filter(|credentials| credentials.scheme == Scheme::SigV4Header);
        let credentials = credentials.ok_or(Error::AccessDenied {
            reason: "sign the request with AWS Signature Version 4 in Authorization, or send a bearer token there",
        })?;
        let context = VerifyContext { now, target: Target::default(), strict_region: None, keys: &self.keys };
        let id = credentials.access_key_id.as_str();
        // Temporary credentials are not for the admin API.
        let Some(Credential { principal, secret }) = accounts.find(id, None, now)? else {
            verify_unknown(parts, &credentials, &context).map_err(|error| refusal(error, id, dialect))?;
            return Err(Error::InvalidAccessKeyId { access_key_id: id.into() });
        };
        let verified = verify(parts, &credentials, &secret, &context).map_err(|error| refusal(error, id, dialect))?;
        let signature = credentials.v4_signature().expect("a V4 signature was verified");
        Ok(Administrator { principal, access_key_id: id.to_owned(), signature, payload: verified.payload })
    }

    /// # Errors
    /// The vendor's answer to whatever is wrong with the signature.
    pub(crate) fn authenticate(
        &self,
        parts: &Parts,
        routed: &Routed,
        accounts: &Accounts,
        now: Timestamp,
    ) -> Result<Authenticated> {
        let dialect = routed.dialect;
        let Some(credentials) = detect(parts).map_err(|error| refusal(error, "", dialect))? else {
            let payload = match routed.body_need() {
                BodyNeed::None | BodyNeed::Form => PayloadMode::Unsigned,
                BodyNeed::Xml | BodyNeed::Stream => unsigned_payload(parts, dialect)?,
            };
            return Ok(Authenticated { principal: Principal::Anonymous, scheme: None, payload });
        };
        let target = Target {
            bucket: routed.bucket.as_ref().map(headwater_model::BucketName::as_str),
            key: routed.key.as_ref().map(headwater_model::ObjectKey::as_str),
        };
        let context = VerifyContext { now, target, strict_region: self.strict_region.as_deref(), keys: &self.keys };
        let id = credentials.access_key_id.as_str();
        let token = credentials.session_token.as_deref();
        let Some(Credential { principal, secret }) = accounts.find(id, token, now)? else {
            verify_unknown(parts, &credentials, &context).map_err(|error| refusal(error, id, dialect))?;
            return Err(Error::InvalidAccessKeyId { access_key_id: id.into() });
        };
        let verified = verify(parts, &credentials, &secret, &context).map_err(|error| refusal(error, id, dialect))?;
        check_coverage(routed, &verified, &credentials)?;
        let scheme = Some(verified.scheme);
        let payload = match (verified.scheme, routed.body_need()) {
            // The signature says nothing of the body, but the headers that do are signed with it.
            (Scheme::SigV2Header | Scheme::SigV2Query, BodyNeed::Xml | BodyNeed::Stream) => {
                unsigned_payload(parts, dialect)?
            }
            _ => verified.payload,
        };
        Ok(Authenticated { principal, scheme, payload })
    }
}

impl Authenticator {
    /// Who signed the policy of a form; anonymous, if nobody did.
    ///
    /// # Errors
    /// What is wrong with the signature.
    pub(crate) fn form(&self, form: &Form, accounts: &Accounts, now: Timestamp, dialect: Dialect) -> Result<Principal> {
        let Some(credentials) = form.credentials()? else { return Ok(Principal::Anonymous) };
        let id = credentials.access_key_id.as_str();
        let region = self.strict_region.as_deref();
        let found = accounts.find(id, credentials.session_token.as_deref(), now)?;
        let secret = found.as_ref().map_or(UNKNOWN_SECRET, |credential| &*credential.secret);
        let verified = credentials.verify(secret, region);
        let Some(Credential { principal, .. }) = found else {
            return Err(Error::InvalidAccessKeyId { access_key_id: id.into() });
        };
        verified.map_err(|error| refusal(error, id, dialect))?;
        Ok(principal)
    }
}

/// Stands in for the secret of an access key that does not exist.
const UNKNOWN_SECRET: &str = "no-such-access-key-no-such-access-key-00";

/// A parameter that selects the operation, or what it works on, must have been signed: else whoever holds a signed URL
/// could turn it into another request.
fn check_coverage(routed: &Routed, verified: &Verified, credentials: &Credentials) -> Result<()> {
    if routed.decisive_queries().all(|name| verified.covers_query(name)) {
        return Ok(());
    }
    tracing::debug!(scheme = ?credentials.scheme, "a decisive query parameter is not signed");
    Err(Error::AccessDenied { reason: "a query parameter that selects the operation is not signed" })
}

/// What to answer whose access key does not exist: OSS looks for the bucket first, and clients ask whether there is one
/// with keys made up for the purpose. Anonymous requests learn the same.
pub(crate) fn unknown_key(error: Error, routed: &Routed, exists: &dyn Fn(&str) -> bool) -> Error {
    // A list that is put makes a bucket too.
    let creates = matches!(routed.operation, Operation::CreateBucket | Operation::PutBucketAcl);
    match (&error, &routed.bucket) {
        (Error::InvalidAccessKeyId { .. }, Some(bucket))
            if routed.dialect == Dialect::Oss && !creates && !exists(bucket.as_str()) =>
        {
            Error::NoSuchBucket { bucket: bucket.as_str().into() }
        }
        _ => error,
    }
}

/// What a request without credentials, or under a scheme that leaves the body out, says about its body. Signed chunks cannot
/// be verified without a signature to start from, and a coding that is not announced where it belongs would not be decoded: both are refused.
fn unsigned_payload(parts: &Parts, dialect: Dialect) -> Result<PayloadMode> {
    let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let mode = match text(content_sha256(dialect)) {
        None => ContentSha256::Unsigned,
        Some(value) => ContentSha256::parse(value)
            .filter(|mode| dialect == Dialect::S3 || !mode.is_chunked())
            .ok_or_else(|| refusal(SignError::UnknownPayloadMode { value: value.into() }, "", dialect))?,
    };
    let coded = text("content-encoding")
        .is_some_and(|codings| codings.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("aws-chunked")));
    match mode {
        ContentSha256::ChunkedUnsignedTrailer => Ok(PayloadMode::ChunkedUnsignedTrailer),
        ContentSha256::ChunkedSigned | ContentSha256::ChunkedSignedTrailer => {
            Err(Error::AccessDenied { reason: "a body in signed chunks needs a signed request" })
        }
        _ if coded => {
            let message = "A body in aws-chunked needs an x-amz-content-sha256 that says so.";
            Err(Error::InvalidRequest { message: message.into() })
        }
        ContentSha256::Digest(digest) => Ok(PayloadMode::Sha256(digest)),
        ContentSha256::Unsigned => Ok(PayloadMode::Unsigned),
    }
}

/// S3's words for a payload mode that is none.
const PAYLOAD_MODES: &str = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                             STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
                             STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, \
                             STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.";

/// The header that tells how the body is covered.
fn content_sha256(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oss => "x-oss-content-sha256",
        Dialect::S3 => "x-amz-content-sha256",
    }
}

fn refusal(error: SignError, access_key_id: &str, dialect: Dialect) -> Error {
    let message = error.to_string();
    match error {
        SignError::TimeTooSkewed { request_time, server_time, .. } => {
            Error::RequestTimeTooSkewed { request_time, server_time }
        }
        SignError::Expired { expired_at, server_time } => Error::RequestExpired { expires: expired_at, server_time },
        SignError::NotYetValid { .. } => Error::AccessDenied { reason: "the presigned request is not valid yet" },
        SignError::LifetimeOutOfRange => {
            Error::AccessDenied { reason: "X-Amz-Expires must be between 1 and 604800 seconds" }
        }
        SignError::MissingDate => Error::AccessDenied { reason: "the signature needs a valid Date or x-*-date header" },
        SignError::IncompleteQueryAuth { .. } => {
            Error::AccessDenied { reason: "the presigned request lacks a parameter of its signature" }
        }
        SignError::HeaderNotSigned { name } => {
            tracing::debug!(header = name, "header not covered by the signature");
            Error::AccessDenied { reason: "there were headers present in the request which were not signed" }
        }
        SignError::Mismatch(mismatch) => Error::SignatureMismatch(Box::new(SignatureMismatch {
            access_key_id: access_key_id.into(),
            provided: mismatch.provided.into(),
            string_to_sign: mismatch.string_to_sign.into(),
            canonical_request: mismatch.canonical_request.map(Into::into),
        })),
        SignError::UnsupportedScheme { scheme } => Error::invalid_argument("Authorization", &scheme, message),
        SignError::DuplicateAuth => Error::invalid_argument("Authorization", "", message),
        SignError::Malformed { field, .. } => Error::invalid_argument(field, "", message),
        SignError::WrongRegion { signed, .. } if dialect == Dialect::Oss => {
            Error::invalid_argument("Region", &signed, "Invalid signing region in Authorization header.")
        }
        SignError::WrongRegion { signed, .. } => Error::invalid_argument("Region", &signed, message),
        SignError::UnknownPayloadMode { value } if dialect == Dialect::S3 => {
            Error::invalid_argument(content_sha256(dialect), &value, PAYLOAD_MODES)
        }
        SignError::UnknownPayloadMode { value } => Error::invalid_argument(content_sha256(dialect), &value, message),
        SignError::MissingHeader { name: "x-amz-decoded-content-length" } => Error::MissingContentLength,
        SignError::MissingHeader { .. } => Error::InvalidRequest { message: message.into() },
    }
}
