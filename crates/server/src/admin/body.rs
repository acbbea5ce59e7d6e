//! Bodies of requests, complete and within limits.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use headwater_model::Error;
use headwater_model::body::{Body, ByteStream};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::error::Failure;

/// Longest body of an API request: settings are a few KiB, a website document of 20 rules some hundred at most.
pub(super) const MAX_BODY_BYTES: usize = 1 << 20;
/// A body must be complete within this time; of a file the next piece must come.
const BODY_LIMIT: Duration = Duration::from_secs(30);

/// The whole body, of at most so many bytes.
pub(super) async fn complete(headers: &HeaderMap, incoming: Incoming, most_bytes: usize) -> Result<Bytes, Failure> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: u64| bytes > most_bytes as u64) {
        return Err(too_large(most_bytes));
    }
    match tokio::time::timeout(BODY_LIMIT, Limited::new(incoming, most_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(most_bytes)),
        Ok(Err(_)) => Err(Failure::new(StatusCode::BAD_REQUEST, "incomplete_body", "the body broke off")),
        Err(_) => Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time")),
    }
}

/// A body as it comes, for files: a piece must come within a time, all of it may take as long as it takes.
pub(super) fn stream(incoming: Incoming) -> ByteStream {
    let pieces = futures_util::stream::unfold(Some(incoming), |incoming| async {
        let mut incoming = incoming?;
        loop {
            let frame = match tokio::time::timeout(BODY_LIMIT, incoming.frame()).await {
                Ok(None) => return None,
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) | Err(_) => return Some((Err(Error::ClientGone), None)),
            };
            if let Ok(data) = frame.into_data() {
                return Some((Ok(data), Some(incoming)));
            }
        }
    });
    // Readers may look whether there is more after the end.
    Box::pin(pieces.fuse())
}

/// The body of an answer. One that breaks ends its connection, so that it never looks complete.
pub(super) fn outgoing(body: Body) -> axum::body::Body {
    match body {
        Body::Empty => axum::body::Body::empty(),
        Body::Full(bytes) => axum::body::Body::from(bytes),
        Body::Stream(stream) => axum::body::Body::from_stream(stream),
    }
}

fn too_large(most_bytes: usize) -> Failure {
    let message = format!("the body is larger than {most_bytes} bytes");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}
