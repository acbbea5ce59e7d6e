//! A response body as a stream that cannot lie about its end.
//!
//! Guarantees: the stream ends cleanly only if all announced bytes came, or the last chunk, END_STREAM or (for
//! close-delimited bodies) the connection's orderly end did. Anything else is an error, the last item, whose source is
//! an [`OriginError`]: short or broken ([`OriginError::BodyBroken`]), silent for longer than the idle limit
//! ([`OriginError::BodyStalled`]), followed by bytes that were not announced ([`OriginError::BodySurplus`]).
//!
//! How: a connection goes back to the pool at the very moment its last announced byte is handed on. A body dropped
//! before its end is drained as far as it has arrived, up to [`MAX_DRAIN_BYTES`], so that small error pages and redirect
//! bodies do not cost a connection; otherwise its connection closes.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use headwater_model::Error;
use headwater_model::origin::{Framing, OriginError, Trailers};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep, timeout};

use crate::counters::Counters;
use crate::fault;
use crate::framing::BodyPlan;
use crate::h1::{H1, Remainder};
use crate::origins::Exchange;
use crate::pool::{Line, Pool};

/// Most of an unwanted body that is read to save its connection.
const MAX_DRAIN_BYTES: u64 = 64 << 10;

/// The HTTP/1.1 connection under a body, and where it goes afterwards.
pub(crate) struct Lease {
    pub(crate) connection: Box<H1>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) line: Line,
}

pub(crate) struct ResponseBody {
    incoming: Incoming,
    /// Present as long as the connection is in use; never for HTTP/2.
    lease: Option<Lease>,
    over_h2: bool,
    /// Present until the body ended.
    exchange: Option<Exchange>,
    /// Read ahead, still to be handed on.
    peeked: VecDeque<Bytes>,
    plan: BodyPlan,
    trailers: Trailers,
    received_bytes: u64,
    stage: Stage,
    idle: IdleTimer,
    counters: Arc<Counters>,
}

enum Stage {
    Reading,
    /// The bytes are all handed on; this is how the stream ends.
    Ending(Result<(), OriginError>),
    Ended,
}

impl ResponseBody {
    pub(crate) fn new(
        incoming: Incoming,
        lease: Option<Lease>,
        plan: BodyPlan,
        idle_limit: Duration,
        counters: Arc<Counters>,
    ) -> Self {
        let idle = IdleTimer { limit: idle_limit, sleep: None, armed: false };
        let mut body = Self {
            incoming,
            over_h2: lease.is_none(),
            lease,
            exchange: None,
            peeked: VecDeque::new(),
            plan,
            trailers: Trailers::default(),
            received_bytes: 0,
            stage: Stage::Reading,
            idle,
            counters,
        };
        if plan.expected_bytes == Some(0) {
            body.end_of_bytes();
        }
        body
    }

    /// Where the trailer section will be.
    pub(crate) fn trailers(&self) -> Trailers {
        Arc::clone(&self.trailers)
    }

    /// Lets the body hold the exchange that it belongs to until it ends.
    pub(crate) fn hold(&mut self, mut exchange: Exchange) {
        exchange.received(self.received_bytes);
        self.exchange = Some(exchange);
        if !matches!(self.stage, Stage::Reading) {
            self.end_exchange();
        }
    }

    /// Reads the beginning, at most about `limit_bytes`, and keeps it for the reader. Waits no longer than `limit`.
    pub(crate) async fn peek(&mut self, limit_bytes: usize, limit: Duration) -> Vec<u8> {
        let mut beginning = Vec::new();
        let reading = std::future::poll_fn(|cx| {
            while beginning.len() < limit_bytes {
                match ready!(self.poll_bytes(cx)) {
                    Some(Ok(bytes)) => {
                        beginning.extend_from_slice(&bytes);
                        self.peeked.push_back(bytes);
                    }
                    Some(Err(error)) => {
                        self.stage = Stage::Ending(Err(error));
                        break;
                    }
                    None => break,
                }
            }
            Poll::Ready(())
        });
        // What has come by then is all that is looked at.
        let _ = timeout(limit, reading).await;
        beginning
    }

