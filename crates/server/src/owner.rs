//! Whether buckets belong to whom a request says.
//!
//! Guarantees: an operation whose request names another owner than its bucket has, or than the bucket that it copies
//! from has, is refused before anything is done. Buckets that do not exist are the engine's to refuse.

use headwater_model::op::Op;
use headwater_model::{Error, Result};
use headwater_wire::{ExpectedOwners, Routed, expected_owners};
use http::request::Parts;

use crate::service::Service;

impl Service {
    /// # Errors
    /// [`Error::AccessDenied`].
    pub(crate) fn check_owners(&self, parts: &Parts, routed: &Routed, op: &Op) -> Result<()> {
        let ExpectedOwners { bucket, source } = expected_owners(routed, parts)?;
        let copied = match op {
            Op::CopyObject(copy) => Some(&copy.source_bucket),
            Op::UploadPartCopy(copy) => Some(&copy.source_bucket),
            _ => None,
        };
        for (expected, name) in [(bucket, routed.bucket.as_ref()), (source, copied)] {
            let (Some(expected), Some(name)) = (expected, name) else { continue };
            let owner = self.engine.bucket(name.as_str()).map(|bucket| self.engine.owner_id(&bucket));
            if owner.is_some_and(|owner| &*owner != expected) {
                return Err(Error::AccessDenied { reason: "the bucket has another owner than the request expects" });
            }
        }
        Ok(())
    }
}
