//! The end of a fill whose body is verified: whether it may be stored, and storing it.
//!
//! Guarantees: a fill never beats a local write (invariant 3): the commit carries the token, and whatever revoked it
//! wins.

use headwater_model::Error;
use headwater_model::digest::Digests;
use headwater_model::object::{ObjectHeaders, SharedMeta, Tags};
use headwater_model::version::ObjectLock;
use headwater_store::{Expectation, FillToken, NewObject, ObjectWriter};

use super::failure::Failure;
use super::head::{ContentMd5, Head};
use super::observe::FillOutcome;
use super::plan::Wants;
use super::sink::store_failure;

/// A verified body in the store, not visible yet.
pub(super) struct Finished {
    pub(super) writer: Box<dyn ObjectWriter>,
    /// What was told to followers and will be committed unchanged, but for tags that were not known yet.
    pub(super) meta: SharedMeta,
}

/// A digest that is not the one that the origin stated.
#[derive(Debug)]
pub(super) enum Mismatch {
    /// The body is delivered and not stored, for the reason named (oss-mirroring 6.4).
    Unstored(&'static str),
    /// The body is not delivered to its end.
    Fatal(Failure),
}

/// Compares what the whole body came to with what the origin stated: an entity tag that is an MD5, and the
/// `Content-MD5` that MirrorCheckMd5 is about.
pub(super) fn judge_digests(head: &Head, digests: &Digests, wants: &Wants) -> Result<(), Mismatch> {
    if head.tagged_md5.is_some_and(|md5| md5 != digests.md5) {
        return Err(Mismatch::Fatal(Failure::digest(head.origin_status)));
    }
    let reason = match head.content_md5 {
        ContentMd5::Unchecked => return Ok(()),
        ContentMd5::Announced(md5) if md5 == digests.md5 => return Ok(()),
        ContentMd5::Announced(_) => "md5_mismatch",
        ContentMd5::Malformed => "md5_malformed",
    };
    if wants.aborts_on_mismatch() {
        return Err(Mismatch::Fatal(Failure::content_md5(head.origin_status, reason)));
    }
    Err(Mismatch::Unstored(reason))
}

/// What is known of the object only in the end.
pub(super) struct Late {
    pub(super) tags: Tags,
    /// The default retention of its bucket, if it has one.
    pub(super) lock: Option<Box<ObjectLock>>,
}

/// Makes the object durable and visible, unless something else has come first.
pub(super) async fn commit(finished: Finished, late: Late, token: FillToken) -> FillOutcome {
    let Finished { writer, meta } = finished;
    let object = NewObject {
        etag: meta.etag.clone(),
        last_modified: meta.last_modified,
        kind: meta.kind,
        provenance: meta.provenance,
        headers: ObjectHeaders { lock: late.lock, ..meta.headers.clone() },
        checksum: None,
        tags: late.tags,
        composition: meta.composition.clone(),
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