    /// The next bytes, or how the body ended, without regard to time.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, OriginError>>> {
        let mut driven = false;
        loop {
            match std::mem::replace(&mut self.stage, Stage::Ended) {
                Stage::Reading => self.stage = Stage::Reading,
                Stage::Ending(Ok(())) | Stage::Ended => return Poll::Ready(None),
                Stage::Ending(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // The last chunk or END_STREAM that follows trailers ends the body.
                    match frame.into_data() {
                        Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Some(self.accept(bytes))),
                        Ok(_) => {}
                        Err(frame) => {
                            // A body has one trailer section.
                            let _ = frame.into_trailers().map(|trailers| self.trailers.set(trailers));
                        }
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.lease = None;
                    self.stage = Stage::Ending(Err(fault::within_body(&error)));
                    self.end_exchange();
                }
                // hyper takes a reset "without error" (RFC 9113 section 8.1) for an end, wherever it comes.
                Poll::Ready(None) if self.over_h2 && !self.incoming.is_end_stream() => {
                    self.stage = Stage::Ending(Err(OriginError::BodyBroken("stream reset before its end".into())));
                    self.end_exchange();
                }
                Poll::Ready(None) => self.end_of_bytes(),
                Poll::Pending => match &mut self.lease {
                    Some(lease) if !driven => {
                        driven = true;
                        lease.connection.drive(cx);
                    }
                    _ => return Poll::Pending,
                },
            }
        }
    }

    fn accept(&mut self, bytes: Bytes) -> Result<Bytes, OriginError> {
        self.received_bytes += bytes.len() as u64;
        if let Some(exchange) = &mut self.exchange {
            exchange.received(bytes.len() as u64);
        }
        match self.plan.expected_bytes {
            Some(expected) if self.received_bytes > expected => {
                self.fail(&OriginError::BodySurplus);
                return Err(OriginError::BodySurplus);
            }
            // HTTP/2 reads on to END_STREAM, which may bring surplus; its connection is shared anyway.
            Some(expected) if self.received_bytes == expected && self.lease.is_some() => self.end_of_bytes(),
            _ => {}
        }
        Ok(bytes)
    }

    /// No byte is to come: judges the length, and lets go of the connection.
    fn end_of_bytes(&mut self) {
        let lease = self.lease.take();
        self.stage = Stage::Ending(match self.plan.expected_bytes {
            Some(expected) if self.received_bytes < expected => {
                let text = format!("{} of {expected} bytes received", self.received_bytes);
                Err(OriginError::BodyBroken(text.into()))
            }
            _ => match lease.map(|lease| (lease.connection.finish(), lease.pool, lease.line)) {
                Some((Remainder::Idle(connection), pool, line)) => {
                    pool.put(&line, connection);
                    Ok(())
                }
                // Where no length was announced (or no body was due), the body is what its own framing proved; the
                // connection is closed all the same.
                Some((Remainder::Surplus, ..)) if self.announced_length() => Err(OriginError::BodySurplus),
                _ => Ok(()),
            },
        });
        self.end_exchange();
    }

    /// The body ends here, with an error that the caller hands on.
    fn fail(&mut self, error: &OriginError) {
        self.lease = None;
        self.stage = Stage::Ended;
        if let Some(exchange) = self.exchange.take() {
            exchange.ended(Err(error));
        }
    }

    /// Tells the origin's record how the body is about to end.
    fn end_exchange(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            match &self.stage {
                Stage::Ending(Err(error)) => exchange.ended(Err(error)),
                _ => exchange.ended(Ok(())),
            }
        }
    }

    fn announced_length(&self) -> bool {
        self.plan.expected_bytes.is_some_and(|expected| self.plan.framing == Framing::Length(expected))
    }

    /// Reads what has arrived of a body that nobody wants any more.
    fn drain(&mut self) {
        let to_come = self.plan.expected_bytes.map_or(0, |expected| expected - self.received_bytes);
        if self.plan.framing == Framing::Close || to_come > MAX_DRAIN_BYTES {
            return;
        }
        let mut budget_bytes = MAX_DRAIN_BYTES;
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(bytes))) = self.poll_bytes(&mut cx) {
            let Some(left) = budget_bytes.checked_sub(bytes.len() as u64) else { return };
            budget_bytes = left;
        }
    }
}

impl Stream for ResponseBody {
    type Item = headwater_model::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(bytes) = this.peeked.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        if let Some(exchange) = &mut this.exchange {
            // Our own wait is no silence of the origin.
            ready!(exchange.poll_paced(cx));
        }
        let error = match this.poll_bytes(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                this.idle.armed = false;
                return Poll::Ready(Some(Ok(bytes)));
            }
            Poll::Ready(Some(Err(error))) => error,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                ready!(this.idle.poll_expired(cx));
                OriginError::BodyStalled
            }
        };
        this.fail(&error);
        this.counters.count_error(&error);
        Poll::Ready(Some(Err(Error::internal("read body of origin", error))))
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if self.lease.is_some() {
            self.drain();
        }
    }
}

/// Measures silence. Set anew by the first wait after each piece, so that bytes at hand cost no timer.
struct IdleTimer {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl IdleTimer {
    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleeping = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        if !self.armed {
            self.armed = true;
            sleeping.set(sleep(self.limit));
        }
        sleeping.as_mut().poll(cx)
    }
}
