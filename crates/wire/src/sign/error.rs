//! Why a request's signature is refused, in enough detail for the vendor's exact answer.

use std::fmt;

use headwater_model::clock::Timestamp;

/// Why a signature is refused. Each variant names the vendors' answers, S3 first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A scheme that is not spoken here (AWS SigV2, SigV4A, OSS2, `Bearer`…). 400 `InvalidArgument` / `InvalidArgument`.
    #[error("unsupported authorization scheme {scheme}")]
    UnsupportedScheme {
        /// The scheme as far as it could be named.
        scheme: String,
    },
    /// More than one signature: header and query, or two headers. 400 `InvalidArgument` / `InvalidArgument`.
    #[error("only one authentication mechanism is allowed")]
    DuplicateAuth,
    /// A presigned URL lacks one of its parameters. 400 `AuthorizationQueryParametersError` / 403 `AccessDenied`.
    #[error("query authentication requires the parameter {missing}")]
    IncompleteQueryAuth {
        /// The first parameter found missing.
        missing: &'static str,
    },
    /// A part of the claim cannot be parsed or contradicts another. 400 `AuthorizationHeaderMalformed` or
    /// `AuthorizationQueryParametersError` / 400 `InvalidArgument`.
    #[error("{field}: {message}")]
    Malformed {
        /// The header, parameter or part of it.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The scope names another region than the server insists on. 400 `AuthorizationHeaderMalformed` with `Region` /
    /// 400 `InvalidArgument`.
    #[error("the region {signed:?} is wrong, expecting {expected:?}")]
    WrongRegion {
        /// As signed.
        signed: String,
        /// As configured.
        expected: String,
    },
    /// A header signature without a readable date. 403 `AccessDenied` / 403 `AccessDenied`.
    #[error("authentication requires a valid date header")]
    MissingDate,
    /// The signed time of a header signature is too far from the server's. 403 `RequestTimeTooSkewed` (both).
    #[error("the request's time differs too much from the server's")]
    TimeTooSkewed {
        /// As signed.
        request_time: Timestamp,
        /// The server's.
        server_time: Timestamp,
        /// The largest difference allowed, in milliseconds.
        max_ms: u64,
    },
    /// S3: a presigned URL is for no time, or for more than a week. 403 `AccessDenied`, as for one that has run out.
    #[error("X-Amz-Expires must be between 1 and 604800 seconds")]
    LifetimeOutOfRange,
    /// A presigned URL from the future. 403 `AccessDenied` (both).
    #[error("the request is not valid yet")]
    NotYetValid {
        /// From when on it is valid.
        valid_from: Timestamp,
        /// The server's time.
        server_time: Timestamp,
    },
    /// A presigned URL past its end. 403 `AccessDenied` (both).
    #[error("the request has expired")]
    Expired {
        /// The last second in which it was valid.
        expired_at: Timestamp,
        /// The server's time.
        server_time: Timestamp,
    },
    /// A header that the scheme demands is absent. 400 `InvalidRequest`; for `x-amz-decoded-content-length` 411
    /// `MissingContentLength`. OSS schemes demand none.
    #[error("Missing required header for this request: {name}")]
    MissingHeader {
        /// Its name, lower case.
        name: &'static str,
    },
    /// A header that must be signed is not, or is signed and absent. 403 `AccessDenied` (both).
    #[error("header {name} is not covered by the signature")]
    HeaderNotSigned {
        /// Its name, lower case.
        name: String,
    },
    /// A payload mode that is not spoken here. 400 `InvalidArgument` / 400 `InvalidArgument`.
    #[error("unsupported payload mode {value:?}")]
    UnknownPayloadMode {
        /// The value of `x-amz-content-sha256` or `x-oss-content-sha256`.
        value: String,
    },
    /// The signature is wrong. 403 `SignatureDoesNotMatch` (both).
    #[error("the signature does not match")]
    Mismatch(Box<Mismatch>),
}

/// What was signed here, for the vendors' `SignatureDoesNotMatch` documents. Contains nothing secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The string to sign as the server builds it, lossily decoded.
    pub string_to_sign: String,
    /// The canonical request as the server builds it; V1 has none.
    pub canonical_request: Option<String>,
    /// The signature as sent.
    pub provided: String,
}

impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A presigned URL's credentials and a client's metadata are in there: not for logs.
        f.debug_struct("Mismatch").finish_non_exhaustive()
    }
}

impl SignError {
    pub(super) fn malformed(field: &'static str, message: impl Into<String>) -> Self {
        Self::Malformed { field, message: message.into() }
    }
}
