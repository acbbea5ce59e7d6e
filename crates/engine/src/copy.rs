//! CopyObject.

use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::digest::{Digests, ETag};
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance, SharedMeta, Tags};
use headwater_model::op::{Action, AnnouncedDigests, Caller, CopyObject, ObjectVersion};
use headwater_model::precondition::{Preconditions, Verdict};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{BucketRef, DataKey, NewObject, ObjectWriter, StoredObject, WriteIntent};

use crate::body::pour;
use crate::encryption::NewKey;
use crate::engine::Engine;
use crate::put::{expectation, with_class_of};
use crate::versions::copied_from;

impl Engine {
    /// Copies bytes and, unless the request brings its own, metadata. The source never mirrors: a copy of what is not
    /// here is a copy of nothing. A copy is a normal write, so `x-oss-tag` is dropped. Whether an object may be copied onto
    /// itself is the dialect's affair, which knows everything that the request wants changed.
    pub(crate) async fn copy_object(&self, caller: &Caller<'_>, copy: CopyObject) -> Result<Reply> {
        let reads = if copy.source_version.is_some() { Action::GetObjectVersion } else { Action::GetObject };
        self.authorise(caller, reads, Some(&copy.source_bucket), Some(&copy.source_key))?;
        let bucket = self.known(&copy.bucket)?;
        let source_bucket = self.known(&copy.source_bucket)?;
        let source = self.open_for(caller, Action::GetObject, &source_of(&copy)).await?;
        let source_version = source.meta.version;
        judge_source(&copy.source_conditions, &source.meta, caller.dialect)?;
        let tags = match &copy.tags {
            Some(tags) => tags.clone(),
            None => self.tags_for(caller, &copy, &source)?,
        };
        let access = self.access_of_new(caller, &bucket.bucket, copy.acl.as_ref())?;
        let lock = self.lock_of_new(&bucket.bucket, copy.lock.clone())?;
        let object = NewObject {
            etag: source.meta.etag.clone(),
            last_modified: self.clock.now(),
            // What is copied whole is not appended to (OSS).
            kind: if source.meta.kind == ObjectKind::Appendable { ObjectKind::Normal } else { source.meta.kind },
            provenance: Provenance::Written,
            headers: ObjectHeaders { access, lock, ..headers_of(&copy, &source, &bucket.bucket, caller.dialect) },
            checksum: source.meta.checksum.clone(),
            tags,
            composition: Composition { encryption: None, ..source.meta.composition.clone() },
        };
        let has = source.meta.checksum.as_ref().map(|checksum| checksum.algorithm);
        let computes = copy.algorithm.is_some() && copy.algorithm != has;
        // What is read is what the link stands for; without reading, a copy of a link is a link.
        let is_read = computes || source.meta.kind != ObjectKind::Symlink;
        let new_key = self.seal.key_of_new(&copy.encryption, &bucket.bucket, &copy.key).filter(|_| is_read);
        let customer = copy.source_customer_key.as_ref();
        let copied = if computes {
            let source = self.followed(caller, &source_bucket, (&copy.source_key, source), customer).await?;
            self.copy_computing(source, &bucket.reference, &copy, (new_key, object)).await
        } else if new_key.is_some() || source.meta.composition.encryption.is_some() {
            let source = self.seal.readable(source, &source_bucket.reference, &copy.source_key, customer)?;
            self.copy_reading(source, &bucket.reference, &copy, (new_key, object)).await
        } else {
            let expect = expectation(&copy.condition);
            self.store.copy(source, bucket.reference.clone(), copy.key.clone(), object, expect).await
        };
        copied.map(|meta| copied_from(Reply::Copied(meta), &source_bucket, source_version))
    }

    /// The source's tags, which are read from there and written here: both need their right, if there are any.
    fn tags_for(&self, caller: &Caller<'_>, copy: &CopyObject, source: &StoredObject) -> Result<Tags> {
        let tags = &source.meta.tags;
        if !tags.is_empty() {
            let known = self.known(&copy.source_bucket)?;
            let reads =
                if copy.source_version.is_some() { Action::GetObjectVersionTagging } else { Action::GetObjectTagging };
            let reads = self.right(caller, reads, &known.bucket, &copy.source_key);
            reads.check(Some(&source.meta))?;
            self.authorise_tags(caller, Some(&copy.bucket), Some(&copy.key))?;
        }
        Ok(tags.clone())
    }

