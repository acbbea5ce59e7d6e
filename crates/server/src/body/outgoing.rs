//! An answer's body on its way out.
//!
//! Whatever ends it (the last byte, an error, a client that left) is reported exactly once, with the bytes that went.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::body::Body;
use http_body::{Frame, SizeHint};

/// Told when an answer has ended.
pub(crate) trait OnEnd: Send + 'static {
    /// `bytes` of body were handed to the connection; `complete` if that is all of it.
    fn ended(self, bytes: u64, complete: bool);
}

/// The body, with what is to be told about its end.
pub(crate) struct ResponseBody<E: OnEnd> {
    body: Body,
    /// Bytes still to come, where known: lets HTTP/2 and HTTP/1.1 frame by length.
    remaining: Option<u64>,
    sent: u64,
    on_end: Option<E>,
}

impl<E: OnEnd> ResponseBody<E> {
    /// `length` is what `Content-Length` announces, if it does.
    pub(crate) fn new(body: Body, length: Option<u64>, on_end: E) -> Self {
        let remaining = match &body {
            Body::Empty => Some(0),
            Body::Full(bytes) => Some(bytes.len() as u64),
            Body::Stream(_) => length,
        };
        let mut this = Self { body, remaining, sent: 0, on_end: Some(on_end) };
        if this.remaining == Some(0) {
            this.end(true);
        }
        this
    }

    fn end(&mut self, complete: bool) {
        if let Some(on_end) = self.on_end.take() {
            on_end.ended(self.sent, complete);
        }
    }

    fn pass(&mut self, bytes: Bytes) -> Frame<Bytes> {
        self.sent += bytes.len() as u64;
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(bytes.len() as u64);
        }
        // The last announced byte is the end: the connection may never ask again.
        if self.remaining == Some(0) {
            self.end(true);
        }
        Frame::data(bytes)
    }
}

impl<E: OnEnd + Unpin> http_body::Body for ResponseBody<E> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        match &mut this.body {
            Body::Empty => Poll::Ready(None),
            Body::Full(_) => {
                let Body::Full(bytes) = std::mem::replace(&mut this.body, Body::Empty) else {
                    return Poll::Ready(None);
                };
                if bytes.is_empty() {
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Ok(this.pass(bytes))))
            }
            Body::Stream(stream) => match ready!(stream.as_mut().poll_next(cx)) {
                Some(Ok(bytes)) => Poll::Ready(Some(Ok(this.pass(bytes)))),
                Some(Err(error)) => {
                    tracing::warn!(%error, sent = this.sent, "answer cut short");
                    this.end(false);
                    Poll::Ready(Some(Err(error)))
                }
                None => {
                    let complete = this.remaining.is_none_or(|remaining| remaining == 0);
                    this.end(complete);
                    Poll::Ready(None)
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl<E: OnEnd> Drop for ResponseBody<E> {
    fn drop(&mut self) {
        self.end(false);
    }
}
