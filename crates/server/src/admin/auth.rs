//! Who may use the admin API: the root key, by a SigV4 signature that covers the body, or by a bearer token of it.
//!
//! Guarantees: a body is read only after the signature of its head held, or its token, and reaches a handler only with
//! the digest that was signed. Unknown keys and wrong signatures are told apart neither in the answer nor in the work. A
//! signed change is admitted once ([`UsedSignatures`](super::once::UsedSignatures)); a token covers nothing of a request,
//! so whoever sees it pass may send others.
//!
//! Only the `Authorization` header counts: a presigned URL could be followed by whoever finds it in a history.

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use headwater_admin::Requester;
use headwater_model::Error;
use headwater_model::access::{Context, Principal};
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::op::{Action, Caller};
use headwater_wire::sign::PayloadMode;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
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
        let (parts, incoming) = request.into_parts();
        let remote = peer.ip().to_canonical();
        let now = self.clock.now();
        if let Some(token) = bearer_token(&parts.headers) {
            let bearer = self.engine.accounts().bearer(token, now).map_err(Failure::invalid_token)?;
            self.authorise(bearer.principal, now)?;
            let body = body::complete(&parts.headers, incoming, body::MAX_BODY_BYTES).await?;
            let (who, token) = (bearer.access_key_id.to_string(), Some(bearer.token_id));
            return Ok(admitted(parts, body, Requester { request_id: id.as_str().to_owned(), who, token, remote }));
        }
        let signer = self.authenticator.administrator(&parts, self.engine.accounts(), now).map_err(refusal)?;
        self.authorise(signer.principal, now)?;
        let body = body::complete(&parts.headers, incoming, body::MAX_BODY_BYTES).await?;
        check_payload(&signer.payload, &body)?;
        // Explanations change nothing: whoever repeats one learns what the key's owner learnt.
        let path = parts.uri.path();
        let explains = parts.method == Method::POST && (path.ends_with("/explain") || path.ends_with("/rules/test"));
        let changes = !explains && !matches!(parts.method, Method::GET | Method::HEAD);
        if changes && !self.used_signatures.take(signer.signature, self.clock.elapsed()) {
            return Err(repeated());
        }
        let (who, token) = (signer.access_key_id, None);
        Ok(admitted(parts, body, Requester { request_id: id.as_str().to_owned(), who, token, remote }))
    }

    fn authorise(&self, principal: Principal, now: Timestamp) -> Result<(), Failure> {
        let caller = Caller { principal, dialect: Dialect::S3, context: Context::internal(now) };
        Ok(self.engine.authorise(&caller, Action::Administer, None, None)?)
    }
}

fn admitted(mut parts: Parts, body: Bytes, requester: Requester) -> Request<Body> {
    parts.extensions.insert(requester);
    Request::from_parts(parts, Body::from(body))
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1; the scheme in any letter case). With a second
/// `Authorization` there is none, and the verifier of signatures refuses both.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let value = value.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
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
