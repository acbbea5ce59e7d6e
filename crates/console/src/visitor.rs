//! Who comes, and what may be done as that key.

use headwater_admin::{Administration, Requester, ServerFacts, Unacknowledged};
use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use serde::Serialize;

use crate::session::Session;

/// Who comes, with which session.
#[derive(Clone)]
pub(crate) struct Visitor<'v> {
    pub(crate) administration: &'v Administration,
    pub(crate) facts: &'v ServerFacts,
    pub(crate) requester: Requester,
    pub(crate) session: &'v Session,
}

impl Visitor<'_> {
    /// What forms of this session carry.
    pub(crate) fn csrf(&self) -> &str {
        &self.session.csrf
    }

    /// Reads what the key that is logged on may read.
    pub(crate) async fn read(&self, op: Op) -> Result<Reply, String> {
        self.administration.perform(&self.session.who, op).await.map_err(|error| reason(&error))
    }

    /// Performs an operation as the key that is logged on, and writes it down as `action` on `target`, with what was
    /// before and what is to be after.
    pub(crate) async fn change<T>(
        &self,
        action: &'static str,
        target: String,
        op: Op,
        documents: (Option<T>, Option<T>),
    ) -> Result<(), String>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let (requester, work) = (self.requester.clone(), (op, Body::Empty));
        let changed = self.administration.perform_change(requester, (action, target), work, documents).await;
        changed.map_err(|failure| unacknowledged(&failure))
    }
}

/// Why something was not done, for people.
pub(crate) fn unacknowledged(failure: &Unacknowledged) -> String {
    match failure {
        Unacknowledged::Refused(error) => reason(error),
        failure @ Unacknowledged::NotAudited => failure.to_string(),
    }
}

/// An error for people.
pub(crate) fn reason(error: &Error) -> String {
    match error {
        Error::InvalidAccessKeyId { .. } => "The access key is no longer enabled.".to_owned(),
        Error::InvalidArgument { name, value, message } if value.is_empty() => format!("{name}: {message}"),
        Error::InvalidArgument { name, value, message } => format!("{name} {value}: {message}"),
        other => other.to_string(),
    }
}
