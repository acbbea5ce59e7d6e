//! RestoreObject.

use headwater_model::op::{Action, Caller, ObjectVersion, RestoreTier};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::engine::Engine;
use crate::versions::of_version;

/// Of the classes whose objects the vendors restore before they are read, those for which OSS knows no tiers.
const ARCHIVED: [&str; 2] = ["Archive", "GLACIER"];
/// Those for which it does.
const COLD: [&str; 3] = ["ColdArchive", "DeepColdArchive", "DEEP_ARCHIVE"];

impl Engine {
    /// Every object is readable at once, whatever its class is called. So one of an archive's class is accepted as if it
    /// were the first time, and nothing is kept of it: neither how long was asked for, nor that it was.
    ///
    /// # Errors
    /// [`Error::NotArchived`] for any other class; `MalformedXml` for a tier where the class has none.
    pub(crate) async fn restore_object(
        &self,
        caller: &Caller<'_>,
        target: &ObjectVersion,
        tier: Option<RestoreTier>,
    ) -> Result<Reply> {
        let object = self.open_for(caller, Action::RestoreObject, target).await?;
        let reply = match object.meta.headers.storage_class.as_deref() {
            Some(class) if ARCHIVED.contains(&class) && tier.is_some() => {
                let message = "JobParameters: an object of the class Archive is restored without a tier";
                return Err(Error::MalformedXml { message: message.into() });
            }
            Some(class) if ARCHIVED.contains(&class) => Reply::Restoring(None),
            Some(class) if COLD.contains(&class) => Reply::Restoring(Some(tier.unwrap_or_default())),
            _ => return Err(Error::NotArchived { key: target.key.as_str().into() }),
        };
        Ok(if self.tells_versions(Some(&target.bucket)) { of_version(reply, object.meta.version) } else { reply })
    }
}
