//! The engine: operations in, replies out.

use std::sync::Arc;

use headwater_egress::Origins;
use headwater_model::access::{Access, Principal};
use headwater_model::body::Body;
use headwater_model::clock::Clock;
use headwater_model::object::Tags;
use headwater_model::op::{Action, Caller, Op};
use headwater_model::reply::{Owner, Reply};
use headwater_model::{BucketName, Error, Result};
use headwater_store::Store;
use tokio::sync::Mutex;

use crate::control::{Buckets, Known};
use crate::fill::Fills;
use crate::seal::Seal;

/// What an engine is made of.
pub struct EngineConfig {
    /// Where objects live.
    pub store: Arc<dyn Store>,
    /// The fills of missing objects, over the same store.
    pub fills: Fills,
    /// Credentials and rights.
    pub access: Arc<dyn Access>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The account that owns the buckets.
    pub owner: Owner,
    /// Region announced for buckets whose creator named none.
    pub region: Arc<str>,
    /// Seals the secrets of rules and origins on their way to the store.
    pub seal: Arc<Seal>,
    /// The settings of origins, shared with the fills and the client of origins.
    pub origins: Arc<Origins>,
}

/// Performs operations.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) fills: Fills,
    pub(crate) access: Arc<dyn Access>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) owner: Owner,
    pub(crate) region: Arc<str>,
    pub(crate) buckets: Buckets,
    pub(crate) seal: Arc<Seal>,
    pub(crate) origins: Arc<Origins>,
    /// Held over a change of any origin's settings, from reading the old to showing the new.
    pub(crate) origin_change: Mutex<()>,
}

impl Engine {
    /// Loads the buckets and the settings of origins, and is ready.
    ///
    /// # Errors
    /// Those of the store; [`Error::Internal`] over a [`crate::SealError`] if a secret was sealed with another master key.
    pub async fn open(config: EngineConfig) -> Result<Self> {
        let EngineConfig { store, fills, access, clock, owner, region, seal, origins } = config;
        let buckets = Buckets::load(&*store, seal.clone(), fills.buckets()).await?;
        crate::origins::load(&*store, &seal, &origins).await?;
        let origin_change = Mutex::new(());
        Ok(Self { store, fills, access, clock, owner, region, buckets, seal, origins, origin_change })
    }

    /// Credentials and rights, for the verifier of signatures.
    pub fn access(&self) -> &dyn Access {
        &*self.access
    }

    /// The store, for its statistics.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The fills, for their number and for draining.
    pub fn fills(&self) -> &Fills {
        &self.fills
    }

    /// The bucket of that name as of now, from memory.
    pub fn bucket(&self, name: &str) -> Option<Arc<headwater_model::bucket::Bucket>> {
        self.buckets.find(name).map(|known| known.bucket.clone())
    }

    /// Decides whether `principal` may do `action` on `bucket`, before anything in the bucket is looked at. The server
    /// asks before it reads a body; [`Engine::perform`] asks again for itself.
    ///
    /// Names of buckets are no secret at either vendor: a bucket that does not exist is said not to exist.
    ///
    /// # Errors
    /// `AccessDenied`, `NoSuchBucket`.
    pub fn authorise(&self, principal: &Principal, action: Action, bucket: Option<&BucketName>) -> Result<()> {
        let creates = action == Action::CreateBucket;
        match bucket {
            Some(name) if !creates => {
                let known = self.known(name)?;
                self.access.authorise(principal, action, Some(&known.bucket))
            }
            _ => self.access.authorise(principal, action, None),
        }
    }

