//! OSS's hotlink protection, where requests come in.

use headwater_model::Result;
use headwater_model::access::Principal;
use headwater_wire::{Operation, Routed};
use http::header::REFERER;
use http::request::Parts;

use crate::service::Service;

impl Service {
    /// Only objects are protected, and only from requests that a page can make: those without a signature, and those of a
    /// signed URL. Who signs in a header needs no page.
    ///
    /// # Errors
    /// [`headwater_model::Error::DeniedByReferer`].
    pub(crate) fn check_referer(&self, parts: &Parts, routed: &Routed, principal: &Principal) -> Result<()> {
        let Some(bucket) = &routed.bucket else { return Ok(()) };
        let is_home = matches!(routed.operation, Operation::GetHomePage | Operation::HeadHomePage);
        if routed.key.is_none() && !is_home {
            return Ok(());
        }
        if *principal != Principal::Anonymous && !routed.claim.is_presigned() {
            return Ok(());
        }
        let referer = parts.headers.get(REFERER).map(|value| String::from_utf8_lossy(value.as_bytes()));
        self.engine.check_referer(bucket, referer.as_deref())
    }
}
