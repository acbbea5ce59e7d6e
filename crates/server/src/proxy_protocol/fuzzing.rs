//! The PROXY header for the fuzzers of `fuzz/`; not a part of the crate's page of names.

use std::net::SocketAddr;

use tokio::io::AsyncRead;

use super::header;

/// Reads a header and nothing behind it: the client it names, if any, or why it is none.
pub async fn proxy_header<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, &'static str> {
    header::read(stream).await
}
