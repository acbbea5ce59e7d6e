//! An answer's body on its way out.
//!
//! Guarantees: of a streamed body over HTTP/1.1 one chunk is in memory, however slowly the client takes it; over HTTP/2 the
//! stream's window limits it. Whatever ends it (the last byte, an error, a client that left) is reported exactly once, with the bytes that went.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::body::Body;
use http_body::{Frame, SizeHint};

use crate::connection::Uptake;

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
    /// Of what was sent, how much the socket took; none over HTTP/2, where bodies share a connection.
    uptake: Option<Uptake>,
    on_end: Option<E>,
}

impl<E: OnEnd> ResponseBody<E> {
    /// `length` is what `Content-Length` announces, if it does.
    pub(crate) fn new(body: Body, length: Option<u64>, uptake: Option<Uptake>, on_end: E) -> Self {
        let remaining = match &body {
            Body::Empty => Some(0),
            Body::Full(bytes) => Some(bytes.len() as u64),
            Body::Stream(_) => length,
        };
        let mut this = Self { body, remaining, sent: 0, uptake, on_end: Some(on_end) };
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
            Body::Stream(stream) => {
                if let Some(uptake) = &this.uptake {
                    ready!(uptake.poll_taken(this.sent, cx));
                }
                match ready!(stream.as_mut().poll_next(cx)) {
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
                }
            }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use http_body::Body as _;

    use super::*;
    use crate::connection::Activity;

    struct Unwatched;

    impl OnEnd for Unwatched {
        fn ended(self, _: u64, _: bool) {}
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_next_chunk_is_asked_for_when_the_last_has_left() {
        let activity = Arc::new(Activity::default());
        activity.wrote(1000);
        let chunks = [Ok(Bytes::from_static(b"0123")), Ok(Bytes::from_static(b"4567"))];
        let stream = Body::Stream(Box::pin(futures_util::stream::iter(chunks)));
        let mut body = ResponseBody::new(stream, Some(8), Some(activity.uptake()), Unwatched);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut next =
            || Pin::new(&mut body).poll_frame(&mut cx).map(|frame| frame.unwrap().unwrap().into_data().unwrap());
        assert_eq!(next(), Poll::Ready(Bytes::from_static(b"0123")));
        assert_eq!(next(), Poll::Pending, "nothing has left");
        activity.wrote(3);
        assert_eq!((next(), woken.0.load(Ordering::Relaxed)), (Poll::Pending, 1), "a part has left");
        activity.wrote(1);
        assert_eq!((next(), woken.0.load(Ordering::Relaxed)), (Poll::Ready(Bytes::from_static(b"4567")), 2));
    }
}
