//! What goes over the socket, step by step.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::gate::Gate;
use crate::pattern::pattern;

/// Most bytes gathered before they are written: small answers leave in one write, faults behind them included.
const GATHER_BYTES: usize = 64 << 10;

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Step {
    /// Send these bytes.
    Send(Bytes),
    /// Send `length` bytes of the pattern of `seed` from `offset`.
    Pattern {
        /// Which pattern.
        seed: u64,
        /// First byte.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// Send what is gathered and wait until the test opens the gate.
    Wait(Gate),
    /// Send what is gathered and let the time pass.
    Pause(Duration),
    /// Send what is gathered and end the connection; nothing follows.
    End(Cut),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In good order: over TLS with close_notify.
    Orderly,
    /// The socket is closed: over TLS without close_notify.
    Fin,
    /// The socket is reset; over HTTP/2 the stream is.
    Rst,
    /// Over HTTP/2 the connection ends with GOAWAY; elsewhere as [`Self::Fin`].
    GoAway,
}

/// Performs the steps; says whether and how the connection is to end. `sent_bytes` grows by what was written.
pub(crate) async fn perform(
    steps: &[Step],
    stream: &mut (impl AsyncWrite + Unpin),
    sent_bytes: &mut u64,
) -> io::Result<Option<Cut>> {
    let mut gathered = Vec::new();
    for step in steps {
        match step {
            Step::Send(bytes) => gathered.extend_from_slice(bytes),
            Step::Pattern { seed, offset, length } => {
                let (mut at, end) = (*offset, offset + length);
                while at < end {
                    let piece = (end - at).min(GATHER_BYTES as u64) as usize;
                    gathered.extend_from_slice(&pattern(*seed, at, piece));
                    at += piece as u64;
                    if gathered.len() >= GATHER_BYTES {
                        send(&mut gathered, stream, sent_bytes).await?;
                    }
                }
            }
            Step::Wait(gate) => {
                send(&mut gathered, stream, sent_bytes).await?;
                gate.pass().await;
            }
            Step::Pause(duration) => {
                send(&mut gathered, stream, sent_bytes).await?;
                tokio::time::sleep(*duration).await;
            }
            Step::End(cut) => {
                send(&mut gathered, stream, sent_bytes).await?;
                return Ok(Some(*cut));
            }
        }
        if gathered.len() >= GATHER_BYTES {
            send(&mut gathered, stream, sent_bytes).await?;
        }
    }
    send(&mut gathered, stream, sent_bytes).await?;
    Ok(None)
}

async fn send(gathered: &mut Vec<u8>, stream: &mut (impl AsyncWrite + Unpin), sent_bytes: &mut u64) -> io::Result<()> {
    stream.write_all(gathered).await?;
    *sent_bytes += gathered.len() as u64;
    gathered.clear();
    stream.flush().await
}
