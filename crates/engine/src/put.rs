//! PutObject.

use headwater_model::body::Body;
use headwater_model::digest::ETag;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance, Tags};
use headwater_model::op::{Caller, PutObject, WriteCondition};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{Expectation, NewObject, WriteIntent};

use crate::body::{pour, wanted_checksum};
use crate::engine::Engine;

impl Engine {
    /// Stores the body, durable when this returns.
    pub(crate) async fn put_object(&self, caller: &Caller<'_>, put: PutObject, body: Body) -> Result<Reply> {
        let known = self.known(&put.bucket)?;
        let access = self.access_of_new(caller, &known.bucket, put.acl.as_ref())?;
        self.refuse_early(&known.reference, &put).await?;
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: put.key,
            content_length: put.content_length,
            max_bytes: MAX_PUT_BYTES,
            checksum: wanted_checksum(&put.digests),
            followed: false,
        };
        let mut writer = self.store.begin(intent).await?;
        let digests = pour(&mut *writer, body, &put.digests).await?;
        let object = NewObject {
            etag: ETag::of_md5(digests.md5),
            last_modified: self.clock.now(),
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders { access, ..put.headers },
            checksum: digests.checksum,
            tags: Tags::new(),
        };
        let stored = writer.seal(object, expectation(&put.condition)).await;
        stored.map(Reply::Stored).map_err(|error| as_condition(error, &put.condition))
    }

    /// A write that must not replace anything is refused before its body is read where the object exists already; the
    /// commit judges again.
    async fn refuse_early(&self, bucket: &headwater_store::BucketRef, put: &PutObject) -> Result<()> {
        if matches!(put.condition, WriteCondition::Any) {
            return Ok(());
        }
        let found = self.store.open(bucket, &put.key).await?;
        let exists = || Error::ObjectExists { key: put.key.as_str().into() };
        match (&put.condition, found) {
            (WriteCondition::IfNoneMatch | WriteCondition::ForbidOverwrite, Some(_)) => {
                Err(as_condition(exists(), &put.condition))
            }
            (WriteCondition::IfMatch(_), None) => {
                Err(Error::NoSuchKey { key: put.key.as_str().into(), origin_status: None })
            }
            (WriteCondition::IfMatch(etag), Some(object)) if object.meta.etag != *etag => {
                Err(Error::PreconditionFailed { condition: "If-Match" })
            }
            _ => Ok(()),
        }
    }
}

/// What a client's condition means to the store.
pub(crate) fn expectation(condition: &WriteCondition) -> Expectation {
    match condition {
        WriteCondition::Any => Expectation::Any,
        WriteCondition::IfNoneMatch | WriteCondition::ForbidOverwrite => Expectation::Absent,
        WriteCondition::IfMatch(etag) => Expectation::ETag(etag.clone()),
    }
}

/// The store says that the object exists; which answer that is depends on how the client said it must not.
pub(crate) fn as_condition(error: Error, condition: &WriteCondition) -> Error {
    match (error, condition) {
        (Error::ObjectExists { .. }, WriteCondition::IfNoneMatch) => {
            Error::PreconditionFailed { condition: "If-None-Match" }
        }
        (error, _) => error,
    }
}
