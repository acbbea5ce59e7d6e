//! What the store holds, and every change of it: judged first, then made, all under the one mutex of the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::account::Account;
use headwater_model::bucket::{Bucket, Generation, PublicAccessBlock};
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_ACCOUNTS;
use headwater_model::multipart::UploadId;
use headwater_model::object::{ObjectKind, ObjectMeta, SharedMeta};
use headwater_model::precondition::ObjectCondition;
use headwater_model::token::AccessToken;
use headwater_model::version::{Governance, VersionId, Versioning};
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{
    Afterwards, BucketRef, DataKey, Deleted, Expectation, FillToken, JudgedAmendment, NewObject, StoreStats,
    StoredObject,
};

use super::content::{MemoryContent, RESIDENT_BYTES};
use super::digests;
use super::origins::Origins;
use super::uploads::Upload;
use super::versions::{Version, What, amended};

/// An object: metadata and bytes.
pub(super) struct Stored {
    pub(super) meta: SharedMeta,
    pub(super) bytes: Bytes,
    /// What it is encrypted with.
    pub(super) data_key: Option<DataKey>,
}

impl Stored {
    pub(super) fn new(object: NewObject, bytes: Bytes, data_key: Option<DataKey>) -> Self {
        let NewObject { etag, last_modified, kind, provenance, headers, checksum, tags, composition } = object;
        let digests = digests::of(&bytes, None);
        let md5 = (kind == ObjectKind::Normal).then_some(digests.md5);
        let (size_bytes, crc64) = (digests.size_bytes, digests.crc64);
        let meta = ObjectMeta {
            size_bytes,
            etag,
            last_modified,
            crc64,
            md5,
            checksum,
            kind,
            provenance,
            headers,
            tags,
            composition,
            version: VersionId::Null,
        };
        Self { meta: Arc::new(meta), bytes, data_key }
    }

    /// The object opened for reading: it shares the bytes, so what happens to the key later does not concern it.
    pub(super) fn open(&self) -> StoredObject {
        let content = MemoryContent::new(Bytes::clone(&self.bytes), self.data_key.clone());
        StoredObject { meta: Arc::clone(&self.meta), content: Arc::new(content) }
    }
}

/// One life of a bucket and everything under it.
pub(super) struct Life {
    pub(super) bucket: Bucket,
    /// The versions of each key that has any, the newest first.
    pub(super) versions: BTreeMap<ObjectKey, Vec<Version>>,
    /// How many versions were ever made.
    pub(super) made: u64,
    pub(super) uploads: BTreeMap<(ObjectKey, UploadId), Upload>,
    /// The last grant for each key, kept until it is revoked: also a spent one must end when the key is touched.
    tokens: BTreeMap<ObjectKey, FillToken>,
    pub(super) gone: BTreeMap<ObjectKey, Timestamp>,
}

impl Life {
    fn revoke_all(&mut self) {
        for (_, token) in std::mem::take(&mut self.tokens) {
            token.revoke();
        }
    }

    /// Whether a commit to `key` may happen.
    pub(super) fn judge(&self, key: &ObjectKey, expect: &Expectation) -> Result<()> {
        let exists = || Error::ObjectExists { key: key.as_str().into() };
        let present = self.current(key);
        match expect {
            Expectation::Any => Ok(()),
            Expectation::Absent => present.map_or(Ok(()), |_| Err(exists())),
            Expectation::ETag(etag) => match present {
                None => Err(Error::NoSuchKey { key: key.as_str().into(), origin_status: None }),
                Some(stored) if stored.meta.etag != *etag => Err(Error::PreconditionFailed { condition: "If-Match" }),
                Some(_) => Ok(()),
            },
            Expectation::Meets(condition) => condition.judge(key, present.map(|stored| &*stored.meta)),
            Expectation::Fill(token) => {
                let granted = self.tokens.get(key).is_some_and(|granted| granted.same(token));
                let free = !self.versions.contains_key(key) && !self.gone.contains_key(key);
                if granted && !token.is_revoked() && free { Ok(()) } else { Err(exists()) }
            }
        }
    }

