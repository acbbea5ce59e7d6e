//! The HTTP/2 side of an origin: streams that end well, too early, too late or by force.
//!
//! The same [`Reply`] as over HTTP/1.1: its length becomes `content-length`, whatever the frames carry; a cut becomes
//! RST_STREAM or GOAWAY; bytes behind the body become DATA beyond the announced length. Faults of the head alone, and raw
//! bytes, have no counterpart here: asking for them is a mistake of the test.

use std::future::poll_fn;
use std::io;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, SendStream};
use http::{HeaderName, HeaderValue, Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

use crate::pattern::pattern;
use crate::record::RecordedRequest;
use crate::script::{Cut, Step};
use crate::server::Shared;

/// Largest piece handed to a stream at once.
const PIECE_BYTES: u64 = 16 << 10;

/// Serves one connection until its end.
pub(crate) async fn serve(stream: TlsStream<TcpStream>, number: usize, shared: &Shared) -> io::Result<()> {
    let mut connection: Connection<_, Bytes> = h2::server::Builder::new()
        .max_send_buffer_size(PIECE_BYTES as usize)
        .handshake(stream)
        .await
        .map_err(io::Error::other)?;
    let mut streams = JoinSet::new();
    let mut earlier = 0;
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (request, respond) = accepted.map_err(io::Error::other)?;
                let request = recorded(&request, number, earlier);
                earlier += 1;
                shared.record.add(request.clone());
                let reply = shared.reply(&request);
                let bare = request.method == "HEAD";
                let (head, script) = (reply.head_fields(), reply.body_script());
                streams.spawn(async move { answer(respond, head, script, bare).await });
            }
            Some(ended) = streams.join_next() => {
                if matches!(ended, Ok(Ok(Some(Cut::GoAway)))) {
                    connection.abrupt_shutdown(Reason::INTERNAL_ERROR);
                    // Until the frame is written and the connection over.
                    while connection.accept().await.is_some() {}
                    return Ok(());
                }
            }
        }
    }
}

fn recorded(request: &Request<h2::RecvStream>, connection: usize, earlier: usize) -> RecordedRequest {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    RecordedRequest { method: request.method().to_string(), target, headers, connection, earlier }
}

/// Sends head and body; tells if the connection is to end with it.
async fn answer(
    mut respond: SendResponse<Bytes>,
    head: (u16, Vec<(String, Vec<u8>)>),
    script: Vec<Step>,
    bare: bool,
) -> io::Result<Option<Cut>> {
    let mut response = Response::builder().status(head.0);
    for (name, value) in head.1 {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        response = response.header(name, HeaderValue::from_bytes(&value).map_err(io::Error::other)?);
    }
    let response = response.body(()).map_err(io::Error::other)?;
    let mut stream = respond.send_response(response, bare).map_err(io::Error::other)?;
    if bare {
        return Ok(None);
    }
    for step in script {
        match step {
            Step::Send(bytes) => send(&mut stream, bytes).await?,
            Step::Pattern { seed, offset, length } => {
                for at in (offset..offset + length).step_by(PIECE_BYTES as usize) {
                    let piece = PIECE_BYTES.min(offset + length - at);
                    send(&mut stream, pattern(seed, at, piece as usize).into()).await?;
                }
            }
            Step::Wait(gate) => gate.pass().await,
            Step::Pause(duration) => tokio::time::sleep(duration).await,
            Step::End(Cut::GoAway) => {
                flushed(&mut stream).await?;
                return Ok(Some(Cut::GoAway));
            }
            Step::End(Cut::Rst) => {
                flushed(&mut stream).await?;
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Ok(None);
            }
            Step::End(_) => break,
        }
    }
    stream.send_data(Bytes::new(), true).map_err(io::Error::other)?;
    Ok(None)
}

/// Sends all bytes as far as the other side's window allows.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let granted = poll_fn(|cx| stream.poll_capacity(cx)).await;
        let granted = granted.ok_or_else(|| io::Error::other("the stream is over"))?.map_err(io::Error::other)?;
        let piece = bytes.split_to(granted.min(bytes.len()));
        stream.send_data(piece, false).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Waits until nothing is buffered any more, because a reset drops what is: then all of the buffer is granted.
async fn flushed(stream: &mut SendStream<Bytes>) -> io::Result<()> {
    stream.reserve_capacity(PIECE_BYTES as usize);
    while stream.capacity() < PIECE_BYTES as usize {
        let granted = poll_fn(|cx| stream.poll_capacity(cx)).await;
        granted.ok_or_else(|| io::Error::other("the stream is over"))?.map_err(io::Error::other)?;
    }
    Ok(())
}
