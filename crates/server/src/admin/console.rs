//! The web console on the admin listener.

use std::net::SocketAddr;

use axum::body::Body;
use headwater_admin::Requester;
use headwater_console::Admission;
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
        let remote = peer.ip().to_canonical();
        let requester = Requester { request_id: id.as_str().to_owned(), who: String::new(), token: None, remote };
        let response = match self.console.admit(&parts) {
            Admission::Answered(response) => response.map(body::outgoing),
            Admission::Upload(admitted) => {
                let file = body::stream(incoming);
                self.console.upload(admitted, &parts, file, requester).await.map(body::outgoing)
            }
            Admission::Form(admitted, most_bytes) => match body::complete(&parts.headers, incoming, most_bytes).await {
                Ok(form) => self.console.answer(admitted, &parts, &form, requester).await.map(body::outgoing),
                Err(refusal) => self.console.unread(&admitted, refusal.status(), refusal.message()).map(body::outgoing),
            },
        };
        let (method, path) = (&parts.method, parts.uri.path());
        tracing::info!(%remote, %method, path, status = response.status().as_u16(), "console request");
        response
    }
}