    /// Ends the key's grant, unless the commit that touches the key is the grant's own.
    pub(super) fn revoke(&mut self, key: &ObjectKey, expect: &Expectation) {
        if let Expectation::Fill(_) = expect {
            return; // judged: it is the key's own
        }
        if let Some(token) = self.tokens.remove(key) {
            token.revoke();
        }
    }

    /// Judged: makes an object current.
    pub(super) fn put(
        &mut self,
        key: &ObjectKey,
        expect: &Expectation,
        stored: Stored,
        now: Timestamp,
    ) -> Result<SharedMeta> {
        self.permit_replacement(key, now)?;
        self.revoke(key, expect);
        self.gone.remove(key);
        let Stored { meta, bytes, data_key } = stored;
        let stored = |meta| Stored { meta, bytes: bytes.clone(), data_key: data_key.clone() };
        let version = self.add_version(key, What::Object(stored(Arc::clone(&meta))), now);
        let meta = Arc::new(ObjectMeta { version, ..ObjectMeta::clone(&meta) });
        if let Some(newest) = self.versions.get_mut(key).and_then(|versions| versions.first_mut()) {
            newest.what = What::Object(stored(Arc::clone(&meta)));
        }
        Ok(meta)
    }
}

/// Everything.
#[derive(Default)]
pub(super) struct State {
    lives: BTreeMap<Generation, Life>,
    pub(super) origins: Origins,
    pub(super) accounts: BTreeMap<Box<str>, Account>,
    pub(super) access_tokens: BTreeMap<Arc<str>, AccessToken>,
    pub(super) public_access: PublicAccessBlock,
    last_generation: u64,
    closed: bool,
    /// Keys whose rows cannot be read.
    pub(super) damaged: BTreeSet<ObjectKey>,
}

impl State {
    /// The life that `bucket` names, if it has not ended.
    pub(super) fn life(&self, bucket: &BucketRef) -> Result<&Life> {
        self.lives
            .get(&bucket.generation)
            .filter(|life| life.bucket.name == bucket.name)
            .ok_or_else(|| no_such_bucket(bucket))
    }

    /// As [`State::life`], for a change.
    pub(super) fn writable(&mut self, bucket: &BucketRef) -> Result<&mut Life> {
        self.open()?;
        self.lives
            .get_mut(&bucket.generation)
            .filter(|life| life.bucket.name == bucket.name)
            .ok_or_else(|| no_such_bucket(bucket))
    }

    fn open(&self) -> Result<()> {
        if self.closed { Err(Error::internal("change the store", "it was closed")) } else { Ok(()) }
    }

    /// What is known of origins, for a change.
    pub(super) fn origins_to_change(&mut self) -> Result<&mut Origins> {
        self.open()?;
        Ok(&mut self.origins)
    }

    pub(super) fn put_account(&mut self, account: Account) -> Result<()> {
        self.open()?;
        if self.accounts.len() >= MAX_ACCOUNTS && !self.accounts.contains_key(&*account.owner.id) {
            return Err(Error::invalid_argument("account", &account.owner.id, "too many accounts"));
        }
        self.accounts.insert((*account.owner.id).into(), account);
        Ok(())
    }

    pub(super) fn delete_account(&mut self, id: &str) -> Result<bool> {
        self.open()?;
        Ok(self.accounts.remove(id).is_some())
    }

    pub(super) fn put_access_token(&mut self, token: AccessToken) -> Result<()> {
        self.open()?;
        self.access_tokens.insert(token.id.clone(), token);
        Ok(())
    }

    pub(super) fn delete_access_token(&mut self, id: &str) -> Result<bool> {
        self.open()?;
        Ok(self.access_tokens.remove(id).is_some())
    }

