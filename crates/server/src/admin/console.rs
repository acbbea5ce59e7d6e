//! The web console on the admin listener.

use std::net::SocketAddr;

use axum::body::Body;
use axum::response::IntoResponse as _;
use headwater_admin::Requester;
use http::{Request, Response};
use hyper::body::Incoming;

use super::{AdminPlane, body};
use crate::request_id::RequestId;

impl AdminPlane {
    pub(super) async fn answer_console(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        id: RequestId,
    ) -> Response<Body> {
        let (parts, incoming) = request.into_parts();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let remote = peer.ip().to_canonical();
        let requester = Requester { request_id: id.as_str().to_owned(), who: String::new(), remote };
        let response = match body::complete(&parts.headers, incoming).await {
            Ok(body) => self.console.answer(Request::from_parts(parts, body), requester).await.map(Body::from),
            Err(refusal) => refusal.into_response(),
        };
        tracing::info!(%remote, %method, path, status = response.status().as_u16(), "console request");
        response
    }
}