    /// Performs one operation; `body` is the client's, for operations that have one.
    ///
    /// # Errors
    /// Any of [`Error`]; nothing has changed then, except that a multi-object delete reports per key.
    pub async fn perform(&self, caller: &Caller, op: Op, body: Body) -> Result<Reply> {
        let (action, bucket) = requirement(&op);
        self.authorise(&caller.principal, action, bucket)?;
        match op {
            Op::ListBuckets(query) => Ok(self.list_buckets(&query)),
            Op::CreateBucket(create) => self.create_bucket(caller, create).await,
            Op::HeadBucket(bucket)
            | Op::GetBucketInfo(bucket)
            | Op::GetBucketLocation(bucket)
            | Op::GetBucketAcl(bucket) => self.show_bucket(&bucket),
            Op::PutBucketAcl(bucket, acl) => self.put_bucket_acl(&bucket, acl).await,
            Op::GetBucketWebsite(bucket) => self.get_website(&bucket),
            Op::PutBucketWebsite(bucket, website) => {
                self.change_website(&caller.principal, &bucket, Some(*website)).await.map(|_| Reply::Done)
            }
            Op::DeleteBucketWebsite(bucket) => {
                self.change_website(&caller.principal, &bucket, None).await.map(|_| Reply::Done)
            }
            Op::DeleteBucket(bucket) => self.delete_bucket(caller, &bucket).await,
            Op::ListObjects(list) | Op::ListObjectVersions(list) => self.list_objects(caller, list).await,
            Op::GetHomePage(bucket, visit) => self.get_object(caller, &self.home_page(bucket, *visit)?).await,
            Op::HeadHomePage(bucket, visit) => self.head_object(caller, &self.home_page(bucket, *visit)?).await,
            Op::GetObject(get) => self.get_object(caller, &get).await,
            Op::HeadObject(get) => self.head_object(caller, &get).await,
            Op::GetObjectMeta(bucket, key) | Op::GetObjectAttributes(bucket, key) => {
                self.get_object_meta(&bucket, &key).await
            }
            Op::GetObjectTagging(bucket, key) => self.get_object_tagging(&bucket, &key).await,
            Op::PutObjectTagging(bucket, key, tags) => self.set_object_tags(&bucket, &key, tags).await,
            Op::DeleteObjectTagging(bucket, key) => self.set_object_tags(&bucket, &key, Tags::new()).await,
            Op::GetBucketStat(bucket) => self.get_bucket_stat(&bucket).await,
            Op::GetBucketRequestPayment(bucket) => {
                Ok(Reply::RequestPayment(self.known(&bucket)?.bucket.configuration.requester_pays))
            }
            Op::PutBucketRequestPayment(bucket, requester_pays) => {
                self.change_bucket(&bucket, |bucket| bucket.configuration.requester_pays = requester_pays).await
            }
            Op::GetUnset(bucket, _) => self.known(&bucket).map(|_| Reply::Unset),
            Op::GetBucketCors(bucket) => self.get_bucket_cors(&bucket),
            Op::PutBucketCors(bucket, cors) => self.put_bucket_cors(&bucket, Some(*cors)).await,
            Op::DeleteBucketCors(bucket) => self.put_bucket_cors(&bucket, None).await,
            Op::GetBucketTagging(bucket) => self.get_bucket_tagging(caller, &bucket),
            Op::PutBucketTagging(bucket, tags) => self.put_bucket_tagging(&bucket, tags).await,
            Op::DeleteBucketTagging(bucket, keys) => self.delete_bucket_tagging(&bucket, &keys).await,
            Op::PutObject(put) => self.put_object(*put, body).await,
            Op::AppendObject(append) => Box::pin(self.append_object(*append, body)).await,
            Op::PutSymlink(put) => self.put_symlink(*put).await,
            Op::GetSymlink(bucket, key) => self.get_symlink(&bucket, &key).await,
            Op::CopyObject(copy) => self.copy_object(caller, *copy).await,
            Op::DeleteObject(bucket, key, condition) => self.delete_object(&bucket, &key, condition.as_deref()).await,
            Op::DeleteObjects(delete) => self.delete_objects(delete).await,
            Op::CreateMultipartUpload(create) => self.create_upload(*create).await,
            Op::UploadPart(part) => self.upload_part(*part, body).await,
            Op::UploadPartCopy(copy) => self.upload_part_copy(caller, *copy).await,
            Op::CompleteMultipartUpload(complete) => self.complete_upload(*complete).await,
            Op::AbortMultipartUpload(upload) => self.abort_upload(&upload).await,
            Op::ListParts(query) => self.list_parts(&query).await,
            Op::ListMultipartUploads(query) => self.list_uploads(&query).await,
        }
    }

    /// The bucket, or that there is none.
    pub(crate) fn known(&self, name: &BucketName) -> Result<Arc<Known>> {
        self.buckets.find(name.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: name.as_str().into() })
    }
}

