//! One HTTP/2 connection, shared by any number of requests and run by a task of its own.
//!
//! Guarantees: header lists within 64 KiB; at most [`STREAM_WINDOW_BYTES`] per response buffered for a slow reader; a
//! silent peer is found by PING.

use std::time::Duration;

use bytes::Bytes;
use headwater_model::origin::OriginError;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::fault;
use crate::framing::MAX_HEAD_BYTES;
use crate::h1::SendFailure;
use crate::socket::Socket;

/// Flow-control window of one response: bandwidth times delay of a gigabit path of 8 ms.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// Flow-control window of a connection: several responses at full speed.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Silence after which a connection with requests under way is asked for a sign of life.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Time for that sign.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A handle on the connection; clones share it. The connection closes when the last handle and response are gone.
#[derive(Clone)]
pub(crate) struct H2 {
    sender: http2::SendRequest<Empty<Bytes>>,
}

impl H2 {
    pub(crate) async fn handshake(socket: Socket) -> Result<Self, OriginError> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).expect("64 KiB fit into 32 bits"))
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| fault::before_head(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "http/2 connection to origin ended");
            }
        });
        Ok(Self { sender })
    }

    /// Whether requests can still be sent, as far as is known here and now.
    pub(crate) fn is_alive(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and waits for the response head. No time limit of its own. A failure before the head counts as
    /// unanswered: HTTP/2 tells each stream's fate apart, and GET and HEAD may be repeated.
    pub(crate) async fn send(&mut self, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, SendFailure> {
        self.sender.send_request(request).await.map_err(|error| {
            let error = fault::before_head(&error);
            SendFailure { unanswered: matches!(error, OriginError::Connect(_)), error }
        })
    }
}
