//! The listener: accepts, records, answers from the script.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::record::{Record, RecordedRequest};
use super::reply::Reply;
use super::script::{Cut, perform};
use super::tls::ServerIdentity;

/// Longest request head that is read; tests of longer ones are about somebody else.
const MAX_REQUEST_BYTES: usize = 1 << 20;

type Answer = Arc<dyn Fn(&RecordedRequest) -> Reply + Send + Sync>;

/// An HTTP/1.1 origin on a free loopback port. It ends with its value. Targets without an answer give 404.
pub struct ScriptedOrigin {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    accepting: AbortHandle,
}

#[derive(Default)]
struct Shared {
    record: Record,
    answers: Mutex<HashMap<String, Answer>>,
}

impl ScriptedOrigin {
    /// Starts a plain one.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Starts one behind TLS, which speaks HTTP/1.1 only.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start_tls(identity: &ServerIdentity) -> Self {
        Self::start_with(Some(TlsAcceptor::from(identity.server_config(&["http/1.1"])))).await
    }

    async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&shared))).abort_handle();
        Self { shared, address, scheme, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of a target, with the loopback address as host.
    pub fn url(&self, target: &str) -> String {
        format!("{}://{}{target}", self.scheme, self.address)
    }

    /// URL of a target under another host name.
    pub fn url_at(&self, host: &str, target: &str) -> String {
        format!("{}://{host}:{}{target}", self.scheme, self.address.port())
    }

    /// Answers a target (path and query as sent) always like this.
    pub fn on(&self, target: &str, reply: Reply) {
        self.on_fn(target, move |_| reply.clone());
    }

    /// Answers a target with one reply after the other; the last one stays.
    ///
    /// # Panics
    /// If there is no reply.
    pub fn on_each(&self, target: &str, replies: Vec<Reply>) {
        assert!(!replies.is_empty(), "a target needs a reply");
        let replies = Mutex::new(replies);
        self.on_fn(target, move |_| {
            let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
            if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() }
        });
    }

    /// Answers a target with what the function makes of the request.
    pub fn on_fn(&self, target: &str, answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) {
        self.shared.lock().insert(target.to_owned(), Arc::new(answer));
    }

    /// All requests so far, in order of their arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record.requests()
    }

    /// How many requests came for a target.
    pub fn count(&self, target: &str) -> usize {
        self.requests().iter().filter(|request| request.target == target).count()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.shared.record.connections()
    }

    /// Waits until that many requests came in all.
    pub async fn wait_for_requests(&self, count: usize) {
        self.shared.record.wait_for_requests(count).await;
    }

    /// Waits until exactly that many connections are open.
    pub async fn wait_for_open_connections(&self, count: usize) {
        self.shared.record.wait_for_open(count).await;
    }
}

impl Drop for ScriptedOrigin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn reply(&self, request: &RecordedRequest) -> Reply {
        let answer = self.lock().get(&request.target).cloned();
        answer.map_or_else(|| Reply::status(404), |answer| answer(request))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a connection as open as long as it lives.
struct Open<'a>(&'a Record);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}

/// Accepts until aborted; the connections end with it.
async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        connections.spawn(async move {
            let number = shared.record.connect();
            let _open = Open(&shared.record);
            // Failures of the socket are the client's doing, which the test looks at from the other side.
            let _ = serve(tcp, tls, number, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(tcp: TcpStream, tls: Option<TlsAcceptor>, number: usize, shared: &Shared) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    match tls {
        None => {
            let mut tcp = tcp;
            let cut = converse(&mut tcp, number, shared).await?;
            end(cut, &tcp)
        }
        Some(tls) => {
            let mut stream: TlsStream<TcpStream> = tls.accept(tcp).await?;
            let cut = converse(&mut stream, number, shared).await?;
            if cut == Cut::Orderly {
                stream.shutdown().await?;
            }
            end(cut, stream.get_ref().0)
        }
    }
}

/// A reset is a close without lingering; any other end is the drop that follows.
fn end(cut: Cut, tcp: &TcpStream) -> io::Result<()> {
    if cut == Cut::Rst { tcp.set_zero_linger() } else { Ok(()) }
}

/// Answers request after request until the script or the client ends it.
async fn converse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    number: usize,
    shared: &Shared,
) -> io::Result<Cut> {
    let mut unread = Vec::new();
    while let Some(head) = read_head(stream, &mut unread).await? {
        let Some(request) = RecordedRequest::parse(&head, number) else {
            return Ok(Cut::Fin);
        };
        shared.record.add(request.clone());
        let reply = shared.reply(&request);
        if let Some(cut) = perform(&reply.steps(&request.method), stream).await? {
            return Ok(cut);
        }
    }
    Ok(Cut::Orderly)
}

/// The bytes up to and with the empty line; `None` when the client is done.
async fn read_head(stream: &mut (impl AsyncRead + Unpin), unread: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(position) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = unread.split_off(position + 4);
            return Ok(Some(std::mem::replace(unread, rest)));
        }
        if unread.len() > MAX_REQUEST_BYTES || stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
}