    /// A copy for which a checksum must be computed reads every byte, and is an object written in one piece then: its tag
    /// and its checksum are of the whole, however the source was written.
    async fn copy_computing(
        &self,
        source: StoredObject,
        bucket: &BucketRef,
        copy: &CopyObject,
        (new_key, object): (Option<NewKey>, NewObject),
    ) -> Result<SharedMeta> {
        let (data_key, encryption) = NewKey::split(new_key);
        let (writer, digests) = self.write_copy(&source, bucket, copy, data_key).await?;
        let etag = ETag::of_md5(digests.md5);
        let composition = Composition { encryption, ..Composition::default() };
        let kind = ObjectKind::Normal;
        let object = NewObject { etag, kind, checksum: digests.checksum, composition, ..object };
        writer.seal(object, expectation(&copy.condition)).await
    }

    /// A copy whose source is encrypted, or which is to be: every byte is read and written, and nothing else changes.
    async fn copy_reading(
        &self,
        source: StoredObject,
        bucket: &BucketRef,
        copy: &CopyObject,
        (new_key, object): (Option<NewKey>, NewObject),
    ) -> Result<SharedMeta> {
        let (data_key, encryption) = NewKey::split(new_key);
        let (writer, digests) = self.write_copy(&source, bucket, copy, data_key).await?;
        if digests.crc64 != source.meta.crc64 {
            return Err(Error::Damaged { detail: "the source of a copy is not what its metadata says".into() });
        }
        let composition = Composition { encryption, ..object.composition };
        writer.seal(NewObject { composition, ..object }, expectation(&copy.condition)).await
    }

    /// Writes the source's bytes, not visible yet.
    async fn write_copy(
        &self,
        source: &StoredObject,
        bucket: &BucketRef,
        copy: &CopyObject,
        data_key: Option<DataKey>,
    ) -> Result<(Box<dyn ObjectWriter>, Digests)> {
        let size_bytes = source.meta.size_bytes;
        let intent = WriteIntent {
            bucket: bucket.clone(),
            key: copy.key.clone(),
            content_length: Some(size_bytes),
            max_bytes: MAX_PUT_BYTES.max(size_bytes),
            checksum: copy.algorithm,
            followed: false,
            data_key,
        };
        let mut writer = self.store.begin(intent).await?;
        let body = crate::get::content(source, 0..size_bytes);
        let digests = pour(&mut *writer, body, &AnnouncedDigests::default()).await?;
        Ok((writer, digests))
    }
}

fn source_of(copy: &CopyObject) -> ObjectVersion {
    ObjectVersion { bucket: copy.source_bucket.clone(), key: copy.source_key.clone(), version: copy.source_version }
}

/// Whether the source meets the conditions on it. What is not modified is 304 for OSS, as for a reader; S3 has 412 for
/// every failed condition of a copy.
pub(crate) fn judge_source(conditions: &Preconditions, source: &ObjectMeta, dialect: Dialect) -> Result<()> {
    match conditions.evaluate(&source.etag, source.last_modified) {
        Verdict::Proceed => Ok(()),
        Verdict::NotModified if dialect == Dialect::Oss => Err(Error::NotModified),
        Verdict::NotModified => Err(Error::PreconditionFailed { condition: "copy-source-if-none-match" }),
        Verdict::Failed(condition) => Err(Error::PreconditionFailed { condition }),
    }
}

/// What the copy's answers will carry: the request's own, or the source's but for what never comes from a source.
fn headers_of(copy: &CopyObject, source: &StoredObject, bucket: &Bucket, dialect: Dialect) -> ObjectHeaders {
    let own = copy.headers.clone().map(|own| if dialect == Dialect::Oss { kept(own, source) } else { own });
    let headers = own.unwrap_or_else(|| ObjectHeaders {
        storage_class: copy.storage_class.clone(),
        website_redirect: copy.website_redirect.clone(),
        lock: None,
        ..source.meta.headers.clone()
    });
    with_class_of(headers, bucket)
}

/// What OSS takes from the source though the request replaces the rest: a type, if it names none, and how a client decrypts
/// the body, without which it could not be read any more (both by what Alibaba's SDKs expect).
fn kept(mut own: ObjectHeaders, source: &StoredObject) -> ObjectHeaders {
    const ENCRYPTION: &str = "client-side-encryption-";
    let theirs = &source.meta.headers;
    if own.content.content_type.is_none() {
        own.content.content_type.clone_from(&theirs.content.content_type);
    }
    for (name, value) in theirs.user.iter().filter(|(name, _)| name.starts_with(ENCRYPTION)) {
        if !own.user.iter().any(|(known, _)| known == name) {
            own.user.push((name.clone(), value.clone()));
        }
    }
    own
}
