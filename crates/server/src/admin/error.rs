//! What the admin API says when it refuses: one shape for every error.

use axum::response::{IntoResponse, Response};
use headwater_engine::TokenRefusal;
use headwater_model::Error;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 6750's word for a token that does not count, and ours.
const INVALID_TOKEN: &str = "invalid_token";

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorDetail {
    /// A word for programs, such as `invalid_argument`.
    code: &'static str,
    /// A sentence for people.
    message: String,
    /// The field to blame, as `guard.min_bytes`.
    field: Option<String>,
    /// Its value as given.
    value: Option<String>,
}

/// A refusal with its status.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    detail: ErrorDetail,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, detail: ErrorDetail { code, message: message.into(), field: None, value: None } }
    }

    pub(super) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
    }

    /// A bearer token that does not count (RFC 6750, section 3.1).
    pub(super) fn invalid_token(refusal: TokenRefusal) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, INVALID_TOKEN, refusal.to_string())
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence for people.
    pub(super) fn message(&self) -> &str {
        &self.detail.message
    }

    pub(super) fn field(mut self, name: impl Into<String>, value: Option<String>) -> Self {
        self.detail.field = Some(name.into());
        self.detail.value = value;
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::InvalidArgument { name, value, message } => {
                Self::new(StatusCode::BAD_REQUEST, "invalid_argument", message)
                    .field(name, Some(value.into_string()).filter(|value| !value.is_empty()))
            }
            Error::InvalidBucketName { name } => {
                Self::new(StatusCode::BAD_REQUEST, "invalid_bucket_name", message).field("bucket", Some(name.into()))
            }
            Error::InvalidObjectName { key } => {
                Self::new(StatusCode::BAD_REQUEST, "invalid_key", message).field("key", Some(key.into()))
            }
            Error::KeyTooLong { .. } => Self::new(StatusCode::BAD_REQUEST, "invalid_key", message).field("key", None),
            Error::InvalidRequest { message } => Self::new(StatusCode::BAD_REQUEST, "invalid_request", message),
            Error::MalformedXml { .. } => Self::new(StatusCode::BAD_REQUEST, "malformed_xml", message),
            Error::NoSuchBucket { .. } => Self::new(StatusCode::NOT_FOUND, "no_such_bucket", message),
            Error::NoSuchKey { .. } => Self::new(StatusCode::NOT_FOUND, "no_such_key", message),
            Error::NoSuchVersion { .. } => Self::new(StatusCode::NOT_FOUND, "no_such_version", message),
            Error::BucketAlreadyExists { bucket } => {
                Self::new(StatusCode::CONFLICT, "bucket_exists", message).field("name", Some(bucket.into()))
            }
            Error::BucketNotEmpty { .. } => Self::new(StatusCode::CONFLICT, "bucket_not_empty", message),
            Error::TooManyBuckets { .. } => Self::new(StatusCode::CONFLICT, "too_many_buckets", message),
            Error::ObjectLocked { .. } => Self::new(StatusCode::CONFLICT, "object_locked", message),
            Error::Version(_) => Self::new(StatusCode::CONFLICT, "wrong_version", message),
            Error::InvalidAccessKeyId { access_key_id } => {
                Self::new(StatusCode::NOT_FOUND, "no_such_access_key", message)
                    .field("access_key_id", Some(access_key_id.into()))
            }
            Error::MalformedPolicy { message } => {
                Self::new(StatusCode::BAD_REQUEST, "malformed_policy", message).field("policy", None)
            }
            Error::RulesChanged { expected, .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", message)
                    .field("If-Match", Some(expected.to_string()))
            }
            Error::PreconditionFailed { condition } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", "it was changed since it was read")
                    .field(condition, None)
            }
            Error::AccessDenied { .. } => Self::new(StatusCode::FORBIDDEN, "access_denied", message),
            Error::NotImplemented { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_implemented", message),
            Error::MirrorFailed(_) => Self::new(StatusCode::FAILED_DEPENDENCY, "mirror_failed", message),
            Error::SlowDown { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "slow_down", message),
            Error::StorageFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", message),
            other => {
                tracing::error!(error = ?other, "admin request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed; its log says why")
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let challenge = (self.status == StatusCode::UNAUTHORIZED).then(|| challenge(&self.detail));
        let mut response = json(self.status, &ErrorBody { error: self.detail });
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// What a client could authenticate with (RFC 9110, section 11.6.1): the signature of a key, or a bearer token and, if
/// there was one, what is wrong with it.
fn challenge(detail: &ErrorDetail) -> HeaderValue {
    const SCHEMES: &str = "AWS4-HMAC-SHA256, Bearer realm=\"headwater\"";
    let told = match detail.code {
        INVALID_TOKEN => format!("{SCHEMES}, error=\"invalid_token\", error_description=\"{}\"", detail.message),
        _ => SCHEMES.to_owned(),
    };
    HeaderValue::try_from(told).expect("what is told of tokens is words")
}

/// An answer in JSON that nobody keeps.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_vec(body).expect("answers have text keys and no failing parts");
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
