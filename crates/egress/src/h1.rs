//! One HTTP/1.1 connection, driven by whoever waits for its response.
//!
//! Guarantees: at most [`MAX_INFORMATIONAL`] interim responses per request; heads within the limits of `framing`;
//! bytes left over behind a response are noticed before the connection serves another request.
//!
//! How: hyper's connection future is not spawned. Sending, reading the body and looking after an idle connection each
//! poll it in place. An idle connection is not polled at all; its death shows at the next look ([`H1::is_alive`]).

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use headwater_model::origin::OriginError;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};

use crate::fault;
use crate::framing::{MAX_FIELDS, MAX_HEAD_BYTES};
use crate::socket::Socket;

/// Most interim (1xx) responses before the final one. Real origins send one 100 or 103.
pub(crate) const MAX_INFORMATIONAL: u32 = 8;
/// Largest read from a socket: large bodies run at full speed with few wake-ups, and a slow reader holds no more.
const MAX_READ_BYTES: usize = 256 << 10;

pub(crate) struct H1 {
    sender: http1::SendRequest<Empty<Bytes>>,
    connection: http1::Connection<TokioIo<Socket>, Empty<Bytes>>,
    received: Arc<AtomicU64>,
    informational: Arc<AtomicU32>,
    /// The connection future is finished and must not be polled again.
    over: bool,
}

/// Why there is no response head.
pub(crate) struct SendFailure {
    pub(crate) error: OriginError,
    /// The connection ended before a single byte of an answer: the request may be repeated on another one.
    pub(crate) unanswered: bool,
}

/// What is left of a connection after a whole response.
pub(crate) enum Remainder {
    /// Ready for the next request.
    Idle(Box<H1>),
    /// Closed, by either side.
    Closed,
    /// The origin sent bytes that belong to no response.
    Surplus,
}

impl H1 {
    pub(crate) async fn handshake(socket: Socket) -> Result<Box<Self>, OriginError> {
        let received = socket.received();
        let (sender, connection) = http1::Builder::new()
            .max_headers(MAX_FIELDS)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_READ_BYTES)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| fault::before_head(&error))?;
        Ok(Box::new(Self { sender, connection, received, informational: Arc::default(), over: false }))
    }

    /// Sends a request and waits for the final response head. No time limit of its own.
    pub(crate) async fn send(&mut self, mut request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, SendFailure> {
        self.informational.store(0, Ordering::Relaxed);
        let informational = Arc::clone(&self.informational);
        hyper::ext::on_informational(&mut request, move |_| {
            informational.fetch_add(1, Ordering::Relaxed);
        });
        let received_before = self.received.load(Ordering::Relaxed);
        let mut response = pin!(self.sender.send_request(request));
        let (connection, over) = (&mut self.connection, &mut self.over);
        let counted = &self.informational;
        let result = std::future::poll_fn(|cx| {
            *over = *over || Pin::new(&mut *connection).poll(cx).is_ready();
            if counted.load(Ordering::Relaxed) > MAX_INFORMATIONAL {
                return Poll::Ready(Err(OriginError::TooManyInterim));
            }
            match response.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(result.map_err(|error| fault::before_head(&error))),
                Poll::Pending if *over => Poll::Ready(Err(OriginError::Connect("connection closed".into()))),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        result.map_err(|error| SendFailure {
            unanswered: matches!(error, OriginError::Connect(_))
                && self.received.load(Ordering::Relaxed) == received_before,
            error,
        })
    }

    /// Lets the connection make progress; the caller then looks at what it waits for.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        self.over = self.over || Pin::new(&mut self.connection).poll(cx).is_ready();
    }

    /// Whether an idle connection can take a request, as far as is known here and now.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.over && self.sender.is_ready()
    }

    /// Ends a response whose body was read to its end. Whatever has arrived behind it by now is found.
    pub(crate) fn finish(mut self: Box<Self>) -> Remainder {
        if self.is_alive() {
            return Remainder::Idle(self);
        }
        let unread = self.connection.into_parts();
        if !unread.read_buf.is_empty() || can_read(unread.io.into_inner()) {
            Remainder::Surplus
        } else {
            Remainder::Closed
        }
    }
}

/// Whether bytes wait in the socket: a connection that closes after its response was not read to the end.
fn can_read(mut socket: Socket) -> bool {
    let mut byte = [0u8; 1];
    let mut buffer = ReadBuf::new(&mut byte);
    let polled = Pin::new(&mut socket).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
    matches!(polled, Poll::Ready(Ok(()))) && !buffer.filled().is_empty()
}
