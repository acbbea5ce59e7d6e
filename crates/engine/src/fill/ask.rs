//! Asking an origin once, and once more where that is harmless.

use headwater_model::origin::{OriginError, OriginRequest, OriginResponse};

use super::failure::Failure;
use super::task::Env;

/// Attempts to get an answer: one retry, and only while no byte of a response has come (oss-mirroring 5.1).
const MAX_ATTEMPTS: u32 = 2;

/// The origin's answer to what `request` makes, whatever its status.
///
/// # Errors
/// There was none: nothing could be reached, or what was reached did not answer in time or in form.
pub(super) async fn ask(env: &Env, request: impl Fn() -> OriginRequest) -> Result<OriginResponse, Failure> {
    let mut attempt = 1;
    loop {
        match env.origin.fetch(request()).await {
            Ok(response) => {
                env.observer.origin_status(response.status);
                return Ok(response);
            }
            Err(OriginError::Connect(_) | OriginError::NameNotFound(_)) if attempt < MAX_ATTEMPTS => {
                attempt += 1;
            }
            Err(error) => {
                tracing::debug!(%error, "origin gave no answer");
                return Err(Failure::no_answer(&error));
            }
        }
    }
}
