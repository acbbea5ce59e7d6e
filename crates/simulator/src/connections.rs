//! What an origin does with a connection before HTTP begins.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::tls::ServerIdentity;

/// How an origin treats connections.
#[derive(Clone, Copy, Debug)]
pub enum Connections<'a> {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls(&'a ServerIdentity),
    /// HTTP/2 over TLS.
    Http2(&'a ServerIdentity),
    /// The port is taken and nobody listens.
    Refused,
    /// The SYN is not answered: the queue of the listener is full, and nobody takes from it.
    Dropped,
    /// Accepted and reset.
    Reset,
    /// Accepted; what comes is read, and nothing is ever sent.
    Silent,
    /// A TLS server that speaks version 1.0 and nothing newer.
    OldTls,
}

impl Connections<'_> {
    /// The scheme of its URLs.
    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Self::Tls(_) | Self::Http2(_) | Self::OldTls | Self::Silent => "https",
            Self::Plain | Self::Refused | Self::Dropped | Self::Reset => "http",
        }
    }
}

/// A port that holds what a fault needs.
pub(crate) enum Port {
    Listening(TcpListener),
    /// Bound, not listening.
    Taken(TcpSocket),
    /// Listening with a full queue, and the connection that fills it.
    Full {
        listener: TcpListener,
        _filling: TcpStream,
    },
}

impl Port {
    pub(crate) async fn open(connections: &Connections<'_>, address: SocketAddr) -> io::Result<Self> {
        let socket = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(address)?;
            Ok::<_, io::Error>(socket)
        };
        match connections {
            Connections::Refused => Ok(Self::Taken(socket()?)),
            Connections::Dropped => {
                // A queue of length 0 takes one connection; Linux leaves further SYNs unanswered.
                let listener = socket()?.listen(0)?;
                let filling = TcpStream::connect(listener.local_addr()?).await?;
                Ok(Self::Full { listener, _filling: filling })
            }
            _ => Ok(Self::Listening(TcpListener::bind(address).await?)),
        }
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Listening(listener) | Self::Full { listener, .. } => listener.local_addr(),
            Self::Taken(socket) => socket.local_addr(),
        }
    }
}

/// Reads to the client's end and says nothing.
pub(crate) async fn swallow(tcp: &mut TcpStream) -> io::Result<()> {
    let mut unread = [0; 4096];
    while tcp.read(&mut unread).await? > 0 {}
    Ok(())
}

/// Answers the client's hello as a server does that has no newer version than TLS 1.0 (RFC 2246 section 7.4.1.3).
pub(crate) async fn old_hello(tcp: &mut TcpStream) -> io::Result<()> {
    let mut hello = [0; 4096];
    if tcp.read(&mut hello).await? == 0 {
        return Ok(());
    }
    let mut body = vec![3, 1];
    body.extend_from_slice(&[0x5a; 32]);
    // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    body.extend_from_slice(&[0, 0x00, 0x2f, 0]);
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("a hello of forty bytes");
    let mut message = vec![2, 0, 0, length(&body)];
    message.append(&mut body);
    let mut record = vec![22, 3, 1, 0, length(&message)];
    record.append(&mut message);
    tcp.write_all(&record).await?;
    swallow(tcp).await
}
