//! The end of a fill whose body is verified: whether it may be stored, and storing it.
//!
//! Guarantees: a fill never beats a local write (invariant 3): the commit carries the token, and whatever revoked it
//! wins.

use headwater_model::Error;
use headwater_model::digest::Digests;
use headwater_model::object::SharedMeta;
use headwater_store::{Expectation, FillToken, NewObject, ObjectWriter};

use super::head::{ContentMd5, Head};
use super::observe::FillOutcome;
use super::sink::store_failure;

/// A verified body in the store, not visible yet.
pub(super) struct Finished {
    pub(super) writer: Box<dyn ObjectWriter>,
    /// What was told to followers and will be committed unchanged.
    pub(super) meta: SharedMeta,
}

/// MirrorCheckMd5 (oss-mirroring 6.4): a mismatch is delivered and not stored.
pub(super) fn judge_md5(head: &Head, digests: &Digests) -> Result<(), &'static str> {
    match head.content_md5 {
        ContentMd5::Unchecked => Ok(()),
        ContentMd5::Announced(md5) if md5 == digests.md5 => Ok(()),
        ContentMd5::Announced(_) => Err("md5_mismatch"),
        ContentMd5::Malformed => Err("md5_malformed"),
    }
}

/// Makes the object durable and visible, unless something else has come first.
pub(super) async fn commit(finished: Finished, token: FillToken) -> FillOutcome {
    let Finished { writer, meta } = finished;
    let object = NewObject {
        etag: meta.etag.clone(),
        last_modified: meta.last_modified,
        kind: meta.kind,
        provenance: meta.provenance,
        headers: meta.headers.clone(),
        checksum: None,
    };
    match writer.seal(object, Expectation::Fill(token)).await {
        Ok(_) => FillOutcome::Committed,
        Err(Error::ObjectExists { .. } | Error::NoSuchBucket { .. }) => FillOutcome::Superseded,
        Err(error) => {
            tracing::warn!(%error, "a verified fill could not be committed");
            FillOutcome::PassedThrough(store_failure(&error))
        }
    }
}
