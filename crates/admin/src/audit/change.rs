//! A change and its line.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use headwater_engine::Changed;
use headwater_model::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument as _;

use super::{Audit, Entry};

/// Who asks for a change, and what it is called.
#[derive(Debug)]
pub(crate) struct Intent {
    pub(crate) request_id: String,
    /// Access key id.
    pub(crate) who: String,
    /// Public identifier of the bearer token that it came with.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) remote: IpAddr,
    pub(crate) action: Cow<'static, str>,
    pub(crate) target: String,
}

/// Why a change is not acknowledged.
#[derive(Debug)]
pub enum Unacknowledged {
    /// It was not made.
    Refused(Error),
    /// It was made, and its line could not be written.
    NotAudited,
}

impl fmt::Display for Unacknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::NotAudited => {
                f.write_str("the change was made, but could not be written to the audit log; the server's log says why")
            }
        }
    }
}

impl Audit {
    /// Makes a change and writes it down, in the order of all changes. What changes nothing leaves no line. What is
    /// shown of it is to be masked.
    pub(crate) async fn change<T>(
        &self,
        intent: Intent,
        change: impl Future<Output = Result<Changed<T>>> + Send + 'static,
    ) -> Result<Changed<T>, Unacknowledged>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let audit = self.clone();
        // In a task of its own: a client that goes away must not part a change from its line.
        let task = async move {
            let _order = audit.shared.order.lock().await;
            let changed = change.await.map_err(Unacknowledged::Refused)?;
            if !changed.differs {
                return Ok(changed);
            }
            let shown = |value: &Option<T>| serde_json::to_value(value).unwrap_or(Value::Null);
            let Intent { request_id, who, token, remote, action, target } = intent;
            let (before, after) = (shown(&changed.before), shown(&changed.after));
            let told = action.clone();
            let entry = Entry { request_id, who, token, remote, action, target, before, after };
            if let Err(error) = audit.write(entry).await {
                tracing::error!(%error, action = %told, "a change was made and could not be audited");
                return Err(Unacknowledged::NotAudited);
            }
            Ok(changed)
        };
        let task = tokio::spawn(task.in_current_span()).await;
        task.map_err(|error| Unacknowledged::Refused(Error::internal("change settings", error)))?
    }
}
