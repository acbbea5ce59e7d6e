//! One walk over everything that lifecycle rules speak of.
//!
//! ```text
//! bucket by name ─► objects ─► uploads ─► versions ─► next bucket   (each in pages, the place written down after each)
//!                     │
//!                     └► due by the listing ─► tags, if a rule asks ─► delete_if (tag, date and size as listed)
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::lifecycle::{DayLength, LifecycleConfiguration, Subject};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::{ListQuery, ListedObject};
use headwater_model::multipart::UploadInfo;
use headwater_model::object::Tags;
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::Afterwards;

use super::counters::Done;
use super::progress::{Place, Progress, Stage};
use crate::control::Known;
use crate::engine::Engine;

/// Removals under way together: enough to share a sync of the log, too few to crowd out clients.
const CONCURRENT_REMOVALS: usize = 16;
/// The longest rest after a page, so that a page that took long because others were busy does not stop the walk.
const MAX_REST: Duration = Duration::from_secs(1);

/// A walk while it runs.
pub(super) struct Walk<'e> {
    pub(super) engine: &'e Engine,
    pub(super) day: DayLength,
    pub(super) progress: Progress,
}

/// A bucket and its rules as of now.
pub(super) struct Ruled {
    pub(super) known: Arc<Known>,
    pub(super) rules: Arc<LifecycleConfiguration>,
}

impl<'e> Walk<'e> {
    pub(super) fn new(engine: &'e Engine, day: DayLength, progress: Progress) -> Self {
        Self { engine, day, progress }
    }

    pub(super) async fn run(mut self) {
        let counters = &self.engine.lifecycle;
        let before = (counters.objects(), counters.uploads(), counters.versions());
        let (began, resumed) = (self.engine.clock.elapsed(), self.progress.take());
        let mut buckets = 0_u32;
        for bucket in self.engine.buckets.sorted() {
            let start = match &resumed {
                Some(place) if bucket.name < place.bucket => continue,
                Some(place) if bucket.name == place.bucket && bucket.generation == place.generation => place.clone(),
                _ => beginning(&bucket.name, bucket.generation),
            };
            if bucket.configuration.lifecycle.is_none() {
                continue;
            }
            buckets += 1;
            self.bucket(start).await;
        }
        self.progress.clear().await;
        counters.count(Done::Walk);
        let (objects, uploads) = (counters.objects() - before.0, counters.uploads() - before.1);
        let versions = counters.versions() - before.2;
        let took = self.engine.clock.elapsed().saturating_sub(began);
        if objects + uploads + versions > 0 {
            tracing::info!(buckets, objects, uploads, versions, ?took, "lifecycle rules carried out");
        } else {
            tracing::debug!(buckets, ?took, "lifecycle rules carried out, nothing was due");
        }
    }

    /// What is left of a bucket; a stage that fails does not keep the next from its own.
    async fn bucket(&self, start: Place) {
        for stage in [Stage::Objects, Stage::Uploads, Stage::Versions].into_iter().filter(|stage| *stage >= start.stage)
        {
            let place = if stage == start.stage {
                start.clone()
            } else {
                Place { stage, ..beginning(&start.bucket, start.generation) }
            };
            let walked = match stage {
                Stage::Objects => self.objects(place).await,
                Stage::Uploads => self.uploads(place).await,
                Stage::Versions => self.versions(place).await,
            };
            if let Err(error) = walked {
                self.engine.lifecycle.count(Done::Failure);
                let bucket = &start.bucket;
                tracing::warn!(%bucket, ?stage, %error, "the lifecycle rules of a bucket could not be carried out");
            }
        }
    }

    /// The bucket, unless it or its rules went.
    pub(super) fn ruled(&self, place: &Place) -> Option<Ruled> {
        let known = self.engine.buckets.find(place.bucket.as_str())?;
        let rules = known.bucket.configuration.lifecycle.clone()?;
        (known.bucket.generation == place.generation).then_some(Ruled { known, rules })
    }

    /// Keys ascend from page to page, so it ends.
    async fn objects(&self, mut place: Place) -> Result<()> {
        let mut damaged = 0;
        while let Some(ruled) = self.ruled(&place) {
            if !ruled.rules.enabled().any(|rule| rule.expiration.is_some_and(|expiration| expiration.due.is_some())) {
                return Ok(());
            }
            let (began, removed) = (self.engine.clock.elapsed(), self.removed());
            let query = query(&ruled.rules, &place);
            let page = self.engine.store.list(&ruled.known.reference, &query).await?;
            self.pass_damaged(&ruled, &page.damaged, &mut damaged);
            futures_util::stream::iter(page.objects)
                .for_each_concurrent(CONCURRENT_REMOVALS, |object| self.judge(&ruled, object))
                .await;
            let Some(next) = page.next else { return Ok(()) };
            place.after = next;
            self.progress.note(&place, self.removed() != removed).await;
            self.rest(began).await;
        }
        Ok(())
    }

    async fn judge(&self, ruled: &Ruled, object: ListedObject) {
        match self.expire(ruled, &object).await {
            Ok(true) => self.engine.lifecycle.count(Done::Object),
            // Somebody changed it meanwhile, or it may not be removed: it is looked at again by the next walk.
            Ok(false)
            | Err(Error::PreconditionFailed { .. } | Error::NoSuchKey { .. } | Error::ObjectLocked { .. }) => {}
            Err(error) => self.failed(ruled, object.key.as_str(), &error),
        }
    }