    pub(super) fn put_public_access(&mut self, block: PublicAccessBlock) -> Result<()> {
        self.open()?;
        self.public_access = block;
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn commit(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        expect: &Expectation,
        (stored, now): (Stored, Timestamp),
    ) -> Result<SharedMeta> {
        let life = self.writable(bucket)?;
        life.judge(key, expect)?;
        life.put(key, expect, stored, now)
    }

    pub(super) fn delete(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        afterwards: Afterwards,
        now: Timestamp,
    ) -> Result<Deleted> {
        let life = self.writable(bucket)?;
        life.permit_replacement(key, now)?;
        life.revoke(key, &Expectation::Any);
        let found = life.current(key).is_some();
        if life.versioning() != Versioning::Unversioned {
            let marker = life.add_version(key, What::Marker(now), now);
            return Ok(Deleted { found, marker: Some(marker) });
        }
        if afterwards == Afterwards::Gone {
            life.gone.entry(key.clone()).or_insert(now);
        }
        life.remove_version(key, VersionId::Null);
        Ok(Deleted { found, marker: None })
    }

    pub(super) fn delete_if(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        (afterwards, now): (Afterwards, Timestamp),
        condition: &ObjectCondition,
    ) -> Result<Deleted> {
        let marked = self.marker(bucket, key).is_some();
        let life = self.writable(bucket)?;
        let Some(stored) = life.current(key) else {
            if marked {
                condition.judge_marker()?;
            }
            life.revoke(key, &Expectation::Any);
            return Ok(Deleted::default());
        };
        condition.judge(key, Some(&stored.meta))?;
        self.delete(bucket, key, afterwards, now)
    }

    pub(super) fn amend(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: Option<VersionId>,
        amendment: JudgedAmendment,
        now: Timestamp,
    ) -> Result<SharedMeta> {
        let life = self.writable(bucket)?;
        let missing = match version {
            None => no_such_key(key),
            Some(version) => Error::NoSuchVersion { key: key.as_str().into(), version },
        };
        let mut versions = life.versions.get_mut(key).into_iter().flatten();
        let found = match version {
            None => versions.next(),
            Some(id) => versions.find(|version| version.id == id),
        };
        let Some(Version { what: What::Object(stored), .. }) = found else { return Err(missing) };
        let JudgedAmendment { amendment, judged } = amendment;
        if judged.is_some_and(|judged| judged != stored.meta) {
            return Err(Error::PreconditionFailed { condition: "If-Match" });
        }
        stored.meta = Arc::new(amended(key, ObjectMeta::clone(&stored.meta), amendment, now)?);
        let meta = Arc::clone(&stored.meta);
        life.revoke(key, &Expectation::Any);
        Ok(meta)
    }

    pub(super) fn append(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        expect: &Expectation,
        object: NewObject,
        appended: &Bytes,
        now: Timestamp,
    ) -> Result<SharedMeta> {
        let life = self.writable(bucket)?;
        life.judge(key, expect)?;
        let former = life.current(key).ok_or_else(|| no_such_key(key))?;
        if let Some(newest) = life.versions.get(key).and_then(|versions| versions.first()) {
            life.permit_deletion(key, newest, (now, Governance::Respected))?;
        }
        if former.meta.composition.encryption != object.composition.encryption {
            return Err(Error::PreconditionFailed { condition: "If-Match" });
        }
        let bytes = Bytes::from([&former.bytes[..], appended].concat());
        // Lists, locks and tags are those of now, not of when the body began to come.
        let (headers, tags) = (former.meta.headers.clone(), former.meta.tags.clone());
        let version = former.meta.version;
        let mut stored = Stored::new(NewObject { headers, tags, ..object }, bytes, former.data_key.clone());
        stored.meta = Arc::new(ObjectMeta { md5: None, version, ..ObjectMeta::clone(&stored.meta) });
        life.revoke(key, expect);
        let meta = Arc::clone(&stored.meta);
        if let Some(newest) = life.versions.get_mut(key).and_then(|versions| versions.first_mut()) {
            newest.what = What::Object(stored); // an append makes no version
        }
        Ok(meta)
    }

    pub(super) fn begin_fill(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        rule_version: u64,
    ) -> Result<Option<FillToken>> {
        self.open()?;
        let Ok(life) = self.writable(bucket) else { return Ok(None) };
        let occupied = life.versions.contains_key(key) || life.gone.contains_key(key);
        if life.bucket.rule_version != rule_version || occupied {
            return Ok(None);
        }
        let token = FillToken::new();
        if let Some(former) = life.tokens.insert(key.clone(), token.clone()) {
            former.revoke();
        }
        Ok(Some(token))
    }

    pub(super) fn buckets(&self) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = self.lives.values().map(|life| life.bucket.clone()).collect();
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        buckets
    }

