//! Who may use the admin API: the root key, by a SigV4 signature that covers the body.
//!
//! Guarantees: a body is read only after the signature of its head held, and reaches a handler only with the digest
//! that was signed. Unknown keys and wrong signatures are told apart neither in the answer nor in the work. A signed
//! change is admitted once ([`UsedSignatures`](super::once::UsedSignatures)).
//!
//! Only the `Authorization` header counts: a presigned URL could be followed by whoever finds it in a history.

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use headwater_admin::Requester;
use headwater_model::Error;
use headwater_model::access::Context;
use headwater_model::bucket::Dialect;
use headwater_model::op::{Action, Caller};
use headwater_wire::sign::PayloadMode;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};

use super::error::Failure;
use super::{AdminPlane, body};
use crate::request_id::RequestId;

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
        let body = body::complete(&parts.headers, incoming, body::MAX_BODY_BYTES).await?;
        check_payload(&admitted.payload, &body)?;
        // Explanations change nothing: whoever repeats one learns what the key's owner learnt.
        let path = parts.uri.path();
        let explains = parts.method == Method::POST && (path.ends_with("/explain") || path.ends_with("/rules/test"));
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
