//! What every end-to-end test uses: the server as a process, a client of our own, and foreign programs.

mod http;
mod nginx;
mod program;
mod python;
mod server;

pub(crate) use http::{Answer, Call, Client, ClientKey, Opened, decode, encode};
pub(crate) use nginx::Nginx;
pub(crate) use program::{command, find, run};
pub(crate) use python::{Python, workspace};
pub(crate) use server::{Headwater, Setup};

use std::time::Duration;

/// Attempts of [`eventually`]; with its pause they bound the wait to a minute.
const ATTEMPTS: u32 = 3000;

/// Asks until the answer is yes. For states that no event announces, such as a commit behind an answer.
///
/// # Panics
/// If the answer stays no; `what` says what was waited for.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut reached: impl FnMut() -> F) {
    for _ in 0..ATTEMPTS {
        if reached().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never came true: {what}");
}
