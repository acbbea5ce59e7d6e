//! An origin whose every answer, and every chunk of it, the test decides.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::unfold;
use headwater_model::body::ByteStream;
use headwater_model::origin::{Framing, Origin, OriginError, OriginRequest, OriginResponse, Trailers};
use headwater_model::{BoxFuture, Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{mpsc, watch};

/// More chunks than any test feeds without being read.
const FEED_CHUNKS: usize = 4096;

/// Answers in the order that the test gave; asked once more than that, it panics.
pub(super) struct FakeOrigin {
    steps: Mutex<VecDeque<Step>>,
    requests: watch::Sender<Vec<OriginRequest>>,
}

enum Step {
    Answer(Answer),
    Error(OriginError),
    Panic,
    Silence,
}

impl FakeOrigin {
    pub(super) fn new() -> Self {
        Self { steps: Mutex::default(), requests: watch::Sender::new(Vec::new()) }
    }

    pub(super) fn answers(&self, answer: Answer) {
        self.step(Step::Answer(answer));
    }

    pub(super) fn fails(&self, error: OriginError) {
        self.step(Step::Error(error));
    }

    pub(super) fn panics(&self) {
        self.step(Step::Panic);
    }

    pub(super) fn never_answers(&self) {
        self.step(Step::Silence);
    }

    fn step(&self, step: Step) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push_back(step);
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> Vec<OriginRequest> {
        self.requests.borrow().clone()
    }

    /// Resolves when it was asked `count` times.
    pub(super) async fn asked(&self, count: usize) {
        self.requests.subscribe().wait_for(|requests| requests.len() >= count).await.unwrap();
    }
}

impl Origin for FakeOrigin {
    fn fetch(&self, request: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        let url = request.url.clone();
        self.requests.send_modify(|requests| requests.push(request));
        let step = self.steps.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move {
            match step.expect("the origin was asked more often than the test expects") {
                Step::Answer(answer) => Ok(answer.response(url)),
                Step::Error(error) => Err(error),
                Step::Panic => panic!("the origin client panics, as the test wants it to"),
                Step::Silence => std::future::pending().await,
            }
        })
    }
}

/// One answer.
pub(super) struct Answer {
    status: u16,
    headers: HeaderMap,
    framing: Framing,
    body: ByteStream,
}

impl Answer {
    /// This body with its length.
    pub(super) fn of(status: u16, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let framing = Framing::Length(body.len() as u64);
        let chunks: Vec<Result<Bytes>> = body.chunks(32 << 10).map(|chunk| Ok(body.slice_ref(chunk))).collect();
        Self { status, headers: HeaderMap::new(), framing, body: Box::pin(futures_util::stream::iter(chunks)) }
    }

    /// A body that the test feeds.
    pub(super) fn fed(framing: Framing) -> (Self, Feed) {
        let (sender, receiver) = mpsc::channel(FEED_CHUNKS);
        let body = Box::pin(unfold(receiver, |mut receiver| async { receiver.recv().await.map(|c| (c, receiver)) }));
        (Self { status: 200, headers: HeaderMap::new(), framing, body }, Feed { sender })
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    fn response(self, final_url: Box<str>) -> OriginResponse {
        let Self { status, headers, framing, body } = self;
        OriginResponse { status, headers, final_url, framing, body, trailers: Trailers::default() }
    }
}

/// Feeds one body; its end is the body's clean end.
pub(super) struct Feed {
    sender: mpsc::Sender<Result<Bytes>>,
}

impl Feed {
    pub(super) fn chunk(&self, chunk: impl Into<Bytes>) {
        self.sender.try_send(Ok(chunk.into())).expect("the body is still being read");
    }

    pub(super) fn breaks(self) {
        let error = Error::internal("read body of origin", OriginError::BodyBroken("reset".into()));
        self.sender.try_send(Err(error)).expect("the body is still being read");
    }

    /// Resolves when the fill has given up the body.
    pub(super) async fn dropped(&self) {
        self.sender.closed().await;
    }
}