    pub(super) fn create_bucket(&mut self, mut bucket: Bucket) -> Result<Bucket> {
        self.open()?;
        if self.lives.values().any(|life| life.bucket.name == bucket.name) {
            return Err(Error::BucketAlreadyOwnedByYou { bucket: bucket.name.as_str().into() });
        }
        self.last_generation += 1;
        bucket.generation = Generation(self.last_generation);
        let life = Life {
            bucket: bucket.clone(),
            versions: BTreeMap::new(),
            made: 0,
            uploads: BTreeMap::new(),
            tokens: BTreeMap::new(),
            gone: BTreeMap::new(),
        };
        self.lives.insert(bucket.generation, life);
        Ok(bucket)
    }

    pub(super) fn update_bucket(&mut self, bucket: Bucket) -> Result<()> {
        let life = self.writable(&BucketRef::from(&bucket))?;
        let next = bucket.configuration.versioning;
        if life.versioning() != Versioning::Unversioned && next == Versioning::Unversioned {
            return Err(Error::InvalidRequest { message: "versions can only be suspended".into() });
        }
        if life.bucket.configuration.worm.is_some_and(|worm| !worm.permits(bucket.configuration.worm.as_ref())) {
            return Err(Error::InvalidRequest { message: "the retention policy is locked".into() });
        }
        if life.bucket.rule_version != bucket.rule_version {
            life.revoke_all();
        }
        life.bucket = bucket;
        Ok(())
    }

    pub(super) fn delete_bucket(&mut self, bucket: &BucketRef) -> Result<()> {
        let life = self.writable(bucket)?;
        if !life.versions.is_empty() || !life.uploads.is_empty() {
            return Err(Error::BucketNotEmpty { bucket: bucket.name.as_str().into() });
        }
        life.revoke_all();
        self.lives.remove(&bucket.generation);
        Ok(())
    }

    pub(super) fn stats(&self) -> StoreStats {
        let objects = || self.lives.values().flat_map(Life::objects).map(|(_, stored)| stored.bytes.len());
        let all = || self.lives.values().flat_map(|life| life.versions.values().flatten());
        let bytes = all().filter_map(Version::object).map(|stored| stored.bytes.len() as u64).sum::<u64>();
        let object_bytes = objects().sum::<usize>() as u64;
        StoreStats {
            objects: objects().count() as u64,
            object_bytes,
            versions: (all().count() - objects().count()) as u64,
            version_bytes: bytes - object_bytes,
            tombstones: self.lives.values().map(|life| life.gone.len() as u64).sum(),
            disk_bytes: 0,
            log_tail_bytes: 0,
            hot_bytes: objects().filter(|size| *size <= RESIDENT_BYTES).sum::<usize>() as u64,
        }
    }
}

fn no_such_key(key: &ObjectKey) -> Error {
    Error::NoSuchKey { key: key.as_str().into(), origin_status: None }
}

fn no_such_bucket(bucket: &BucketRef) -> Error {
    Error::NoSuchBucket { bucket: bucket.name.as_str().into() }
}
