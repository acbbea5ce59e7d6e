//! `x-oss-traffic-limit`, by a clock that moves only where a body waits for its pace.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_model::BoxFuture;
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock, Timestamp};
use headwater_server::SystemClock;
use headwater_testkit::ManualClock;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use tokio::sync::watch;

use crate::support::{Running, open_bucket, request, signed, start, start_by};

/// The least that OSS takes, in bits a second.
const LEAST: &str = "819200";
const SIZE: usize = 1 << 20;
/// How long so many bytes take at that pace, to the millisecond.
const DUE: Duration = Duration::from_millis(SIZE as u64 * 1000 / 102_400);
/// Longer than a piece of a body has to wait, and shorter than the server's timeouts.
const LONGEST_WAIT: Duration = Duration::from_millis(4999);

/// Stands still, and tells what others sleep for.
#[derive(Debug)]
struct Watched {
    manual: ManualClock,
    slept: watch::Sender<Vec<Duration>>,
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        self.manual.now()
    }

    fn elapsed(&self) -> Duration {
        self.manual.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let sleep = self.manual.sleep(duration);
        self.slept.send_modify(|slept| slept.push(duration));
        sleep
    }

    fn random(&self, bytes: &mut [u8]) {
        self.manual.random(bytes);
    }
}

fn limited(request: Request<Full<Bytes>>, limit: &'static str) -> Request<Full<Bytes>> {
    let mut request = request;
    request.headers_mut().insert("x-oss-traffic-limit", HeaderValue::from_static(limit));
    signed(request, Dialect::Oss, (Some("bkt"), Some("key")))
}

fn put() -> Request<Full<Bytes>> {
    request(Method::PUT, "/bkt/key", "").map(|_| Full::new(vec![b'x'; SIZE].into()))
}

/// Sends a request, and moves the clock by what its body waits for and by nothing else; how far it moved.
/// What the server slept for before is no pace.
async fn time_of(
    (running, clock): (&Running, &Watched),
    usual: &[Duration],
    request: Request<Full<Bytes>>,
) -> (Duration, Bytes) {
    let mut slept = clock.slept.subscribe();
    let (mut known, began) = (slept.borrow_and_update().len(), clock.elapsed());
    let answer = running.send(request);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            (parts, body) = &mut answer => {
                assert!(parts.status.is_success(), "{body:?}");
                return (clock.elapsed().saturating_sub(began), body);
            }
            changed = slept.changed() => {
                changed.unwrap();
                let new: Vec<Duration> = slept.borrow_and_update()[known..].to_vec();
                known += new.len();
                for wait in new.into_iter().filter(|wait| *wait <= LONGEST_WAIT && !usual.contains(wait)) {
                    clock.manual.advance(wait);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_moves_no_faster_than_the_request_says() {
    let manual = ManualClock::new(SystemClock::new().now(), 7);
    let clock = Arc::new(Watched { manual, slept: watch::Sender::default() });
    let running = start_by(clock.clone(), None, |_| {}).await;
    open_bucket(&running).await;
    let plain = |request| signed(request, Dialect::Oss, (Some("bkt"), Some("key")));
    let get = || request(Method::GET, "/bkt/key", "");
    for request in [put(), get()] {
        let (parts, body) = running.send(plain(request)).await;
        assert!(parts.status.is_success(), "nothing waits without a limit: {body:?}");
    }
    let usual = clock.slept.borrow().clone();
    let on = (&running, &*clock);
    let (put_took, _) = time_of(on, &usual, limited(put(), LEAST)).await;
    let (get_took, body) = time_of(on, &usual, limited(get(), LEAST)).await;
    assert_eq!(body.len(), SIZE);
    // The announced length is reached with the last piece, whose own wait nobody needs.
    for (what, took) in [("PUT", put_took), ("GET", get_took)] {
        assert!(took <= DUE && took >= DUE / 2, "{what}: {took:?} of {DUE:?}");
    }
    assert_eq!(time_of(on, &usual, plain(get())).await.0, Duration::ZERO);
}

#[tokio::test]
async fn a_limit_that_oss_does_not_take_is_named() {
    let running = start(None).await;
    open_bucket(&running).await;
    for wrong in ["819199", "838860801", "0", "-1", "fast", ""] {
        for request in [put(), request(Method::GET, "/bkt/key", "")] {
            let (parts, body) = running.send(limited(request, wrong)).await;
            let text = String::from_utf8_lossy(&body);
            assert_eq!(parts.status, 400, "{wrong:?}: {text}");
            assert!(text.contains("<ArgumentName>x-oss-traffic-limit</ArgumentName>"), "{wrong:?}: {text}");
        }
    }
    for taken in [LEAST, "838860800"] {
        let small = request(Method::PUT, "/bkt/key", "x");
        assert_eq!(running.send(limited(small, taken)).await.0.status, 200, "{taken}");
    }
}
