//! Who comes, and what may be done as that key.

use headwater_admin::{Administration, Requester};
use headwater_engine::{Changed, Credential};
use headwater_model::access::Context;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::op::{Caller, Op};
use headwater_model::reply::Reply;
use serde::Serialize;

use crate::session::Session;

/// Who comes, with which session, and when.
#[derive(Clone)]
pub(crate) struct Visitor<'v> {
    pub(crate) administration: &'v Administration,
    pub(crate) requester: Requester,
    pub(crate) session: &'v Session,
    pub(crate) now: Timestamp,
}

/// Why something was not done, for people.
const NOT_ENABLED: &str = "The access key is no longer enabled.";

impl Visitor<'_> {
    /// What forms of this session carry.
    pub(crate) fn csrf(&self) -> &str {
        &self.session.csrf
    }

    /// Reads what the key that is logged on may read.
    pub(crate) async fn read(&self, op: Op) -> Result<Reply, String> {
        let credential = self.credential()?;
        let caller = caller(&credential, self.now);
        self.administration.engine().perform(&caller, op, Body::Empty).await.map_err(|error| error.to_string())
    }

    /// Performs an operation as the key that is logged on, and writes it down as `action` on `target`, with what was
    /// before and what is to be after.
    pub(crate) async fn change<T>(
        &self,
        action: &'static str,
        target: String,
        op: Op,
        (before, after): (Option<T>, Option<T>),
    ) -> Result<(), String>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let (administration, now, credential) = (self.administration.clone(), self.now, self.credential()?);
        let change = Box::pin(async move {
            let caller = caller(&credential, now);
            match op {
                Op::DeleteBucket(bucket) => administration.end_bucket(&caller, bucket).await?,
                op => administration.engine().perform(&caller, op, Body::Empty).await?,
            };
            Ok(Changed { before, after, differs: true })
        });
        let changed = self.administration.change(self.requester.clone(), action, target, change).await;
        changed.map(drop).map_err(|failure| failure.to_string())
    }

    /// The key that is logged on, if it is still enabled.
    pub(crate) fn credential(&self) -> Result<Credential, String> {
        let found = self.administration.engine().accounts().find(&self.session.who, None, self.now);
        found.ok().flatten().ok_or_else(|| NOT_ENABLED.to_owned())
    }
}

/// Who asks with this key.
pub(crate) fn caller(credential: &Credential, now: Timestamp) -> Caller<'_> {
    Caller { principal: credential.principal.clone(), dialect: Dialect::Oss, context: Context::internal(now) }
}
