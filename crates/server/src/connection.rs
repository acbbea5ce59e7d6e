//! One client connection from accept to close, under a watchdog.
//!
//! Guarantees: a connection that waits for its client (an unfinished head, a body that does not come, an answer that is
//! not taken, nothing at all between requests) is closed within its limit; one that waits for us never is. Draining
//! lets running requests finish and takes no new ones.
//!
//! How: the I/O counts bytes and notes whether a write is stuck; the request loop notes requests under way and bodies
//! being read. A coarse tick compares the counters, so the hot path arms no timers of its own.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use crate::service::Service;

/// A request head must be complete within this time (slowloris).
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Longest time without a byte while the client is to act.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// Interval over which [`MIN_BODY_BYTES`] must come or go while a body is under way.
const RATE_INTERVAL: Duration = Duration::from_mins(1);
/// 512 B/s over [`RATE_INTERVAL`]: a modem makes it, a slow-read attack does not pay. The kernel takes an answer in steps of
/// up to [`super::listen::UNSENT_BYTES`], so that half of this may be missing from an interval of a client at 1 KiB/s.
const MIN_BODY_BYTES: u64 = 30 << 10;
/// How often the counters are compared.
const TICK: Duration = Duration::from_secs(5);
/// Largest request head, HTTP/1.1: S3 allows 8 KiB of headers, presigned URLs come on top.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Largest header list, HTTP/2 (CONTINUATION floods end here).
const MAX_HEADER_LIST_BYTES: u32 = 16 << 10;
/// Concurrent requests of one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// What the watchdog looks at.
#[derive(Default)]
pub(crate) struct Activity {
    bytes: AtomicU64,
    /// Of those the ones that went to the client.
    written: AtomicU64,
    /// An answer's body that waits for them.
    waiting_body: AtomicWaker,
    write_stuck: AtomicBool,
    requests: AtomicU32,
    bodies_read: AtomicU32,
}

impl Activity {
    /// A request is under way until the guard is dropped.
    pub(crate) fn request(self: &Arc<Self>) -> Under {
        Under::new(self.clone(), |activity| &activity.requests)
    }

    /// A request body is awaited until the guard is dropped.
    pub(crate) fn body(self: &Arc<Self>) -> Under {
        Under::new(self.clone(), |activity| &activity.bodies_read)
    }

    /// The client's socket took this much.
    pub(crate) fn wrote(&self, size_bytes: u64) {
        self.bytes.fetch_add(size_bytes, Ordering::Relaxed);
        self.written.fetch_add(size_bytes, Ordering::Release);
        self.waiting_body.wake();
    }

    /// The uptake of a body about to be sent as the connection's only one.
    pub(crate) fn uptake(self: &Arc<Self>) -> Uptake {
        Uptake { began_at: self.written.load(Ordering::Acquire), activity: self.clone() }
    }

    /// Whether progress is up to the client now.
    fn waits_for_client(&self) -> bool {
        self.write_stuck.load(Ordering::Relaxed)
            || self.bodies_read.load(Ordering::Relaxed) > 0
            || self.requests.load(Ordering::Relaxed) == 0
    }

    fn carries_body(&self) -> bool {
        self.write_stuck.load(Ordering::Relaxed) || self.bodies_read.load(Ordering::Relaxed) > 0
    }
}

/// Counts as long as it lives.
pub(crate) struct Under {
    activity: Arc<Activity>,
    counter: fn(&Activity) -> &AtomicU32,
}

