//! A request's body as the client sends it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use headwater_model::body::ByteStream;
use headwater_model::{Error, Result};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::connection::{Activity, Under};

/// Counts the body bytes received; shared with the access line.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

impl Received {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body as a stream; while it is awaited the connection's watchdog expects bytes.
pub(crate) fn stream(body: Incoming, activity: &Arc<Activity>, received: Received) -> ByteStream {
    Box::pin(IncomingStream { body, received, activity: activity.clone(), awaited: None })
}

/// The whole body, for XML documents.
///
/// # Errors
/// [`Error::MalformedXml`] beyond `limit_bytes`; [`Error::ClientGone`].
pub(crate) async fn collect(mut stream: ByteStream, limit_bytes: usize) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        let chunk = chunk?;
        if whole.len() + chunk.len() > limit_bytes {
            return Err(Error::MalformedXml {
                message: format!("the document is larger than {limit_bytes} bytes").into(),
            });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

struct IncomingStream {
    body: Incoming,
    received: Received,
    activity: Arc<Activity>,
    /// Held while the client is to send.
    awaited: Option<Under>,
}

impl Stream for IncomingStream {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let polled = Pin::new(&mut this.body).poll_frame(cx);
            if polled.is_pending() && this.awaited.is_none() {
                this.awaited = Some(this.activity.body());
            }
            let frame = ready!(polled);
            this.awaited = None;
            match frame {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(Error::ClientGone))),
                // Trailers of HTTP itself carry nothing that the vendors define.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        this.received.0.fetch_add(data.len() as u64, Ordering::Relaxed);
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}
