//! The header itself.
//!
//! ```text
//! 1   PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 CR LF        at most 107 bytes; TCP6, UNKNOWN
//! 2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A   version|command  family|transport  length(2)
//!     addresses: 12 bytes of IPv4, 36 of IPv6, 216 of Unix     TLVs to the end of the length
//! ```
//! Source: `proxy-protocol.txt` of HAProxy, sections 2.1 and 2.2. What the bytes do not leave open is judged strictly.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest line of version 1, with its end.
const MAX_V1_BYTES: usize = 107;
/// Addresses and TLVs of version 2: clouds send some hundred bytes, names of client certificates a few more.
const MAX_V2_BYTES: usize = 4 << 10;
const V2_SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Why a header is none.
pub(super) type Fault = &'static str;

/// Reads a header and nothing behind it. `None` if it names no client of this connection.
pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, Fault> {
    // No header of either version is shorter.
    let mut start = [0; 12];
    fill(stream, &mut start).await?;
    if start == V2_SIGNATURE { read_v2(stream).await } else { read_v1(stream, start).await }
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut [u8]) -> Result<(), Fault> {
    stream.read_exact(bytes).await.map(drop).map_err(|_| "the connection ended within its header")
}

/// The line is taken byte by byte, since what is behind it is not ours: some ninety short reads for each connection.
async fn read_v1<S: AsyncRead + Unpin>(stream: &mut S, start: [u8; 12]) -> Result<Option<SocketAddr>, Fault> {
    if !start.starts_with(b"PROXY ") {
        return Err("it has no header");
    }
    let mut line = Vec::with_capacity(MAX_V1_BYTES);
    line.extend_from_slice(&start);
    while !line.ends_with(b"\r\n") {
        if line.len() == MAX_V1_BYTES {
            return Err("its header is too long");
        }
        let mut next = [0];
        fill(stream, &mut next).await?;
        line.extend_from_slice(&next);
    }
    line.truncate(line.len() - 2);
    parse_v1(&line)
}

fn parse_v1(line: &[u8]) -> Result<Option<SocketAddr>, Fault> {
    const WRONG: Fault = "its header is not of version 1";
    let text = str::from_utf8(line).map_err(|_| WRONG)?;
    let fields: Vec<&str> = text.split(' ').collect();
    let [_, family, source, destination, source_port, destination_port] = fields[..] else {
        // Whatever follows is to be ignored.
        return if fields.get(1) == Some(&"UNKNOWN") { Ok(None) } else { Err(WRONG) };
    };
    let address = |text: &str| -> Result<IpAddr, Fault> {
        match family {
            "TCP4" => text.parse::<Ipv4Addr>().map(IpAddr::from).map_err(|_| WRONG),
            "TCP6" => text.parse::<Ipv6Addr>().map(IpAddr::from).map_err(|_| WRONG),
            _ => Err(WRONG),
        }
    };
    let port = |text: &str| -> Result<u16, Fault> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| plain).ok_or(WRONG)
    };
    if family == "UNKNOWN" {
        return Ok(None);
    }
    address(destination)?;
    port(destination_port)?;
    Ok(Some(SocketAddr::new(address(source)?, port(source_port)?)))
}

async fn read_v2<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, Fault> {
    let mut rest = [0; 4];
    fill(stream, &mut rest).await?;
    let [command, family, length @ ..] = rest;
    let length = usize::from(u16::from_be_bytes(length));
    if length > MAX_V2_BYTES {
        return Err("its header is too long");
    }
    let mut body = vec![0; length];
    fill(stream, &mut body).await?;
    parse_v2(command, family, &body)
}

fn parse_v2(command: u8, family: u8, body: &[u8]) -> Result<Option<SocketAddr>, Fault> {
    const SHORT: Fault = "its header is too short for its addresses";
    match command {
        // The proxy asks on its own behalf, as to see whether we live.
        0x20 => return Ok(None),
        0x21 => {}
        _ => return Err("its header has an unknown version or command"),
    }
    match family {
        // Unspecified, and Unix sockets: the proxy's client has no address that means anything here.
        0x00 | 0x31 => Ok(None),
        0x11 => {
            let [a, b, c, d, _, _, _, _, high, low, ..] = *body.get(..12).ok_or(SHORT)? else { return Err(SHORT) };
            Ok(Some(SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low])))))
        }
        0x21 => {
            let addresses = body.get(..36).ok_or(SHORT)?;
            let source: [u8; 16] = addresses[..16].try_into().map_err(|_| SHORT)?;
            let port = u16::from_be_bytes([addresses[32], addresses[33]]);
            Ok(Some(SocketAddr::from((source, port))))
        }
        _ => Err("its header is of no stream that it could speak for"),
    }
}