impl Under {
    fn new(activity: Arc<Activity>, counter: fn(&Activity) -> &AtomicU32) -> Self {
        counter(&activity).fetch_add(1, Ordering::Relaxed);
        Self { activity, counter }
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        (self.counter)(&self.activity).fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much of one answer's body the socket took.
///
/// An HTTP library queues what a slow client does not take; with a thousand of them that is most of the memory. A body
/// that waits for its last chunk to leave has one chunk in memory, not a queue of them.
pub(crate) struct Uptake {
    activity: Arc<Activity>,
    /// Bytes written before the answer. Its head counts as body, so that a chunk may be asked for that much too early.
    began_at: u64,
}

impl Uptake {
    /// Ready once the first `handed_bytes` of the body were written.
    pub(crate) fn poll_taken(&self, handed_bytes: u64, cx: &mut Context<'_>) -> Poll<()> {
        let is_taken = || self.activity.written.load(Ordering::Acquire) - self.began_at >= handed_bytes;
        if is_taken() {
            return Poll::Ready(());
        }
        self.activity.waiting_body.register(cx.waker());
        // They may have left in between.
        if is_taken() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Whether the connection is under TLS.
    pub(crate) secure: bool,
}

/// Serves `stream` until either side is done. `drain` turns true when no new requests shall be taken.
pub(crate) async fn serve<S>(stream: S, peer: Peer, service: Arc<Service>, mut drain: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let io = TokioIo::new(CountedIo { inner: stream, activity: activity.clone() });
    let handler = {
        let activity = activity.clone();
        service_fn(move |request: http::Request<Incoming>| {
            let (service, activity) = (service.clone(), activity.clone());
            async move { Ok::<_, std::convert::Infallible>(service.answer(request, peer, activity).await) }
        })
    };
    let mut builder = auto::Builder::new(Spawner);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .keep_alive_interval(IDLE_LIMIT);
    let mut connection = pin!(builder.serve_connection(io, handler));
    let mut watchdog = pin!(watch_over(&activity));
    let mut draining = *drain.borrow();
    if draining {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(peer = %peer.address, %error, "connection ended");
                }
                return;
            }
            changed = drain.changed(), if !draining => {
                // A closed channel means that the server itself is gone: nothing new is to be taken either.
                draining = changed.is_err() || *drain.borrow();
                if draining {
                    connection.as_mut().graceful_shutdown();
                }
            }
            reason = watchdog.as_mut() => {
                tracing::debug!(peer = %peer.address, reason, "connection closed by its watchdog");
                return;
            }
        }
    }
}

/// Resolves when the client broke a limit, naming it.
async fn watch_over(activity: &Activity) -> &'static str {
    let (mut seen, mut silent) = (0, Duration::ZERO);
    let (mut interval_start, mut interval_time) = (0, Duration::ZERO);
    loop {
        tokio::time::sleep(TICK).await;
        let bytes = activity.bytes.load(Ordering::Relaxed);
        silent = if bytes == seen && activity.waits_for_client() { silent + TICK } else { Duration::ZERO };
        seen = bytes;
        if silent >= IDLE_LIMIT {
            return "idle";
        }
        if !activity.carries_body() {
            (interval_start, interval_time) = (bytes, Duration::ZERO);
            continue;
        }
        interval_time += TICK;
        if interval_time >= RATE_INTERVAL {
            if bytes - interval_start < MIN_BODY_BYTES {
                return "too slow";
            }
            (interval_start, interval_time) = (bytes, Duration::ZERO);
        }
    }
}

/// Spawns HTTP/2 streams as tasks of the same runtime.
#[derive(Clone)]
struct Spawner;

impl<F> Executor<F> for Spawner
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

/// Counts what passes and notes a write that the peer does not take.
struct CountedIo<S> {
    inner: S,
    activity: Arc<Activity>,
}

impl<S> CountedIo<S> {
    fn note_write(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = result {
            self.activity.wrote(*count as u64);
        }
        let stuck = result.is_pending();
        if self.activity.write_stuck.load(Ordering::Relaxed) != stuck {
            self.activity.write_stuck.store(stuck, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedIo<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        let count = buf.filled().len() - before;
        self.activity.bytes.fetch_add(count as u64, Ordering::Relaxed);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note_write(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.note_write(&result);
        result
    }
}
