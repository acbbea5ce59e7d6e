//! The control snapshot: all buckets in memory, read without locks, changed one at a time.
//!
//! A change is made in the store first and shown here after it is durable, so a reader never acts on settings that a
//! crash could take back. Secrets are sealed on their way to the store and opened on their way from it: here they are
//! in the clear, there never.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Dialect, Generation, PublicAccessBlock};
use headwater_model::limits::MAX_BUCKETS;
use headwater_model::rule::{RoutingRule, validate};
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};
use headwater_store::{BucketRef, Store};
use tokio::sync::{Mutex, MutexGuard};

use crate::engine::Engine;
use crate::seal::{Found, Seal};

/// A bucket with its reference ready for the store.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) reference: BucketRef,
}

impl Known {
    pub(crate) fn new(bucket: Bucket) -> Arc<Self> {
        Arc::new(Self { reference: BucketRef::from(&bucket), bucket: Arc::new(bucket) })
    }
}

/// All buckets as of one moment, by name.
pub(crate) type Snapshot = HashMap<Box<str>, Arc<Known>>;

/// The snapshot as of now, for all who look.
pub(crate) type SharedSnapshot = Arc<ArcSwap<Snapshot>>;

/// All buckets.
pub(crate) struct Buckets {
    snapshot: SharedSnapshot,
    /// What of the public's rights is blocked on every bucket.
    block: ArcSwap<PublicAccessBlock>,
    /// Held over a change of any bucket, from reading its settings to showing the new ones.
    change: Mutex<()>,
    seal: Arc<Seal>,
}

impl Buckets {
    /// Shows the buckets of the store in `shown`, and every change of them from now on. Opens all secrets; those that an
    /// earlier release stored in the clear are sealed before anything is served.
    pub(crate) async fn load(store: &dyn Store, seal: Arc<Seal>, shown: SharedSnapshot) -> Result<Self> {
        let mut snapshot = Snapshot::new();
        for stored in store.buckets().await? {
            let (bucket, found) = seal.open_bucket(stored)?;
            if found == Found::Clear {
                store.update_bucket(seal.seal_bucket(&bucket)).await?;
                tracing::info!(bucket = %bucket.name, "sealed the secrets of a bucket's rules");
            }
            snapshot.insert(bucket.name.as_str().into(), Known::new(bucket));
        }
        shown.store(Arc::new(snapshot));
        let block = ArcSwap::from_pointee(store.public_access().await?);
        Ok(Self { snapshot: shown, block, change: Mutex::new(()), seal })
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Known>> {
        self.snapshot.load().get(name).cloned()
    }

    /// What of the public's rights is blocked on every bucket.
    pub(crate) fn block(&self) -> PublicAccessBlock {
        **self.block.load()
    }

    /// All buckets in order of name.
    pub(crate) fn sorted(&self) -> Vec<Arc<Bucket>> {
        let mut all: Vec<_> = self.snapshot.load().values().map(|known| known.bucket.clone()).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Begins a change; no other can begin until it is dropped.
    pub(crate) async fn change(&self) -> BucketChange<'_> {
        BucketChange { buckets: self, _guard: self.change.lock().await }
    }
}

/// The right to change buckets.
pub(crate) struct BucketChange<'a> {
    buckets: &'a Buckets,
    _guard: MutexGuard<'a, ()>,
}

impl BucketChange<'_> {
    pub(crate) fn find(&self, name: &BucketName) -> Result<Arc<Known>> {
        self.buckets.find(name.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: name.as_str().into() })
    }

    pub(crate) async fn create(&self, store: &dyn Store, bucket: Bucket) -> Result<Arc<Bucket>> {
        if self.buckets.snapshot.load().len() >= MAX_BUCKETS {
            return Err(Error::TooManyBuckets { limit: MAX_BUCKETS });
        }
        let stored = store.create_bucket(self.buckets.seal.seal_bucket(&bucket)).await?;
        let known = Known::new(Bucket { website: bucket.website, ..stored });
        self.show(&known.bucket.name, Some(known.clone()));
        Ok(known.bucket.clone())
    }

    pub(crate) async fn update(&self, store: &dyn Store, bucket: Bucket) -> Result<()> {
        store.update_bucket(self.buckets.seal.seal_bucket(&bucket)).await?;
        let known = Known::new(bucket);
        self.show(&known.bucket.name, Some(known.clone()));
        Ok(())
    }

    pub(crate) async fn delete(&self, store: &dyn Store, known: &Known) -> Result<()> {
        store.delete_bucket(&known.reference).await?;
        self.show(&known.reference.name, None);
        Ok(())
    }

    pub(crate) async fn put_block(&self, store: &dyn Store, block: PublicAccessBlock) -> Result<()> {
        if block != self.buckets.block() {
            store.put_public_access(block).await?;
            self.buckets.block.store(Arc::new(block));
        }
        Ok(())
    }

    fn show(&self, name: &BucketName, known: Option<Arc<Known>>) {
        let mut next = Snapshot::clone(&self.buckets.snapshot.load());
        match known {
            Some(known) => next.insert(name.as_str().into(), known),
            None => next.remove(name.as_str()),
        };
        self.buckets.snapshot.store(Arc::new(next));
    }
}

/// A bucket that mirrors one site: what `--mirror BUCKET=ORIGIN_URL` asks for.
#[derive(Clone, Debug)]
pub struct MirrorBucket {
    /// Bucket to make.
    pub bucket: BucketName,
    /// The rule that covers every key.
    pub rule: RoutingRule,
}

impl Engine {
    /// Makes the bucket (public-read, OSS) with the rule, if there is none of that name. A bucket with the very rule is
    /// left as it is. Returns whether it was made.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the rule is wrong; [`Error::InvalidRequest`] naming both origins if the bucket exists
    /// and its rules differ.
    pub async fn ensure_mirror(&self, mirror: MirrorBucket) -> Result<bool> {
        let website = Website { rules: vec![mirror.rule], ..Website::default() };
        validate(&website)?;
        let change = self.buckets.change().await;
        if let Ok(known) = change.find(&mirror.bucket) {
            return match &known.bucket.website {
                Some(existing) if existing.rules == website.rules => Ok(false),
                existing => Err(Error::InvalidRequest {
                    message: format!(
                        "bucket {} exists with {}, not with {}; give the same origin, another bucket, or change the rule through the API",
                        mirror.bucket,
                        existing.as_deref().map_or_else(|| "no mirror rule".to_owned(), origins),
                        origins(&website),
                    )
                    .into(),
                }),
            };
        }
        let bucket = Bucket {
            name: mirror.bucket,
            generation: Generation(0),
            created: self.clock.now(),
            acl: CannedAcl::PublicRead.into(),
            access: headwater_model::bucket::BucketAccess::default(),
            dialect: Dialect::Oss,
            location: (*self.region).into(),
            storage_class: "Standard".into(),
            rule_version: 1,
            migration: headwater_model::settings::MigrationSettings::default(),
            website: Some(Arc::new(website)),
            configuration: headwater_model::bucket::BucketConfiguration::default(),
        };
        change.create(&*self.store, bucket).await?;
        Ok(true)
    }
}

/// The origins of a website's rules, for messages.
fn origins(website: &Website) -> String {
    let urls: Vec<&str> = website.rules.iter().filter_map(RoutingRule::mirror_url).collect();
    match urls.as_slice() {
        [] => "no mirror rule".to_owned(),
        urls => format!("origin {}", urls.join(", ")),
    }
}
