//! The contract between the engine and a store.
//!
//! Promises of every implementation:
//! - An acknowledged change survives `kill -9` and power loss; a change is visible to no reader before it is durable.
//! - A commit is atomic: readers see the old object or the new one, never a mixture, never a part.
//! - Reads of one key are linearisable with its commits; an object opened before a commit stays readable as it was.
//! - A tombstone is written by the same commit as the deletion that it remembers, and goes with the commit that writes the
//!   key, so a key never has both an object and a tombstone; while it stands no fill of the key is granted or commits. It
//!   dies with the bucket's generation.
//! - A key has at most one *current object*: its newest version, unless that is a delete marker, then none. Everything
//!   that names no version means the current object. In a bucket whose versioning is
//!   [`Enabled`](headwater_model::version::Versioning) a commit that writes a key makes the former current object a
//!   version that is not current; in any other it replaces the null version, wherever among the versions that is.
//! - What is under a legal hold or retained is neither deleted nor replaced
//!   ([`headwater_model::Error::ObjectLocked`] from whatever would); a version that another succeeds is not replaced. The
//!   same holds for what is younger than the bucket's retention policy says ([`headwater_model::worm::BucketWorm`]).
//! - Every commit that touches a key revokes the key's [`FillToken`], and every commit that changes a bucket's rules or
//!   ends its generation revokes all tokens of the bucket, under the same lock and before it is acknowledged.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_model::account::Account;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Generation, PublicAccessBlock};
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::object::SharedMeta;
use headwater_model::origin::OriginId;
use headwater_model::precondition::ObjectCondition;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::token::AccessToken;
use headwater_model::version::{DeleteMarker, VersionId, VersionMarker, VersionPage, VersionQuery};
use headwater_model::{BoxFuture, BucketName, ObjectKey, Result};

use crate::encryption::DataKey;

pub use crate::changes::{Amendment, JudgedAmendment, NewUpload};
pub use crate::fills::{Afterwards, FillToken, Tombstone};
pub use crate::following::{Ahead, Tail, TailState};
pub use crate::versions::{Deleted, NoncurrentPage, NoncurrentVersion, RemovedVersion, StoredVersion, VersionRemoval};
pub use crate::writing::{NewObject, NewPart, ObjectWriter, WriteIntent};

/// Names one life of a bucket; everything in a store is under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BucketRef {
    /// Its name, for blob footers and messages.
    pub name: BucketName,
    /// Which life.
    pub generation: Generation,
}

impl From<&Bucket> for BucketRef {
    fn from(bucket: &Bucket) -> Self {
        Self { name: bucket.name.clone(), generation: bucket.generation }
    }
}

/// When a commit may happen, judged under the key's commit lock. In every case the bucket's generation must still live
/// ([`headwater_model::Error::NoSuchBucket`] otherwise).
#[derive(Clone, Debug, Default)]
pub enum Expectation {
    /// Always.
    #[default]
    Any,
    /// No object under the key ([`headwater_model::Error::ObjectExists`] otherwise).
    Absent,
    /// The object has this tag ([`headwater_model::Error::PreconditionFailed`] naming `If-Match` otherwise;
    /// [`headwater_model::Error::NoSuchKey`] if there is none).
    ETag(ETag),
    /// What is there meets the condition, or nothing is there and the condition allows that
    /// ([`ObjectCondition::judge`]).
    Meets(Arc<ObjectCondition>),
    /// The commit of a fill: the token still holds, the key has no version at all and no tombstone stands for it
    /// ([`headwater_model::Error::ObjectExists`] otherwise). Commits with a token are not revocations of their own token.
    Fill(FillToken),
}

/// A stored object's bytes, open: readable even if the object is replaced or deleted meanwhile.
pub trait Content: Send + Sync {
    /// The whole body if it is small and in memory already: the fast path.
    fn resident(&self) -> Option<Bytes>;

    /// The bytes of a half-open, valid, non-empty interval. Checksums are verified before bytes are handed out; a
    /// damaged block ends the stream with [`headwater_model::Error::Damaged`].
    fn read(&self, range: Range<u64>) -> Body;

