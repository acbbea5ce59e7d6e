//! One request to one origin, or to a bucket of this server in its place.

use headwater_model::origin::{OriginError, OriginRequest, OriginResponse};

use super::candidate::Candidate;
use super::failure::Failure;
use super::task::Env;

/// The answer of a candidate, to which the request is addressed, whatever its status.
///
/// # Errors
/// There was none: nothing could be reached, what was reached did not answer in time or in form, or the origin's limits
/// did not allow the request; the bucket of this server may not be read.
pub(super) async fn ask(env: &Env, candidate: &Candidate, request: OriginRequest) -> Result<OriginResponse, Failure> {
    match &candidate.local {
        Some(local) => local.fetch(&*env.store, &env.seal, &request).await,
        None => ask_origin(env, request).await,
    }
}

/// The answer of whoever the URL leads to.
///
/// # Errors
/// As [`ask`].
pub(super) async fn ask_origin(env: &Env, request: OriginRequest) -> Result<OriginResponse, Failure> {
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
