//! Bodies of requests, complete and within limits.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::error::Failure;

/// Longest body of a request: settings are a few KiB, a website document of 20 rules some hundred at most.
const MAX_BODY_BYTES: usize = 1 << 20;
/// A body must be complete within this time.
const BODY_LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn complete(headers: &HeaderMap, incoming: Incoming) -> Result<Bytes, Failure> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: u64| bytes > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_LIMIT, Limited::new(incoming, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Failure::new(StatusCode::BAD_REQUEST, "incomplete_body", "the body broke off")),
        Err(_) => Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time")),
    }
}

fn too_large() -> Failure {
    let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}