    /// The bytes of a body that is encrypted ([`Composition::encryption`](headwater_model::object::Composition)), in the
    /// clear. Without this such a body is not resident, and reading it ends in [`headwater_model::Error::Internal`].
    ///
    /// # Errors
    /// [`headwater_model::Error::Damaged`] if a small body does not open, larger ones when they are read;
    /// [`headwater_model::Error::Internal`] if the body is not encrypted.
    fn decrypted(&self, key: &DataKey) -> Result<Arc<dyn Content>> {
        let _ = key;
        Err(headwater_model::Error::internal("decrypt a body", "it is not encrypted"))
    }

    /// The implementation, for the store that made it: a copy within one store need not pass through memory.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }
}

/// An object opened for reading.
#[derive(Clone)]
pub struct StoredObject {
    /// Its metadata.
    pub meta: SharedMeta,
    /// Its bytes.
    pub content: Arc<dyn Content>,
}

impl fmt::Debug for StoredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredObject").field("meta", &self.meta).finish_non_exhaustive()
    }
}

/// Sizes and counts for metrics and the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Current objects.
    pub objects: u64,
    /// Bytes of current objects.
    pub object_bytes: u64,
    /// Versions that are not current, delete markers included.
    pub versions: u64,
    /// Bytes of versions that are not current.
    pub version_bytes: u64,
    /// Tombstones; those of a deleted bucket count until they are removed in the background.
    pub tombstones: u64,
    /// Bytes on disk: log segments and blob files.
    pub disk_bytes: u64,
    /// Log bytes not yet checkpointed.
    pub log_tail_bytes: u64,
    /// Bytes of small objects held in memory.
    pub hot_bytes: u64,
}

/// Objects and uploads of buckets.
pub trait Store: Send + Sync {
    /// The object if it is in memory already; never waits, never does I/O. `None` says nothing about existence.
    fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject>;

    /// Opens an object. `None` if there is none.
    fn open<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<StoredObject>>>;

    /// Begins a write. Nothing is visible until it is sealed.
    fn begin(&self, intent: WriteIntent) -> BoxFuture<'_, Result<Box<dyn ObjectWriter>>>;