    pub(super) fn failed(&self, ruled: &Ruled, key: &str, error: &Error) {
        self.engine.lifecycle.count(Done::Failure);
        tracing::warn!(bucket = %ruled.known.bucket.name, key, %error, "what was due could not be removed");
    }

    /// Removes an object that is due; `false` if it is not, or is no longer what was listed.
    async fn expire(&self, ruled: &Ruled, object: &ListedObject) -> Result<bool> {
        let now = self.engine.clock.now();
        let due = |tags: &Tags| {
            let subject = Subject { key: object.key.as_str(), size_bytes: object.size_bytes, tags };
            ruled.rules.expiry(&subject, object.last_modified, self.day).is_some_and(|(at, _)| at <= now)
        };
        if !self.could_be_due(ruled, object, now) {
            return Ok(false);
        }
        let known = &ruled.known;
        let tags = if ruled.rules.enabled().any(headwater_model::lifecycle::LifecycleRule::asks_for_tags) {
            match self.engine.store.open(&known.reference, &object.key).await? {
                Some(found) if found.meta.etag == object.etag => found.meta.tags.clone(),
                _ => return Ok(false),
            }
        } else {
            Tags::new()
        };
        if !due(&tags) {
            return Ok(false);
        }
        let condition = ObjectCondition {
            if_match: Some(TagCondition::OneOf(vec![object.etag.clone()])),
            if_none_match: None,
            last_modified: Some(object.last_modified),
            size_bytes: Some(object.size_bytes),
        };
        let deleted =
            self.engine.store.delete_if(&known.reference, &object.key, Afterwards::Refetchable, &condition).await;
        self.engine.fills.forget_absence(known.bucket.generation, &object.key);
        deleted.map(|deleted| deleted.found)
    }

    /// Whether some rule is due for what is as old: most objects are not, and their tags need not be looked up.
    fn could_be_due(&self, ruled: &Ruled, object: &ListedObject, now: Timestamp) -> bool {
        ruled.rules.enabled().any(|rule| {
            let due = rule.expiration.and_then(|expiration| expiration.due);
            due.and_then(|due| due.moment(object.last_modified, self.day)).is_some_and(|at| at <= now)
                && object.key.as_str().starts_with(rule.key_prefix())
        })
    }

    async fn uploads(&self, mut place: Place) -> Result<()> {
        while let Some(ruled) = self.ruled(&place) {
            if !ruled.rules.enabled().any(|rule| rule.abort_uploads.is_some()) {
                return Ok(());
            }
            let (began, removed) = (self.engine.clock.elapsed(), self.removed());
            let query = query(&ruled.rules, &place);
            let page = self.engine.store.uploads(&ruled.known.reference, &query, place.after_upload).await?;
            for upload in &page.uploads {
                self.abort(&ruled, upload).await;
            }
            let Some((key, id)) = page.next else { return Ok(()) };
            (place.after, place.after_upload) = (key, Some(id));
            self.progress.note(&place, self.removed() != removed).await;
            self.rest(began).await;
        }
        Ok(())
    }

    async fn abort(&self, ruled: &Ruled, upload: &UploadInfo) {
        let due = ruled.rules.upload_expiry(upload.key.as_str(), upload.initiated, self.day);
        if due.is_none_or(|at| at > self.engine.clock.now()) {
            return;
        }
        match self.engine.store.abort_upload(&ruled.known.reference, &upload.key, upload.id).await {
            Ok(()) => self.engine.lifecycle.count(Done::Upload),
            // It was completed or aborted meanwhile.
            Err(Error::NoSuchUpload { .. }) => {}
            Err(error) => self.failed(ruled, upload.key.as_str(), &error),
        }
    }

    /// How much was removed since the start; one walk runs at a time.
    pub(super) fn removed(&self) -> u64 {
        let counters = &self.engine.lifecycle;
        counters.objects() + counters.uploads() + counters.versions()
    }

    /// Counts what cannot be read, and tells of the first of a bucket: the walk goes on behind it.
    pub(super) fn pass_damaged(&self, ruled: &Ruled, keys: &[ObjectKey], before: &mut usize) {
        if let Some(key) = keys.first().filter(|_| *before == 0) {
            let (bucket, key) = (&ruled.known.bucket.name, key.as_str());
            tracing::warn!(%bucket, key, "a row is damaged and passed over; run headwater doctor");
        }
        for _ in keys {
            self.engine.lifecycle.count(Done::Failure);
        }
        *before += keys.len();
    }

    /// Rests as long as the page took.
    pub(super) async fn rest(&self, began: Duration) {
        let took = self.engine.clock.elapsed().saturating_sub(began);
        tokio::task::yield_now().await;
        self.engine.clock.sleep(took.min(MAX_REST)).await;
    }
}

fn beginning(bucket: &BucketName, generation: Generation) -> Place {
    Place {
        bucket: bucket.clone(),
        generation,
        stage: Stage::Objects,
        after: "".into(),
        after_upload: None,
        after_version: None,
    }
}

fn query(rules: &LifecycleConfiguration, place: &Place) -> ListQuery {
    ListQuery {
        prefix: rules.shared_prefix().into(),
        delimiter: "".into(),
        after: place.after.clone(),
        limit: MAX_LIST_KEYS,
    }
}
