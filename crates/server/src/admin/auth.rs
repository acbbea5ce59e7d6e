//! Who may use the admin API: the root key, by a SigV4 signature that covers the body.
//!
//! Guarantees: a body is read only after the signature of its head held, and reaches a handler only with the digest
//! that was signed. Unknown keys and wrong signatures are told apart neither in the answer nor in the work. A signed
//! change is admitted once ([`UsedSignatures`](super::once::UsedSignatures)).
//!
//! Only the `Authorization` header counts: a presigned URL could be followed by whoever finds it in a history.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use headwater_admin::Requester;
use headwater_model::Error;
use headwater_model::access::Context;
use headwater_model::bucket::Dialect;
use headwater_model::op::{Action, Caller};
use headwater_wire::sign::PayloadMode;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};

use super::AdminPlane;
use super::error::Failure;
use crate::request_id::RequestId;

/// Longest body of a request: settings are a few KiB, a website document of 20 rules some hundred at most.
const MAX_BODY_BYTES: usize = 1 << 20;
/// A body must be complete within this time.
const BODY_LIMIT: Duration = Duration::from_secs(30);

impl AdminPlane {
    /// The request with its verified body and, among its extensions, its [`Requester`].
    pub(super) async fn admit(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        id: RequestId,
    ) -> Result<Request<Body>, Failure> {
        let (mut parts, incoming) = request.into_parts();
        let now = self.clock.now();
        let admitted = self.authenticator.administrator(&parts, self.engine.accounts(), now).map_err(refusal)?;
        let who = admitted.access_key_id;
        let caller = Caller { principal: admitted.principal, dialect: Dialect::S3, context: Context::internal(now) };
        self.engine.authorise(&caller, Action::Administer, None, None)?;
        let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if declared.is_some_and(|bytes: u64| bytes > MAX_BODY_BYTES as u64) {
            return Err(too_large());
        }
        let body = tokio::time::timeout(BODY_LIMIT, Limited::new(incoming, MAX_BODY_BYTES).collect());
        let body = match body.await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(too_large()),
            Ok(Err(_)) => return Err(Failure::new(StatusCode::BAD_REQUEST, "incomplete_body", "the body broke off")),
            Err(_) => {
                return Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time"));
            }
        };
        check_payload(&admitted.payload, &body)?;
        // A POST about a bucket asks for an explanation only: whoever repeats it learns what the key's owner learnt.
        let explains = parts.method == Method::POST && parts.uri.path().starts_with("/api/v1/buckets/");
        let changes = !explains && !matches!(parts.method, Method::GET | Method::HEAD);
        if changes && !self.used_signatures.take(admitted.signature, self.clock.elapsed()) {
            return Err(repeated());
        }
        parts.extensions.insert(Requester {
            request_id: id.as_str().to_owned(),
            who,
            remote: peer.ip().to_canonical(),
        });
        Ok(Request::from_parts(parts, Body::from(body)))
    }
}

/// An empty body may be unsigned: nothing can be slipped in without being one.
fn check_payload(mode: &PayloadMode, body: &Bytes) -> Result<(), Failure> {
    match mode {
        PayloadMode::Sha256(signed) if *signed == <[u8; 32]>::from(Sha256::digest(body)) => Ok(()),
        PayloadMode::Unsigned if body.is_empty() => Ok(()),
        PayloadMode::Sha256(_) => Err(Failure::unauthenticated("the body is not the one that was signed")),
        _ => Err(Failure::unauthenticated(
            "the signature must cover the body: send x-amz-content-sha256 with its SHA-256",
        )),
    }
}

fn repeated() -> Failure {
    let message = "a change with this signature was taken before; sign again, in the same second with another header";
    Failure::new(StatusCode::FORBIDDEN, "repeated", message)
}

fn too_large() -> Failure {
    let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}

fn refusal(error: Error) -> Failure {
    match error {
        Error::InvalidAccessKeyId { .. } | Error::SignatureMismatch(_) => {
            Failure::unauthenticated("the access key is unknown or the signature is wrong")
        }
        Error::RequestTimeTooSkewed { .. } => {
            Failure::unauthenticated("the signed time is more than 15 minutes from the server's")
        }
        Error::AccessDenied { reason } => Failure::unauthenticated(reason),
        other => Failure::unauthenticated(format!("the signature cannot be read: {other}")),
    }
}
