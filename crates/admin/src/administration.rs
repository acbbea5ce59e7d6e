//! Changes through the audit log.

use std::net::IpAddr;
use std::sync::Arc;

use headwater_engine::{Changed, Engine};
use headwater_model::Result;
use serde::Serialize;

use crate::audit::{Audit, Intent, Unacknowledged};
use crate::history::History;

/// Whose request it is.
#[derive(Clone, Debug)]
pub struct Requester {
    /// As the answer and the log name it.
    pub request_id: String,
    /// Access key id, empty if nobody signed.
    pub who: String,
    /// Address that it came from.
    pub remote: IpAddr,
}

/// The engine and its audit log: what every door of operators works on.
#[derive(Clone)]
pub struct Administration {
    engine: Arc<Engine>,
    audit: Audit,
    pub(crate) history: History,
}

impl Administration {
    /// Over an engine, the log of its changes, and the history of its rules.
    pub fn new(engine: Arc<Engine>, audit: Audit, history: History) -> Self {
        Self { engine, audit, history }
    }

    /// The engine, for what changes nothing.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The log, for its last lines.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Makes a change and writes it down as `action` on `target`, in the order of all changes.
    ///
    /// What changes nothing leaves no line. What `change` shows of itself is written as it is: mask secrets before.
    ///
    /// # Errors
    /// [`Unacknowledged::Refused`] with the change's own error, nothing having changed;
    /// [`Unacknowledged::NotAudited`] if it was made and could not be written down.
    pub async fn change<T>(
        &self,
        requester: Requester,
        action: &'static str,
        target: String,
        change: impl Future<Output = Result<Changed<T>>> + Send + 'static,
    ) -> Result<Changed<T>, Unacknowledged>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let Requester { request_id, who, remote } = requester;
        self.audit.change(Intent { request_id, who, remote, action, target }, change).await
    }
}