/// Which right an operation needs, and on which bucket. A copy also needs the right to read its source, which
/// [`Engine::copy_object`] asks for.
fn requirement(op: &Op) -> (Action, Option<&BucketName>) {
    let (action, bucket) = match op {
        Op::ListBuckets(_) => return (Action::ListBuckets, None),
        Op::CreateBucket(op) => (Action::CreateBucket, &op.bucket),
        Op::HeadBucket(bucket) => (Action::ListObjects, bucket),
        Op::ListObjects(op) => (Action::ListObjects, &op.bucket),
        Op::ListObjectVersions(op) => (Action::ListObjectVersions, &op.bucket),
        Op::GetBucketInfo(bucket) => (Action::GetBucketInfo, bucket),
        Op::GetBucketLocation(bucket) => (Action::GetBucketLocation, bucket),
        Op::GetBucketAcl(bucket) => (Action::GetBucketAcl, bucket),
        Op::PutBucketAcl(bucket, _) => (Action::PutBucketAcl, bucket),
        Op::GetBucketWebsite(bucket) => (Action::GetBucketWebsite, bucket),
        Op::PutBucketWebsite(bucket, _) => (Action::PutBucketWebsite, bucket),
        Op::DeleteBucketWebsite(bucket) => (Action::DeleteBucketWebsite, bucket),
        Op::DeleteBucket(bucket) => (Action::DeleteBucket, bucket),
        Op::GetObject(op) | Op::HeadObject(op) => (Action::GetObject, &op.bucket),
        Op::GetObjectMeta(bucket, _)
        | Op::GetObjectAttributes(bucket, _)
        | Op::GetSymlink(bucket, _)
        | Op::GetHomePage(bucket, _)
        | Op::HeadHomePage(bucket, _) => (Action::GetObject, bucket),
        Op::GetObjectTagging(bucket, _) => (Action::GetObjectTagging, bucket),
        Op::PutObjectTagging(bucket, ..) => (Action::PutObjectTagging, bucket),
        Op::DeleteObjectTagging(bucket, _) => (Action::DeleteObjectTagging, bucket),
        Op::GetBucketStat(bucket) => (Action::GetBucketStat, bucket),
        Op::GetBucketRequestPayment(bucket) => (Action::GetBucketRequestPayment, bucket),
        Op::PutBucketRequestPayment(bucket, _) => (Action::PutBucketRequestPayment, bucket),
        Op::GetUnset(bucket, action) => (*action, bucket),
        Op::GetBucketCors(bucket) => (Action::GetBucketCors, bucket),
        Op::PutBucketCors(bucket, _) => (Action::PutBucketCors, bucket),
        Op::DeleteBucketCors(bucket) => (Action::DeleteBucketCors, bucket),
        Op::GetBucketTagging(bucket) => (Action::GetBucketTagging, bucket),
        Op::PutBucketTagging(bucket, _) => (Action::PutBucketTagging, bucket),
        Op::DeleteBucketTagging(bucket, _) => (Action::DeleteBucketTagging, bucket),
        Op::PutObject(op) => (Action::PutObject, &op.bucket),
        Op::AppendObject(op) => (Action::PutObject, &op.bucket),
        Op::PutSymlink(op) => (Action::PutObject, &op.bucket),
        Op::CopyObject(op) => (Action::PutObject, &op.bucket),
        Op::DeleteObject(bucket, ..) => (Action::DeleteObject, bucket),
        Op::DeleteObjects(op) => (Action::DeleteObject, &op.bucket),
        Op::CreateMultipartUpload(op) => (Action::PutObject, &op.bucket),
        Op::UploadPart(op) => (Action::PutObject, &op.upload.bucket),
        Op::UploadPartCopy(op) => (Action::PutObject, &op.upload.bucket),
        Op::CompleteMultipartUpload(op) => (Action::PutObject, &op.upload.bucket),
        Op::AbortMultipartUpload(upload) => (Action::AbortMultipartUpload, &upload.bucket),
        Op::ListParts(op) => (Action::ListParts, &op.upload.bucket),
        Op::ListMultipartUploads(op) => (Action::ListMultipartUploads, &op.bucket),
    };
    (action, Some(bucket))
}
