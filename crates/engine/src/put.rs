//! PutObject.

use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::digest::ETag;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::op::{Caller, PutObject, WriteCondition};
use headwater_model::precondition::ObjectCondition;
use headwater_model::reply::Reply;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{Expectation, NewObject, WriteIntent};

use crate::body::{pour, wanted_checksum};
use crate::encryption::NewKey;
use crate::engine::Engine;

impl Engine {
    /// Stores the body, durable when this returns.
    pub(crate) async fn put_object(&self, caller: &Caller<'_>, put: PutObject, body: Body) -> Result<Reply> {
        let known = self.known(&put.bucket)?;
        let access = self.access_of_new(caller, &known.bucket, put.acl.as_ref())?;
        let lock = self.lock_of_new(&known.bucket, put.headers.lock.clone())?;
        self.refuse_early(&known.reference, &put).await?;
        let new_key = self.seal.key_of_new(&put.encryption, &known.bucket, &put.key);
        let (data_key, encryption) = NewKey::split(new_key);
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: put.key,
            content_length: put.content_length,
            max_bytes: MAX_PUT_BYTES,
            checksum: wanted_checksum(&put.digests),
            followed: false,
            data_key,
        };
        let mut writer = self.store.begin(intent).await?;
        let digests = pour(&mut *writer, body, &put.digests).await?;
        let object = NewObject {
            etag: ETag::of_md5(digests.md5),
            last_modified: self.clock.now(),
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders { access, lock, ..with_class_of(put.headers, &known.bucket) },
            checksum: digests.checksum,
            tags: put.tags,
            composition: Composition { encryption, ..Composition::default() },
        };
        writer.seal(object, expectation(&put.condition)).await.map(Reply::Stored)
    }

    /// A write that must not replace anything is refused before its body is read where the object exists already; the
    /// commit judges again.
    async fn refuse_early(&self, bucket: &headwater_store::BucketRef, put: &PutObject) -> Result<()> {
        if matches!(put.condition, WriteCondition::Any) {
            return Ok(());
        }
        let found = self.store.open(bucket, &put.key).await?;
        judge(&put.condition, &put.key, found.as_ref().map(|object| &*object.meta))
    }
}

/// Whether what is there may be replaced: what the commit judges again.
pub(crate) fn judge(condition: &WriteCondition, key: &ObjectKey, found: Option<&ObjectMeta>) -> Result<()> {
    match (condition, found) {
        (WriteCondition::ForbidOverwrite, Some(_)) => Err(Error::ObjectExists { key: key.as_str().into() }),
        (WriteCondition::Meets(condition), found) => condition.judge(key, found),
        _ => Ok(()),
    }
}

/// An object whose writer names no storage class is of its bucket's.
pub(crate) fn with_class_of(headers: ObjectHeaders, bucket: &Bucket) -> ObjectHeaders {
    let class = || Some(bucket.storage_class.clone()).filter(|class| !class.eq_ignore_ascii_case("Standard"));
    ObjectHeaders { storage_class: headers.storage_class.clone().or_else(class), ..headers }
}

/// What a client's condition means to the store.
pub(crate) fn expectation(condition: &WriteCondition) -> Expectation {
    match condition {
        WriteCondition::Any => Expectation::Any,
        WriteCondition::ForbidOverwrite => Expectation::Absent,
        WriteCondition::Meets(condition) => Expectation::Meets(Arc::new(ObjectCondition::clone(condition))),
    }
}
