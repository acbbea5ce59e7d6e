//! AppendObject (OSS): bytes at the end of an object that was made for it.
//!
//! Guarantees: an append is the whole body at exactly the position that its writer named, or nothing; of two at the same
//! position one wins and the other is told where the object ends now.
//!
//! How: what is appended becomes the end of the object in the store, which keeps the version and whatever the object has
//! by then: lists, tags, locks. The body of before does not pass through here.

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::digest::ETag;
use headwater_model::encryption::Encryption;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, Provenance};
use headwater_model::op::{AppendObject, Caller};
use headwater_model::reply::Reply;
use headwater_model::version::Governance;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{BucketRef, Expectation, NewObject, StoredObject, WriteIntent};

use crate::body::pour;
use crate::encryption::NewKey;
use crate::engine::Engine;
use crate::put::with_class_of;

impl Engine {
    /// Appends the body, durable when this returns. What the request says about the object counts for its first piece.
    pub(crate) async fn append_object(&self, caller: &Caller<'_>, append: AppendObject, body: Body) -> Result<Reply> {
        let known = self.known(&append.bucket)?;
        let bucket = &known.reference;
        let found = self.store.open(bucket, &append.key).await?;
        judge(&append, found.as_ref())?;
        if let Some(found) = &found {
            self.require_unlocked(&known.bucket, &append.key, found)?;
        }
        // What is appended is encrypted as the object is, whatever its writer asks for.
        let (data_key, encryption) = match &found {
            None => NewKey::split(self.seal.key_of_new(&append.encryption, &known.bucket, &append.key)),
            Some(found) => {
                let encryption = found.meta.composition.encryption.clone();
                (self.seal.data_key(encryption.as_deref(), bucket, &append.key, None)?, encryption)
            }
        };
        let max_bytes = MAX_PUT_BYTES.saturating_sub(append.position);
        let intent = WriteIntent {
            bucket: bucket.clone(),
            key: append.key.clone(),
            content_length: append.content_length,
            max_bytes,
            checksum: None,
            followed: false,
            data_key,
        };
        let (key, digests) = (append.key.clone(), append.digests.clone());
        let outcome = match found {
            None => {
                let access = self.access_of_new(caller, &known.bucket, append.acl.as_ref())?;
                let lock = self.lock_of_new(&known.bucket, append.headers.lock.clone())?;
                let headers = ObjectHeaders { access, lock, ..with_class_of(append.headers, &known.bucket) };
                let mut writer = self.store.begin(intent).await?;
                let poured = pour(&mut *writer, body, &digests).await?;
                let whole = self.whole(ETag::of_md5(poured.md5), encryption);
                let first = NewObject { headers, tags: append.tags, ..whole };
                writer.seal(first, Expectation::Absent).await
            }
            Some(former) => {
                let mut writer = self.store.begin(intent).await?;
                let appended = pour(&mut *writer, body, &digests).await?;
                let expect = Expectation::ETag(former.meta.etag.clone());
                writer.seal_append(self.longer(&former, appended.md5), expect).await
            }
        };
        match outcome {
            Ok(meta) => Ok(Reply::Appended(meta)),
            // Somebody else was faster.
            Err(Error::ObjectExists { .. } | Error::PreconditionFailed { .. } | Error::NoSuchKey { .. }) => {
                Err(self.overtaken(bucket, &key).await?)
            }
            Err(error) => Err(error),
        }
    }

    /// Nothing is appended to what is retained or held.
    fn require_unlocked(&self, bucket: &Bucket, key: &ObjectKey, found: &StoredObject) -> Result<()> {
        let (meta, now) = (&found.meta, self.clock.now());
        let locked =
            meta.headers.lock.as_deref().is_some_and(|lock| !lock.permits_deletion(now, Governance::Respected));
        let worm = bucket.configuration.worm.as_ref();
        if !locked && !worm.is_some_and(|worm| worm.protects(meta.last_modified, now)) {
            return Ok(());
        }
        Err(Error::ObjectLocked { key: key.as_str().into(), version: found.meta.version })
    }

    fn whole(&self, etag: ETag, encryption: Option<Box<Encryption>>) -> NewObject {
        NewObject {
            etag,
            last_modified: self.clock.now(),
            kind: ObjectKind::Appendable,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            checksum: None,
            tags: Vec::new(),
            composition: Composition { encryption, ..Composition::default() },
        }
    }

    /// The object with one piece more. Its tag follows from the former one and the piece, so that no two histories share
    /// one.
    fn longer(&self, former: &StoredObject, piece_md5: [u8; 16]) -> NewObject {
        let mut digest = fast_md5::Md5::new();
        digest.update(former.meta.etag.as_str().as_bytes());
        digest.update(&piece_md5);
        let (headers, tags) = (former.meta.headers.clone(), former.meta.tags.clone());
        let encryption = former.meta.composition.encryption.clone();
        NewObject { headers, tags, ..self.whole(ETag::of_md5(digest.finalize()), encryption) }
    }

    /// What to tell somebody whose position was right a moment ago.
    async fn overtaken(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Error> {
        let found = self.store.open(bucket, key).await?;
        Ok(match found {
            None => Error::AppendPosition { next: 0 },
            Some(object) if object.meta.kind == ObjectKind::Appendable => {
                Error::AppendPosition { next: object.meta.size_bytes }
            }
            Some(_) => Error::NotAppendable { key: key.as_str().into() },
        })
    }
}

/// Whether the body may be appended where its writer wants it.
fn judge(append: &AppendObject, found: Option<&StoredObject>) -> Result<()> {
    let next = found.map_or(0, |object| object.meta.size_bytes);
    if found.is_some_and(|object| object.meta.kind != ObjectKind::Appendable) {
        return Err(Error::NotAppendable { key: append.key.as_str().into() });
    }
    if append.position != next {
        return Err(Error::AppendPosition { next });
    }
    Ok(())
}
