//! RestoreObject.

use headwater_model::op::{Action, Caller, ObjectVersion};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::engine::Engine;
use crate::versions::of_version;

/// The classes whose objects the vendors restore before they are read.
const ARCHIVED: [&str; 5] = ["Archive", "ColdArchive", "DeepColdArchive", "GLACIER", "DEEP_ARCHIVE"];

impl Engine {
    /// Every object is readable at once, whatever its class is called. So one of an archive's class answers as an object
    /// that was restored before; nothing is kept of how long it was asked for.
    ///
    /// # Errors
    /// [`Error::NotArchived`] for any other class.
    pub(crate) async fn restore_object(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let object = self.open_for(caller, Action::RestoreObject, target).await?;
        let class = object.meta.headers.storage_class.as_deref();
        if class.is_none_or(|class| !ARCHIVED.contains(&class)) {
            return Err(Error::NotArchived { key: target.key.as_str().into() });
        }
        Ok(if self.tells_versions(Some(&target.bucket)) {
            of_version(Reply::Done, object.meta.version)
        } else {
            Reply::Done
        })
    }
}
