//! The engine: operations in, replies out.

use std::sync::Arc;

use headwater_egress::Origins;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::clock::Clock;
use headwater_model::op::{Action, Caller, CreateBucket, Op};
use headwater_model::reply::{Owner, Reply};
use headwater_model::{BucketName, Error, Result};
use headwater_store::Store;
use tokio::sync::Mutex;

use crate::accounts::{Accounts, RootKey};
use crate::control::{Buckets, Known};
use crate::fill::{Fills, MissMethod};
use crate::lifecycle::LifecycleCounters;
use crate::requirement::requirement;
use crate::seal::Seal;
use crate::site::is_visit;
use crate::versions::noted;

/// What an engine is made of.
pub struct EngineConfig {
    /// Where objects live.
    pub store: Arc<dyn Store>,
    /// The fills of missing objects, over the same store.
    pub fills: Fills,
    /// The key that owns the server.
    pub root: RootKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
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
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) region: Arc<str>,
    pub(crate) buckets: Buckets,
    pub(crate) seal: Arc<Seal>,
    pub(crate) origins: Arc<Origins>,
    /// Held over a change of any origin's settings, from reading the old to showing the new.
    pub(crate) origin_change: Mutex<()>,
    pub(crate) lifecycle: LifecycleCounters,
}

impl Engine {
    /// Loads the accounts, the buckets and the settings of origins, and is ready.
    ///
    /// # Errors
    /// Those of the store; [`Error::Internal`] over a [`crate::SealError`] if a secret was sealed with another master key.
    pub async fn open(config: EngineConfig) -> Result<Self> {
        let EngineConfig { store, fills, root, clock, region, seal, origins } = config;
        let accounts = Accounts::load(&*store, seal.clone(), root).await?;
        let buckets = Buckets::load(&*store, seal.clone(), fills.buckets()).await?;
        crate::origins::load(&*store, &seal, &origins).await?;
        let origin_change = Mutex::new(());
        let lifecycle = LifecycleCounters::default();
        Ok(Self { store, fills, accounts, clock, region, buckets, seal, origins, origin_change, lifecycle })
    }

    /// The access keys, for the verifier of signatures.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Time, as the engine knows it.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The region announced.
    pub fn region(&self) -> &str {
        &self.region
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
    pub fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.buckets.find(name).map(|known| known.bucket.clone())
    }

    /// Performs one operation; `body` is the client's, for operations that have one.
    ///
    /// # Errors
    /// Any of [`Error`]; nothing has changed then, except that a multi-object delete reports per key.
    pub async fn perform(&self, caller: &Caller<'_>, op: Op, body: Body) -> Result<Reply> {
        let (action, bucket, key) = requirement(&op);
        if !judges_itself(caller, &op) {
            self.authorise(caller, action, bucket, key)?;
        }
        if !op.tags().is_empty() {
            self.authorise_tags(caller, bucket, key)?;
        }
        self.authorise_lock(caller, &op, bucket, key)?;
        let tells_versions = self.tells_versions(bucket);
        let reply = self.dispatch(caller, op, body).await?;
        Ok(if tells_versions { noted(reply) } else { reply })
    }

