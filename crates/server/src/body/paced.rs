//! A body that moves no faster than its request asked for.
//!
//! Guarantees: after each piece the next one waits until the bytes so far were due, and so does the end; nothing is held
//! back in memory, so a piece may come as one burst. A client that is read slowly is not taken for one that sends slowly.
//!
//! Not here: fairness among requests; the limit is of one request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use headwater_model::body::ByteStream;
use headwater_model::clock::Clock;
use headwater_model::{BoxFuture, Result};

/// The stream at `bytes_per_s`, which is not zero; as it is without a limit.
pub(crate) fn paced(inner: ByteStream, clock: &Arc<dyn Clock>, bytes_per_s: Option<u64>) -> ByteStream {
    let Some(bytes_per_s) = bytes_per_s else { return inner };
    let (clock, began) = (clock.clone(), clock.elapsed());
    Box::pin(Paced { inner, clock, bytes_per_s, began, passed_bytes: 0, wait: None })
}

struct Paced {
    inner: ByteStream,
    clock: Arc<dyn Clock>,
    bytes_per_s: u64,
    began: Duration,
    passed_bytes: u64,
    wait: Option<BoxFuture<'static, ()>>,
}

impl Paced {
    /// How long until what has passed was due.
    fn ahead(&self) -> Duration {
        let due = Duration::from_millis(self.passed_bytes.saturating_mul(1000) / self.bytes_per_s);
        (self.began + due).saturating_sub(self.clock.elapsed())
    }
}

impl Stream for Paced {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(wait) = &mut this.wait {
            ready!(wait.as_mut().poll(cx));
            this.wait = None;
        }
        let next = ready!(this.inner.as_mut().poll_next(cx));
        if let Some(Ok(bytes)) = &next {
            this.passed_bytes += bytes.len() as u64;
            let ahead = this.ahead();
            if !ahead.is_zero() {
                this.wait = Some(this.clock.sleep(ahead));
            }
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::clock::Timestamp;
    use headwater_testkit::ManualClock;

    use super::*;

    struct Pieces(Vec<usize>);

    impl Stream for Pieces {
        type Item = Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop().map(|size| Ok(vec![0; size].into())))
        }
    }

    #[test]
    fn the_next_piece_and_the_end_wait_until_the_last_was_due() {
        let manual = Arc::new(ManualClock::new(Timestamp::from_seconds(1), 1));
        let clock: Arc<dyn Clock> = manual.clone();
        let mut body = paced(Box::pin(Pieces(vec![500, 2000])), &clock, Some(1000));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut poll = || match body.as_mut().poll_next(&mut cx) {
            Poll::Pending => None,
            Poll::Ready(piece) => Some(piece.map(|bytes| bytes.unwrap().len())),
        };
        assert_eq!((poll(), poll()), (Some(Some(2000)), None));
        manual.advance(Duration::from_millis(1999));
        assert_eq!(poll(), None);
        manual.advance(Duration::from_millis(1));
        assert_eq!((poll(), poll()), (Some(Some(500)), None));
        manual.advance(Duration::from_millis(500));
        assert_eq!(poll(), Some(None));
    }
}
