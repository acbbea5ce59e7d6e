//! One request to one origin.

use headwater_model::origin::{OriginError, OriginRequest, OriginResponse};

use super::failure::Failure;
use super::task::Env;

/// The origin's answer, whatever its status.
///
/// # Errors
/// There was none: nothing could be reached, what was reached did not answer in time or in form, or the origin's limits
/// did not allow the request.
pub(super) async fn ask(env: &Env, request: OriginRequest) -> Result<OriginResponse, Failure> {
    match env.origin.fetch(request).await {
        Ok(response) => {
            env.observer.origin_status(response.status);
            Ok(response)
        }
        Err(OriginError::RetryBudget) => Err(Failure::over_budget()),
        Err(error) => {
            tracing::debug!(%error, "origin gave no answer");
            Err(Failure::no_answer(&error))
        }
    }
}
