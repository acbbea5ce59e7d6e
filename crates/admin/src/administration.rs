//! Changes through the audit log.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use headwater_engine::{Changed, Credential, Engine};
use headwater_model::access::Context;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::op::{Caller, Op};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
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
    /// Public identifier of the bearer token that it came with; `None` if it was signed, or came through the console.
    pub token: Option<Arc<str>>,
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
        action: impl Into<Cow<'static, str>>,
        target: String,
        change: impl Future<Output = Result<Changed<T>>> + Send + 'static,
    ) -> Result<Changed<T>, Unacknowledged>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let Requester { request_id, who, token, remote } = requester;
        self.audit.change(Intent { request_id, who, token, remote, action: action.into(), target }, change).await
    }

    /// Performs an operation as the key of `who`, and writes nothing down: for what only reads. What the reply tells of a
    /// version beside its content is left out; the metadata has it.
    ///
    /// # Errors
    /// `InvalidAccessKeyId` if the key is gone or not enabled any more; those of the engine.
    pub async fn perform(&self, who: &str, op: Op) -> Result<Reply> {
        let (credential, now) = self.credential(who)?;
        Ok(match self.engine.perform(&caller(&credential, now), op, Body::Empty).await? {
            Reply::Versioned(reply, _) => *reply,
            reply => reply,
        })
    }

    /// Performs an operation as the requester's key, and writes it down as `action` on `target`, with what was before and
    /// what is to be after.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what [`Administration::perform`] refuses with.
    pub async fn perform_change<T>(
        &self,
        requester: Requester,
        (action, target): (&'static str, String),
        (op, body): (Op, Body),
        (before, after): (Option<T>, Option<T>),
    ) -> Result<(), Unacknowledged>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let (credential, now) = self.credential(&requester.who).map_err(Unacknowledged::Refused)?;
        let administration = self.clone();
        let change = Box::pin(async move {
            let caller = caller(&credential, now);
            match op {
                Op::DeleteBucket(bucket) => administration.end_bucket(&caller, bucket).await?,
                op => administration.engine.perform(&caller, op, body).await?,
            };
            Ok(Changed { before, after, differs: true })
        });
        self.change(requester, action, target, change).await.map(drop)
    }

    /// The key of `who` as of now.
    pub(crate) fn credential(&self, who: &str) -> Result<(Credential, Timestamp)> {
        let now = self.engine.clock().now();
        let found = self.engine.accounts().find(who, None, now)?;
        found.map(|found| (found, now)).ok_or_else(|| Error::InvalidAccessKeyId { access_key_id: who.into() })
    }
}

/// Where the dialects differ, an operator means what OSS does.
pub(crate) fn caller(credential: &Credential, now: Timestamp) -> Caller<'_> {
    Caller { principal: credential.principal.clone(), dialect: Dialect::Oss, context: Context::internal(now) }
}