    async fn dispatch(&self, caller: &Caller<'_>, op: Op, body: Body) -> Result<Reply> {
        match op {
            Op::ListBuckets(query) => Ok(self.list_buckets(caller, &query)),
            Op::CreateBucket(create) => self.create_bucket(caller, create).await,
            Op::HeadBucket(bucket) | Op::GetBucketInfo(bucket) | Op::GetBucketLocation(bucket) => {
                self.show_bucket(&bucket)
            }
            Op::GetBucketAcl(bucket) => self.get_bucket_acl(&bucket),
            Op::PutBucketAcl(bucket, acl) if self.makes_bucket(caller, Action::PutBucketAcl, Some(&bucket)) => {
                let (acl, location, object_lock) = (Some(acl), None, None);
                let create = CreateBucket { bucket, acl, ownership: None, location, storage_class: None, object_lock };
                self.create_bucket(caller, create).await
            }
            Op::PutBucketAcl(bucket, acl) => self.put_bucket_acl(&bucket, &acl).await,
            Op::GetBucketPolicy(bucket) => self.get_bucket_policy(&bucket),
            Op::PutBucketPolicy(bucket, text) => self.put_bucket_policy(caller, &bucket, &text).await,
            Op::DeleteBucketPolicy(bucket) => self.delete_bucket_policy(&bucket).await,
            Op::GetBucketPolicyStatus(bucket) => self.get_bucket_policy_status(&bucket),
            Op::GetPublicAccessBlock(bucket) => self.get_public_access_block(caller, &bucket),
            Op::PutPublicAccessBlock(bucket, block) => self.put_public_access_block(&bucket, block).await,
            Op::DeletePublicAccessBlock(bucket) => {
                self.put_public_access_block(&bucket, PublicAccessBlock::default()).await
            }
            Op::GetAccountPublicAccessBlock => Ok(Reply::PublicAccess(self.buckets.block())),
            Op::PutAccountPublicAccessBlock(block) => self.put_account_block(block).await,
            Op::DeleteAccountPublicAccessBlock => self.put_account_block(PublicAccessBlock::default()).await,
            Op::GetOwnershipControls(bucket) => self.get_ownership_controls(&bucket),
            Op::PutOwnershipControls(bucket, ownership) => self.put_ownership_controls(&bucket, Some(ownership)).await,
            Op::DeleteOwnershipControls(bucket) => self.put_ownership_controls(&bucket, None).await,
            Op::GetBucketWebsite(bucket) => self.get_website(&bucket),
            Op::PutBucketWebsite(bucket, website) => {
                self.change_website(&bucket, Some(*website), None).await.map(|_| Reply::Done)
            }
            Op::DeleteBucketWebsite(bucket) => self.change_website(&bucket, None, None).await.map(|_| Reply::Done),
            Op::DeleteBucket(bucket) => self.delete_bucket(caller, &bucket).await,
            Op::ListObjects(list) => self.list_objects(caller, list).await,
            Op::ListObjectVersions(list) => self.list_object_versions(&list).await,
            Op::GetBucketVersioning(bucket) => self.get_bucket_versioning(&bucket),
            Op::PutBucketVersioning(bucket, versioning) => self.put_bucket_versioning(&bucket, versioning).await,
            Op::GetBucketWorm(bucket) => self.get_bucket_worm(&bucket),
            Op::InitiateBucketWorm(bucket, days) => self.initiate_bucket_worm(&bucket, days).await,
            Op::AbortBucketWorm(bucket) => self.abort_bucket_worm(&bucket).await,
            Op::CompleteBucketWorm(bucket, id) => self.complete_bucket_worm(&bucket, &id).await,
            Op::ExtendBucketWorm(bucket, id, days) => self.extend_bucket_worm(&bucket, &id, days).await,
            Op::GetObjectLockConfiguration(bucket) => self.get_lock_configuration(&bucket),
            Op::PutObjectLockConfiguration(bucket, configuration) => {
                self.put_lock_configuration(&bucket, configuration).await
            }
            Op::GetObjectRetention(target) => self.get_retention(caller, &target).await,
            Op::PutObjectRetention(put) => self.put_retention(caller, *put).await,
            Op::GetObjectLegalHold(target) => self.get_legal_hold(caller, &target).await,
            Op::RestoreObject(target, tier) => self.restore_object(caller, &target, tier).await,
            Op::PutObjectLegalHold(target, hold) => self.put_legal_hold(caller, &target, hold).await,
            Op::GetHomePage(bucket, visit) => Box::pin(self.visit_root(caller, bucket, *visit, MissMethod::Get)).await,
            Op::HeadHomePage(bucket, visit) => {
                Box::pin(self.visit_root(caller, bucket, *visit, MissMethod::Head)).await
            }
            Op::GetObject(get) => self.get_object(caller, &get).await,
            Op::HeadObject(get) => self.head_object(caller, &get).await,
            Op::GetObjectMeta(target) => self.get_object_meta(caller, &target).await,
            Op::GetObjectAttributes(target, customer_key) => {
                self.get_object_attributes(caller, &target, customer_key.as_ref()).await
            }
            Op::GetObjectAcl(target) => self.get_object_acl(caller, &target).await,
            Op::PutObjectAcl(target, acl) => self.put_object_acl(caller, &target, &acl).await,
            Op::GetObjectTagging(target) => self.get_object_tagging(caller, &target).await,
            Op::PutObjectTagging(target, tags) => self.set_object_tags(caller, &target, Some(tags)).await,
            Op::DeleteObjectTagging(target) => self.set_object_tags(caller, &target, None).await,
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
            Op::GetBucketEncryption(bucket) => self.get_bucket_encryption(caller, &bucket),
            Op::PutBucketEncryption(bucket, encryption) => self.put_bucket_encryption(&bucket, Some(encryption)).await,
            Op::DeleteBucketEncryption(bucket) => self.put_bucket_encryption(&bucket, None).await,
            Op::GetBucketLifecycle(bucket) => self.get_bucket_lifecycle(&bucket),
            Op::PutBucketLifecycle(bucket, rules) => self.put_bucket_lifecycle(&bucket, Some(*rules)).await,
            Op::DeleteBucketLifecycle(bucket) => self.put_bucket_lifecycle(&bucket, None).await,
            Op::GetBucketReferer(bucket) => self.get_bucket_referer(&bucket),
            Op::PutBucketReferer(bucket, referer) => self.put_bucket_referer(&bucket, referer).await,
            Op::GetBucketLogging(bucket) => self.get_bucket_logging(&bucket),
            Op::PutBucketLogging(bucket, logging) => self.put_bucket_logging(&bucket, logging).await,
            Op::DeleteBucketLogging(bucket) => self.put_bucket_logging(&bucket, None).await,
            Op::GetLogFields(bucket) => self.get_log_fields(&bucket),
            Op::PutLogFields(bucket, fields) => self.put_log_fields(&bucket, Some(fields)).await,
            Op::DeleteLogFields(bucket) => self.put_log_fields(&bucket, None).await,
            Op::GetBucketTagging(bucket) => self.get_bucket_tagging(caller, &bucket),
            Op::PutBucketTagging(bucket, tags) => self.put_bucket_tagging(&bucket, tags).await,
            Op::DeleteBucketTagging(bucket, keys) => self.delete_bucket_tagging(&bucket, &keys).await,
            Op::PutObject(put) => self.put_object(caller, *put, body).await,
            Op::AppendObject(append) => Box::pin(self.append_object(caller, *append, body)).await,
            Op::PutSymlink(put) => self.put_symlink(caller, *put).await,
            Op::GetSymlink(target) => self.get_symlink(caller, &target).await,
            Op::CopyObject(copy) => self.copy_object(caller, *copy).await,
            Op::DeleteObject(delete) => self.delete_object(caller, *delete).await,
            Op::DeleteObjects(delete) => self.delete_objects(caller, delete).await,
            Op::CreateMultipartUpload(create) => self.create_upload(caller, *create).await,
            Op::UploadPart(part) => self.upload_part(*part, body).await,
            Op::UploadPartCopy(copy) => self.upload_part_copy(caller, *copy).await,
            Op::CompleteMultipartUpload(complete) => self.complete_upload(caller, *complete).await,
            Op::AbortMultipartUpload(upload) => self.abort_upload(&upload).await,
            Op::ListParts(query) => self.list_parts(&query).await,
            Op::ListMultipartUploads(query) => self.list_uploads(&query).await,
        }
    }

    /// The account that owns a bucket, as answers show it.
    pub(crate) fn owner_of(&self, bucket: &Bucket) -> Owner {
        bucket.access.owner.clone().unwrap_or_else(|| self.accounts.root().clone())
    }

    /// The bucket, or that there is none.
    pub(crate) fn known(&self, name: &BucketName) -> Result<Arc<Known>> {
        self.buckets.find(name.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: name.as_str().into() })
    }
}

/// Whether an operation asks for rights key by key instead of once: a deletion of many, and a visit of a website, whose key
/// only the website document knows.
fn judges_itself(caller: &Caller<'_>, op: &Op) -> bool {
    match op {
        Op::DeleteObjects(_) | Op::GetHomePage(..) | Op::HeadHomePage(..) => true,
        Op::GetObject(get) | Op::HeadObject(get) => is_visit(caller, get),
        _ => false,
    }
}
