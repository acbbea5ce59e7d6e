//! GetBucketStat (OSS): how much a bucket holds, counted when it is asked for.
//!
//! The count walks the listing, some million objects a second; nothing is kept for it, so it is never behind.

use std::collections::BTreeMap;

use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::{ListQuery, ListedObject};
use headwater_model::multipart::UploadId;
use headwater_model::reply::{BucketStat, Reply};
use headwater_model::version::{VersionMarker, VersionQuery};
use headwater_model::{BucketName, Error, Result};
use headwater_store::BucketRef;

use crate::engine::Engine;
use crate::versions::keeps_versions;

/// Most pages of a count: a billion objects. Who has more asks the metrics.
const MAX_PAGES: usize = 1_000_000;

impl Engine {
    /// Where versions are kept, all of them count, as OSS bills them.
    pub(crate) async fn get_bucket_stat(&self, bucket: &BucketName) -> Result<Reply> {
        let known = self.known(bucket)?;
        let mut count = Count::default();
        if keeps_versions(&known) {
            self.count_versions(&known.reference, &mut count).await?;
        } else {
            self.count_objects(&known.reference, &mut count).await?;
        }
        let uploads = self.count_uploads(&known.reference).await?;
        let classes: Vec<_> =
            count.classes.into_iter().map(|(class, (objects, size_bytes))| (class, objects, size_bytes)).collect();
        let is_empty = classes.is_empty() && count.markers == 0 && uploads == 0;
        Ok(Reply::BucketStat(BucketStat {
            objects: classes.iter().map(|(_, objects, _)| objects).sum(),
            size_bytes: classes.iter().map(|(.., size_bytes)| size_bytes).sum(),
            markers: count.markers,
            uploads,
            // What was never written to has no date.
            at: if is_empty { Timestamp::from_seconds(0) } else { self.clock.now() },
            classes,
        }))
    }

    async fn count_objects(&self, bucket: &BucketRef, count: &mut Count) -> Result<()> {
        let mut query = all();
        for _ in 0..MAX_PAGES {
            let page = self.store.list(bucket, &query).await?;
            page.objects.into_iter().for_each(|object| count.add(object));
            let Some(next) = page.next else { return Ok(()) };
            query.after = next;
            // A walk must not keep a thread of the runtime from others.
            tokio::task::yield_now().await;
        }
        Err(too_many())
    }

    async fn count_versions(&self, bucket: &BucketRef, count: &mut Count) -> Result<()> {
        let after = VersionMarker::default();
        let mut query = VersionQuery { prefix: "".into(), delimiter: "".into(), after, limit: MAX_LIST_KEYS };
        for _ in 0..MAX_PAGES {
            let page = self.store.list_versions(bucket, &query).await?;
            for version in page.versions {
                match version.object {
                    Some(object) => count.add(object),
                    None => count.markers += 1,
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            query.after = next;
            tokio::task::yield_now().await;
        }
        Err(too_many())
    }

    async fn count_uploads(&self, bucket: &BucketRef) -> Result<u64> {
        let (mut query, mut after, mut count): (_, Option<UploadId>, _) = (all(), None, 0);
        for _ in 0..MAX_PAGES {
            let page = self.store.uploads(bucket, &query, after).await?;
            count += page.uploads.len() as u64;
            let Some((key, id)) = page.next else { return Ok(count) };
            query.after = key;
            after = Some(id);
            tokio::task::yield_now().await;
        }
        Err(too_many())
    }
}

/// What was counted so far.
#[derive(Default)]
struct Count {
    /// Objects and their bytes by storage class.
    classes: BTreeMap<Option<Box<str>>, (u64, u64)>,
    markers: u64,
}

impl Count {
    fn add(&mut self, object: ListedObject) {
        let (objects, size_bytes) = self.classes.entry(object.storage_class).or_default();
        *objects += 1;
        *size_bytes += object.size_bytes;
    }
}

fn all() -> ListQuery {
    ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: MAX_LIST_KEYS }
}

fn too_many() -> Error {
    Error::internal("count a bucket", "it holds more than can be counted while somebody waits")
}
