//! Changing an object without its body: who may, of the very object that is changed.
//!
//! Guarantees: what is changed is what the caller was permitted to change. Rights may depend on an object's owner, list
//! and tags, and so may the change itself; if another object is there by the time of the commit, or the same with other
//! metadata, the store refuses and everything is judged again.

use std::time::Duration;

use headwater_model::op::{Action, Caller, ObjectVersion};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{Amendment, JudgedAmendment, StoredObject};

use crate::engine::Engine;
use crate::versions::{keeps_versions, of_version};

/// How often an object is looked at again that was changed between the look and the commit; only somebody who changes
/// it without pause could use these up.
const ATTEMPTS: usize = 16;

impl Engine {
    /// Changes an object, or a version of it, as `amendment` says of the one that is found, if the caller may do `action`
    /// to that one.
    ///
    /// # Errors
    /// Those of [`Engine::open_for`], of `amendment` and of the store; `SlowDown` if others change the object without
    /// pause.
    pub(crate) async fn amend(
        &self,
        caller: &Caller<'_>,
        action: Action,
        target: &ObjectVersion,
        amendment: impl Fn(&StoredObject) -> Result<Amendment>,
    ) -> Result<Reply> {
        for _ in 0..ATTEMPTS {
            let object = self.open_for(caller, action, target).await?;
            let known = self.known(&target.bucket)?;
            let amendment = JudgedAmendment { amendment: amendment(&object)?, judged: Some(object.meta) };
            let amended = match target.version {
                None => self.store.amend(&known.reference, &target.key, amendment).await,
                Some(version) => self.store.amend_version(&known.reference, &target.key, version, amendment).await,
            };
            match amended {
                Ok(meta) if keeps_versions(&known) => return Ok(of_version(Reply::Done, meta.version)),
                Ok(_) => return Ok(Reply::Done),
                // Another by now: also what is to be told may be another thing.
                Err(Error::PreconditionFailed { .. } | Error::NoSuchKey { .. } | Error::NoSuchVersion { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::SlowDown { limit: "key_contention", retry_after: Duration::from_secs(1) })
    }
}
