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

use crate::connections::{Connections, Port, old_hello, swallow};
use crate::http2;
use crate::record::{Record, RecordedRequest};
use crate::reply::Reply;
use crate::script::{Cut, perform};
use crate::tls::ServerIdentity;

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
pub(crate) struct Shared {
    pub(crate) record: Record,
    answers: Mutex<HashMap<String, Answer>>,
    /// For targets without an answer of their own.
    otherwise: Mutex<Option<Answer>>,
}

/// [`Connections`] as the accepting task needs them.
#[derive(Clone)]
enum Treatment {
    Plain,
    Tls(TlsAcceptor),
    Http2(TlsAcceptor),
    Reset,
    Silent,
    OldTls,
}

impl ScriptedOrigin {
    /// Starts a plain one.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start() -> Self {
        Self::start_as(&Connections::Plain).await
    }

    /// Starts one behind TLS, which speaks HTTP/1.1 only.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start_tls(identity: &ServerIdentity) -> Self {
        Self::start_as(&Connections::Tls(identity)).await
    }

    /// Starts one that treats connections so, on a free loopback port.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start_as(connections: &Connections<'_>) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen(free, connections).await.expect("a free loopback port")
    }

    /// Starts one on this address.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn listen(address: SocketAddr, connections: &Connections<'_>) -> io::Result<Self> {
        let port = Port::open(connections, address).await?;
        let address = port.address()?;
        let treatment = match connections {
            Connections::Plain | Connections::Refused | Connections::Dropped => Treatment::Plain,
            Connections::Tls(identity) => Treatment::Tls(TlsAcceptor::from(identity.server_config(&["http/1.1"]))),
            Connections::Http2(identity) => Treatment::Http2(TlsAcceptor::from(identity.server_config(&["h2"]))),
            Connections::Reset => Treatment::Reset,
            Connections::Silent => Treatment::Silent,
            Connections::OldTls => Treatment::OldTls,
        };
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(run(port, treatment, Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, address, scheme: connections.scheme(), accepting })
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

    /// Answers every target that has no answer of its own with what the function makes of the request.
    pub fn otherwise(&self, answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) {
        *self.shared.otherwise.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(answer));
    }

    /// All requests so far, in order of their arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record.requests()
    }

    /// How many requests came for a target.
    pub fn count(&self, target: &str) -> usize {
        self.requests().iter().filter(|request| request.target == target).count()
    }

    /// Bytes written in answer to requests for a target, heads included.
    pub fn sent_bytes(&self, target: &str) -> u64 {
        self.shared.record.sent_bytes(target)
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
    pub(crate) fn reply(&self, request: &RecordedRequest) -> Reply {
        let answer = self.lock().get(&request.target).cloned();
        let answer = answer.or_else(|| self.otherwise.lock().unwrap_or_else(PoisonError::into_inner).clone());
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

/// Holds a port until aborted.
async fn run(port: Port, treatment: Treatment, shared: Arc<Shared>) {
    match port {
        Port::Listening(listener) => accept(listener, treatment, shared).await,
        Port::Taken(_) | Port::Full { .. } => std::future::pending().await,
    }
}

/// Accepts until aborted; the connections end with it.
async fn accept(listener: TcpListener, treatment: Treatment, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let (shared, treatment) = (Arc::clone(&shared), treatment.clone());
        connections.spawn(async move {
            let number = shared.record.connect();
            let _open = Open(&shared.record);
            // Failures of the socket are the client's doing, which the test looks at from the other side.
            let _ = serve(tcp, treatment, number, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut tcp: TcpStream, treatment: Treatment, number: usize, shared: &Shared) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    match treatment {
        Treatment::Plain => {
            let cut = converse(&mut tcp, number, shared).await?;
            end(cut, &tcp)
        }
        Treatment::Tls(tls) => {
            let mut stream: TlsStream<TcpStream> = tls.accept(tcp).await?;
            let cut = converse(&mut stream, number, shared).await?;
            if cut == Cut::Orderly {
                stream.shutdown().await?;
            }
            end(cut, stream.get_ref().0)
        }
        Treatment::Http2(tls) => http2::serve(tls.accept(tcp).await?, number, shared).await,
        Treatment::Reset => tcp.set_zero_linger(),
        Treatment::Silent => swallow(&mut tcp).await,
        Treatment::OldTls => old_hello(&mut tcp).await,
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
    let mut earlier = 0;
    while let Some(head) = read_head(stream, &mut unread).await? {
        let Some(request) = RecordedRequest::parse(&head, number, earlier) else {
            return Ok(Cut::Fin);
        };
        earlier += 1;
        shared.record.add(request.clone());
        let reply = shared.reply(&request);
        let mut sent_bytes = 0;
        let performed = perform(&reply.steps(&request.method), stream, &mut sent_bytes).await;
        shared.record.add_sent(&request.target, sent_bytes);
        if let Some(cut) = performed? {
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
