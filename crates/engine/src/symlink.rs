//! Symlinks (OSS): keys that stand for another key of their bucket.
//!
//! A link is followed once. What it stands for must be stored: reading through a link never reaches an origin.

use std::sync::Arc;

use headwater_model::digest::ETag;
use headwater_model::encryption::CustomerKey;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::op::{Action, Caller, ObjectVersion, PutSymlink};
use headwater_model::reply::Reply;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{NewObject, StoredObject, WriteIntent};

use crate::control::Known;
use crate::engine::Engine;
use crate::put::{expectation, judge, with_class_of};

impl Engine {
    /// Makes a link; what it names need not exist.
    pub(crate) async fn put_symlink(&self, caller: &Caller<'_>, put: PutSymlink) -> Result<Reply> {
        let known = self.known(&put.bucket)?;
        let access = self.access_of_new(caller, &known.bucket, put.acl.as_ref())?;
        let lock = self.lock_of_new(&known.bucket, put.headers.lock.clone())?;
        let found = self.store.open(&known.reference, &put.key).await?;
        judge(&put.condition, &put.key, found.as_ref().map(|object| &*object.meta))?;
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: put.key,
            content_length: Some(0),
            max_bytes: 0,
            checksum: None,
            followed: false,
            data_key: None,
        };
        let mut writer = self.store.begin(intent).await?;
        writer.finish().await?;
        let object = NewObject {
            etag: ETag::of_md5(fast_md5::digest(put.target.as_str().as_bytes())),
            last_modified: self.clock.now(),
            kind: ObjectKind::Symlink,
            provenance: Provenance::Written,
            headers: ObjectHeaders { access, lock, ..with_class_of(put.headers, &known.bucket) },
            checksum: None,
            tags: put.tags,
            composition: Composition { link: Some(put.target.as_str().into()), ..Composition::default() },
        };
        writer.seal(object, expectation(&put.condition)).await.map(Reply::Stored)
    }

    /// The link itself.
    pub(crate) async fn get_symlink(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let found = self.open_for(caller, Action::GetObject, target).await?;
        match found.meta.kind {
            ObjectKind::Symlink => Ok(Reply::ObjectMeta(found.meta)),
            _ => Err(Error::NotSymlink { key: target.key.as_str().into() }),
        }
    }

    /// What a reader of the object gets: of a link the bytes and the tag of what it names, under the link's own metadata.
    /// Who may read the link must also have the right to read what it names: anybody who writes can name anything. What is
    /// encrypted is in the clear then; `customer` is the key that the request brings for it.
    pub(crate) async fn followed(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        (key, object): (&ObjectKey, StoredObject),
        customer: Option<&CustomerKey>,
    ) -> Result<StoredObject> {
        let Some(link) = object.meta.composition.link.as_deref().filter(|_| object.meta.kind == ObjectKind::Symlink)
        else {
            return self.seal.readable(object, &known.reference, key, customer);
        };
        let missing = || Error::SymlinkTarget { target: link.into(), is_link: false };
        let target_key = ObjectKey::parse(link).map_err(|_| missing())?;
        let right = self.right(caller, Action::GetObject, &known.bucket, &target_key);
        let Some(target) = self.store.open(&known.reference, &target_key).await? else {
            return right.check(None).and_then(|()| Err(missing()));
        };
        right.check(Some(&target.meta))?;
        if target.meta.kind == ObjectKind::Symlink {
            return Err(Error::SymlinkTarget { target: link.into(), is_link: true });
        }
        let target = self.seal.readable(target, &known.reference, &target_key, customer)?;
        let meta = ObjectMeta {
            kind: ObjectKind::Symlink,
            last_modified: target.meta.last_modified.max(object.meta.last_modified),
            headers: ObjectHeaders {
                user: object.meta.headers.user.clone(),
                lock: object.meta.headers.lock.clone(),
                ..target.meta.headers.clone()
            },
            tags: object.meta.tags.clone(),
            version: object.meta.version,
            ..ObjectMeta::clone(&target.meta)
        };
        Ok(StoredObject { meta: Arc::new(meta), content: target.content })
    }
}
