//! Binding and accepting.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Connections that the kernel keeps for us while both workers are busy.
const BACKLOG: i32 = 4096;
/// Most bytes of answers that the kernel keeps for a client before it sends them. What is on its way does not count, so
/// that no client gets less than its network carries. Without a limit a thousand slow readers fill the kernel's memory
/// for TCP, and every other connection of the machine, those to origins among them, comes to a halt.
pub(crate) const UNSENT_BYTES: u32 = 32 << 10;
/// How long accepting rests when the process has no descriptor left: long enough not to spin, short enough that a freed
/// descriptor is used at once in human terms.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// Binds `address`; a restarted server gets its port back at once.
pub(crate) fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    open().with_context(|| format!("cannot listen on {address}; choose another address with {flag}"))
}

/// The next connection. Failures of single connections are passed over; without descriptors it waits.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small answers must not wait for the peer's delayed acknowledgement. A socket that refuses is broken
                // and fails on its first read.
                let _ = stream.set_nodelay(true);
                #[cfg(target_os = "linux")]
                let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
                return (stream, peer);
            }
            Err(error) if per_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn per_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_kernel_keeps_for_a_client_is_limited() {
        let listener = bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, (accepted, _)) = tokio::join!(client, accept(&listener));
        client.unwrap();
        assert_eq!(socket2::SockRef::from(&accepted).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    }
}
