//! One listener behind all addresses of the test's network.
//!
//! Guarantees: each connection to its port, whatever address it was meant for, is counted with that address before
//! anything is read from it. How: one socket bound to the unspecified IPv6 address, which takes IPv4 too; the local
//! address of an accepted connection is the one that the other side wanted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Longest request head that is read.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// A connection, and what was asked on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The address that the connection was made to; IPv4-mapped addresses as IPv4.
    pub address: IpAddr,
    /// Method and target as sent; `None` while, or if, nothing readable came.
    pub request: Option<(String, String)>,
}

/// A listener on one port of every address. It ends with its value.
pub struct EveryAddress {
    port: u16,
    visits: Arc<Mutex<Vec<Visit>>>,
    accepting: AbortHandle,
}

impl EveryAddress {
    /// Listens, and answers each request with the raw text that `answer` makes of the address asked and the request's
    /// method and target, then closes. Port 0 takes a free one.
    ///
    /// # Panics
    /// If the port is taken: only within [`super::isolated`] are all ports free.
    pub async fn listen(port: u16, answer: impl Fn(IpAddr, &str, &str) -> String + Send + Sync + 'static) -> Self {
        let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        let listener = TcpListener::bind(address).await.expect("the port is free in a network of the test's own");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let visits = Arc::new(Mutex::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&visits), Arc::new(answer))).abort_handle();
        Self { port, visits, accepting }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All connections so far, in order of their arrival.
    pub fn visits(&self) -> Vec<Visit> {
        lock(&self.visits).clone()
    }

    /// The addresses that connections were made to, in order.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.visits().into_iter().map(|visit| visit.address).collect()
    }
}

impl Drop for EveryAddress {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

type Answer = dyn Fn(IpAddr, &str, &str) -> String + Send + Sync;

/// Accepts until aborted; the connections end with it.
async fn accept(listener: TcpListener, visits: Arc<Mutex<Vec<Visit>>>, answer: Arc<Answer>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(local) = stream.local_addr() else { continue };
        let address = local.ip().to_canonical();
        let number = {
            let mut visits = lock(&visits);
            visits.push(Visit { address, request: None });
            visits.len() - 1
        };
        let (visits, answer) = (Arc::clone(&visits), Arc::clone(&answer));
        connections.spawn(async move {
            // Failures of the socket are the client's doing, which the test looks at from the other side.
            let _ = serve(stream, address, number, &visits, &*answer).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut stream: TcpStream,
    address: IpAddr,
    number: usize,
    visits: &Mutex<Vec<Visit>>,
    answer: &Answer,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > MAX_HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head);
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    lock(visits)[number].request = Some((method.to_owned(), target.to_owned()));
    stream.write_all(answer(address, method, target).as_bytes()).await?;
    stream.shutdown().await
}

fn lock(visits: &Mutex<Vec<Visit>>) -> std::sync::MutexGuard<'_, Vec<Visit>> {
    visits.lock().unwrap_or_else(PoisonError::into_inner)
}
