//! When an object ends by its bucket's lifecycle rules, told with the object.
//!
//! The date counts days of 24 hours, as the vendors' clients expect, whatever `--lifecycle-day` says.

use headwater_model::lifecycle::{DayLength, Subject};
use headwater_model::object::{ObjectMeta, SharedMeta};
use headwater_model::reply::Reply;
use headwater_wire::{Routed, expiry_header};
use http::{HeaderName, HeaderValue};

use crate::service::Service;

/// The object that an answer has, or has just stored.
pub(crate) fn object(reply: &Reply) -> Option<&SharedMeta> {
    match reply {
        Reply::Versioned(reply, _) => object(reply),
        Reply::Object(object) => Some(&object.meta),
        Reply::Stored(meta) | Reply::Appended(meta) | Reply::Copied(meta) | Reply::Completed(meta) => Some(meta),
        _ => None,
    }
}

impl Service {
    /// The header of an answer that has the object, or has just stored it; `None` if no rule ends it.
    pub(crate) fn expiry(&self, routed: &Routed, reply: &Reply) -> Option<(HeaderName, HeaderValue)> {
        self.expiry_of(routed, object(reply)?)
    }

    /// The same of an object that was stored.
    pub(crate) fn expiry_of(&self, routed: &Routed, meta: &ObjectMeta) -> Option<(HeaderName, HeaderValue)> {
        let bucket = self.engine.bucket(routed.bucket.as_ref()?.as_str())?;
        let rules = bucket.configuration.lifecycle.as_deref()?;
        let key = routed.folded.as_ref().map(|(key, _)| key).or(routed.key.as_ref())?;
        let subject = Subject { key: key.as_str(), size_bytes: meta.size_bytes, tags: &meta.tags };
        let (at, rule) = rules.expiry(&subject, meta.last_modified, DayLength::REAL)?;
        Some(expiry_header(routed.dialect, at, &rule.id))
    }
}