    /// Grants the right to fill `key`, revoking an earlier grant for it. `None` if the key has a version by now, be it a
    /// delete marker, a tombstone stands for it, the bucket's generation ended, or its rule version is no longer `rule_version`: look again.
    fn begin_fill<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        rule_version: u64,
    ) -> BoxFuture<'a, Result<Option<FillToken>>>;

    /// Deletes an object, if there is one. Either way the key's fill token is revoked.
    ///
    /// In a bucket without versions a tombstone is left if `afterwards` says so. In one whose versions are enabled a
    /// delete marker is made, whatever there was, and the object stays as a version; in one whose versions are suspended
    /// the marker takes the place of the key's null version. A marker keeps fills away itself: no tombstone is left.
    ///
    /// # Errors
    /// [`headwater_model::Error::TooManyTombstones`] beyond [`headwater_model::limits::MAX_GONE_PER_BUCKET`], for a key
    /// without an object only: whoever may delete could make any number of those. A deletion of an object is never
    /// refused and always leaves its tombstone: without it, the object would come back.
    fn delete<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
    ) -> BoxFuture<'a, Result<Deleted>>;

    /// Deletes an object that meets the condition, as [`Store::delete`] does. Where there is nothing at all nothing happens,
    /// whatever the condition, but that the key's fill token is revoked: no marker is made and no tombstone left.
    ///
    /// # Errors
    /// [`headwater_model::Error::PreconditionFailed`] if it does not meet the condition; a delete marker meets none.
    fn delete_if<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
        condition: &'a ObjectCondition,
    ) -> BoxFuture<'a, Result<Deleted>>;

    /// Opens a version. `None` if the key has none of that id.
    fn open_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
    ) -> BoxFuture<'a, Result<Option<StoredVersion>>>;

    /// The delete marker that is the key's newest version, if it is one: why [`Store::open`] finds nothing. Costs nothing
    /// in a bucket that never had versions.
    fn marker<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<DeleteMarker>>>;

    /// Deletes a version for good; `None` if the key has none of that id. If it was the newest, the one before it is the
    /// newest again, and current if it is an object. The key's fill token is revoked.
    ///
    /// # Errors
    /// [`headwater_model::Error::ObjectLocked`]; [`headwater_model::Error::PreconditionFailed`] if it does not meet the
    /// condition.
    fn delete_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        removal: VersionRemoval,
    ) -> BoxFuture<'a, Result<Option<RemovedVersion>>>;

    /// Changes an object without changing its body, its `Last-Modified` or its tag.
    ///
    /// # Errors
    /// [`headwater_model::Error::NoSuchKey`]; [`headwater_model::Error::PreconditionFailed`] if the object is not the one
    /// that was judged; those of the [`Amendment`]; [`headwater_model::Error::SlowDown`] if others change the key without
    /// pause.
    fn amend<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>>;

    /// Changes a version, as [`Store::amend`] changes the current object.
    ///
    /// # Errors
    /// Those of [`Store::amend`], but [`headwater_model::Error::NoSuchVersion`] if the key has no object of that id.
    fn amend_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>>;

    /// When the key was deleted on purpose, if a tombstone stands for it. Costs nothing in a bucket without tombstones.
    fn gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<Timestamp>>>;

    /// At most `limit` tombstones in byte order of keys: those whose keys begin with `prefix` and are greater than
    /// `after`.
    fn list_gone<'a>(
        &'a self,
        bucket: &'a BucketRef,
        prefix: &'a str,
        after: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Tombstone>>>;

    /// Removes a tombstone; `false` if none stood. The key may be filled again.
    fn lift_gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<bool>>;

    /// Writes `object`, not encrypted, under (`bucket`, `key`) with the bytes of `source` (by reflink where the file system
    /// offers it).
    fn copy(
        &self,
        source: StoredObject,
        bucket: BucketRef,
        key: ObjectKey,
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'_, Result<SharedMeta>>;

    /// One page of objects, in byte order of keys.
    fn list<'a>(&'a self, bucket: &'a BucketRef, query: &'a ListQuery) -> BoxFuture<'a, Result<ListPage>>;

    /// One page of versions and delete markers, the current objects among them, in byte order of keys, the newest of a
    /// key first.
    fn list_versions<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a VersionQuery,
    ) -> BoxFuture<'a, Result<VersionPage>>;

    /// At most `limit` versions that are not current, behind `after`; nothing in a bucket that never had versions.
    fn list_noncurrent<'a>(
        &'a self,
        bucket: &'a BucketRef,
        after: &'a VersionMarker,
        limit: usize,
    ) -> BoxFuture<'a, Result<NoncurrentPage>>;

    /// Begins a multipart upload.
    fn create_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        upload: NewUpload,
    ) -> BoxFuture<'a, Result<UploadId>>;

    /// An open upload of that key, and what was given at its creation.
    fn upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<Option<(UploadInfo, NewUpload)>>>;

    /// One page of an open upload's parts with numbers above `after`.
    fn parts<'a>(
        &'a self,
        bucket: &'a BucketRef,
        id: UploadId,
        after: u16,
        limit: usize,
    ) -> BoxFuture<'a, Result<PartPage>>;

    /// One page of open uploads. `query.after` and `after_upload` as in
    /// [`ListMultipartUploads`](headwater_model::op::ListMultipartUploads).
    fn uploads<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a ListQuery,
        after_upload: Option<UploadId>,
    ) -> BoxFuture<'a, Result<UploadPage>>;

    /// Makes the object from the listed parts (ascending numbers, ETags compared under the commit lock:
    /// `InvalidPart`; of an upload whose parts come in order, the first ones without a gap: `PartNotSequential`. If they
    /// are all of those, the object has the MD5 of the whole), copying no bytes; the upload and its other parts are gone with the same commit. CRC-64 of the
    /// whole is combined from the parts'.
    fn complete_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
        parts: &'a [CompletedPart],
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'a, Result<SharedMeta>>;

    /// Drops an upload and its parts ([`headwater_model::Error::NoSuchUpload`] if it is not open).
    fn abort_upload<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey, id: UploadId)
    -> BoxFuture<'a, Result<()>>;

    /// All buckets.
    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>>>;

    /// Creates a bucket with the next generation (the one in `bucket` is ignored)
    /// ([`headwater_model::Error::BucketAlreadyOwnedByYou`] if the name is taken).
    fn create_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<Bucket>>;

    /// Replaces a bucket's settings; generation must be the living one. Revokes the bucket's fill tokens if
    /// `rule_version` differs from the stored one ([`headwater_model::Error::InvalidRequest`] if that would make a bucket
    /// that has had versions [`Unversioned`](headwater_model::version::Versioning), or end or shorten a
    /// retention policy that is locked).
    fn update_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<()>>;

    /// Deletes a bucket that holds no version, delete markers included, and no open upload ([`headwater_model::Error::BucketNotEmpty`]).
    fn delete_bucket<'a>(&'a self, bucket: &'a BucketRef) -> BoxFuture<'a, Result<()>>;

    /// The accounts beside root, by canonical id.
    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>>>;

    /// Makes or replaces an account with its keys, whose values the caller has checked
    /// ([`headwater_model::Error::InvalidArgument`] naming `account` beyond [`headwater_model::limits::MAX_ACCOUNTS`]).
    fn put_account(&self, account: Account) -> BoxFuture<'_, Result<()>>;

    /// Deletes an account with its keys; `false` if there was none of that canonical id.
    fn delete_account<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// The bearer tokens of the admin API, by id.
    fn access_tokens(&self) -> BoxFuture<'_, Result<Vec<AccessToken>>>;

    /// Makes or replaces a token, whose values the caller has checked.
    fn put_access_token(&self, token: AccessToken) -> BoxFuture<'_, Result<()>>;

    /// Deletes a token; `false` if there was none of that id.
    fn delete_access_token<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// What of the public's rights is blocked on every bucket; the default if nothing was put.
    fn public_access(&self) -> BoxFuture<'_, Result<PublicAccessBlock>>;

    /// Replaces what is blocked on every bucket.
    fn put_public_access(&self, block: PublicAccessBlock) -> BoxFuture<'_, Result<()>>;

    /// The origins that have settings, by name.
    fn origins(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginSettings)>>>;

    /// Makes or replaces the settings of an origin, whose values the caller has checked
    /// ([`headwater_model::Error::InvalidArgument`] naming `origin` beyond [`headwater_model::limits::MAX_ORIGINS`]).
    fn put_origin<'a>(&'a self, origin: &'a OriginId, settings: OriginSettings) -> BoxFuture<'a, Result<()>>;

    /// Deletes the settings of an origin; `false` if it had none. What is known about its use stays.
    fn delete_origin<'a>(&'a self, origin: &'a OriginId) -> BoxFuture<'a, Result<bool>>;

    /// How much origins have sent, by name, as last put.
    fn origin_usage(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginUsage)>>>;

    /// Puts down how much origins have sent, all in one commit; others keep what was put down for them. If that would
    /// be more than [`headwater_model::limits::MAX_ORIGIN_USAGES`] origins, those of the others with the earliest days
    /// are forgotten (`InvalidArgument` if `usage` alone is more). Of two entries of one origin the latter counts.
    fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> BoxFuture<'_, Result<()>>;

    /// Sizes and counts; may lag behind by the last commits.
    fn stats(&self) -> StoreStats;

    /// Waits until everything acknowledged is checkpointed and stops background work, for at most `limit`. Reads keep
    /// working, writes fail afterwards.
    fn close(&self, limit: Duration) -> BoxFuture<'_, Result<()>>;
}
