//! PROXY headers of anybody, versions 1 and 2: no panic, nothing taken of what is behind a header, no client but the one that it names,
//! and the same outcome however the network cuts it.
//!
//! Input: eight bytes of a seed for the cuts, then what a connection sends.

#![no_main]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use headwater_fuzz::in_pieces;
use headwater_server::fuzzing::proxy_header;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncRead, ReadBuf};

type Outcome = Result<Option<SocketAddr>, &'static str>;

const V2_SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A connection that sends a piece at a time, has nothing yet before each, and then ends.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    asked: bool,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.asked = !self.asked;
        if self.asked {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(piece) = self.pieces.front_mut() {
            let taken = piece.len().min(into.remaining());
            into.put_slice(&piece[..taken]);
            piece.drain(..taken);
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The outcome, and how many bytes were left.
fn read(pieces: VecDeque<Vec<u8>>) -> (Outcome, usize) {
    let mut stream = Pieces { pieces, asked: false };
    let outcome = {
        let mut reading = std::pin::pin!(proxy_header(&mut stream));
        loop {
            if let Poll::Ready(outcome) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                break outcome;
            }
        }
    };
    (outcome, stream.pieces.iter().map(Vec::len).sum())
}

fn read_whole(sent: &[u8]) -> (Outcome, usize) {
    // A piece of no bytes would be the end of the stream.
    read(if sent.is_empty() { VecDeque::new() } else { VecDeque::from([sent.to_vec()]) })
}

/// Where a header ends by its own account: the first end of line, or the length that it announces.
fn end(sent: &[u8]) -> usize {
    if sent.starts_with(V2_SIGNATURE) {
        16 + usize::from(u16::from_be_bytes([sent[14], sent[15]]))
    } else {
        2 + sent.windows(2).position(|two| two == b"\r\n").expect("a line has an end")
    }
}

/// The client written as both versions write it.
fn written(client: SocketAddr) -> [Vec<u8>; 2] {
    let (family, addresses) = match client {
        SocketAddr::V4(v4) => (0x11, [v4.ip().octets(), [192, 0, 2, 1]].concat()),
        SocketAddr::V6(v6) => (0x21, [v6.ip().octets(), [0xFE; 16]].concat()),
    };
    let body = [&addresses[..], &client.port().to_be_bytes(), &443_u16.to_be_bytes()].concat();
    let length = u8::try_from(body.len()).expect("36 at most");
    let name = if client.is_ipv4() { "TCP4" } else { "TCP6" };
    let destination = if client.is_ipv4() { "192.0.2.1" } else { "2001:db8::1" };
    [
        format!("PROXY {name} {} {destination} {} 443\r\n", client.ip(), client.port()).into_bytes(),
        [V2_SIGNATURE, &[0x21, family, 0, length], &body].concat(),
    ]
}

fuzz_target!(|input: &[u8]| {
    let Some((seed, sent)) = input.split_first_chunk::<8>() else { return };
    let (outcome, left) = read_whole(sent);

    let mut pieces = VecDeque::new();
    in_pieces(sent, u64::from_le_bytes(*seed), |piece| {
        pieces.push_back(piece.to_vec());
        true
    });
    assert_eq!(read(pieces), (outcome, left), "cut otherwise");

    let Ok(named) = outcome else { return };
    let header = &sent[..sent.len() - left];
    assert_eq!(header.len(), end(sent), "taken of what is behind the header");
    assert!(read_whole(&header[..header.len() - 1]).0.is_err(), "a header that is not whole");
    let Some(client) = named else { return };
    for again in written(client) {
        assert_eq!(read_whole(&again), (Ok(named), 0));
    }
    // The address is in the header as it is in the packet, or as it is written in the line.
    let said = if header.starts_with(V2_SIGNATURE) {
        let [_, version_2] = written(client);
        header[16..].starts_with(&version_2[16..if client.is_ipv4() { 20 } else { 32 }])
    } else {
        let line = std::str::from_utf8(header).expect("of ASCII");
        let source: Option<std::net::IpAddr> = line.split(' ').nth(2).and_then(|text| text.parse().ok());
        source == Some(client.ip()) && line.split(' ').nth(4) == Some(&client.port().to_string())
    };
    assert!(said, "{client} is not what {} names", header.escape_ascii());
});
