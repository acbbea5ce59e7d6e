//! The place of a walk, remembered on the disk: a server that is started anew more often than a walk takes still comes to
//! the last key.
//!
//! The file is replaced as a whole and not synced: whoever loses it begins a walk anew, which repeats work and harms
//! nothing. A file that cannot be read or written is the same as none.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use headwater_model::BucketName;
use headwater_model::bucket::Generation;
use headwater_model::multipart::UploadId;
use headwater_model::version::VersionId;
use serde::{Deserialize, Serialize};

/// First byte of the file: its format.
const VERSION: u8 = 1;

/// What of a bucket is walked through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Stage {
    Objects,
    Uploads,
    Versions,
}

/// Where a walk is: everything before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) bucket: BucketName,
    pub(super) generation: Generation,
    pub(super) stage: Stage,
    /// The last key seen in this stage.
    pub(super) after: Box<str>,
    /// The last upload seen of that key.
    pub(super) after_upload: Option<UploadId>,
    /// The last version seen of that key.
    pub(super) after_version: Option<VersionId>,
}

/// Pages on which nothing was removed before the place is written down all the same: to walk over them again costs reads
/// alone, and most walks remove nothing.
const UNWRITTEN_PAGES: u32 = 64;

/// The file.
pub(super) struct Progress {
    path: Option<PathBuf>,
    resumed: Option<Place>,
    /// Pages since the place was written down.
    unwritten: AtomicU32,
}

impl Progress {
    pub(super) async fn load(path: Option<PathBuf>) -> Self {
        let resumed = in_pool(path.clone(), |path| {
            let bytes = std::fs::read(path)?;
            let place = bytes.split_first().filter(|(version, _)| **version == VERSION).map(|(_, place)| place);
            Ok(place.and_then(|place| postcard::from_bytes(place).ok()))
        });
        // There is no file unless a walk was stopped.
        Self { resumed: resumed.await.and_then(Result::ok).flatten(), path, unwritten: AtomicU32::new(0) }
    }

    /// Where a former walk was stopped; told once.
    pub(super) fn take(&mut self) -> Option<Place> {
        self.resumed.take()
    }

    /// The walk has come to `place`; `changed`: it has removed something on the page before it.
    pub(super) async fn note(&self, place: &Place, changed: bool) {
        if changed || self.unwritten.fetch_add(1, Ordering::Relaxed) + 1 >= UNWRITTEN_PAGES {
            self.save(place).await;
        }
    }

    async fn save(&self, place: &Place) {
        self.unwritten.store(0, Ordering::Relaxed);
        let bytes = postcard::to_extend(place, vec![VERSION]);
        let saved = in_pool(self.path.clone(), |path| {
            let next = path.with_extension("next");
            std::fs::write(&next, bytes.map_err(std::io::Error::other)?)?;
            std::fs::rename(next, path)
        });
        if let Some(Err(error)) = saved.await {
            tracing::debug!(%error, "the place of a lifecycle walk could not be written down");
        }
    }

    /// The walk has ended.
    pub(super) async fn clear(&self) {
        // That there is no file is what is wanted.
        let _ = in_pool(self.path.clone(), |path| std::fs::remove_file(path)).await;
    }
}

/// Runs `work` on the file where it may wait for the disk; `None` without a file.
async fn in_pool<T: Send + 'static>(
    path: Option<PathBuf>,
    work: impl FnOnce(&std::path::Path) -> std::io::Result<T> + Send + 'static,
) -> Option<std::io::Result<T>> {
    let path = path?;
    Some(
        tokio::task::spawn_blocking(move || work(&path))
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_told_again_until_the_walk_ends() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Some(directory.path().join("lifecycle.walk"));
        let place = Place {
            bucket: BucketName::parse("bkt").expect("a name"),
            generation: Generation(3),
            stage: Stage::Uploads,
            after: "key".into(),
            after_upload: Some(UploadId([7; 16])),
            after_version: Some(VersionId::Null),
        };
        assert_eq!(Progress::load(path.clone()).await.take(), None);
        let unchanged = Progress::load(path.clone()).await;
        for _ in 1..UNWRITTEN_PAGES {
            unchanged.note(&place, false).await;
        }
        assert_eq!(Progress::load(path.clone()).await.take(), None, "a walk that changes nothing writes seldom");
        unchanged.note(&place, false).await;
        assert_eq!(Progress::load(path.clone()).await.take(), Some(place.clone()));
        unchanged.clear().await;
        Progress::load(path.clone()).await.note(&place, true).await;
        let mut progress = Progress::load(path.clone()).await;
        assert_eq!(progress.take(), Some(place));
        assert_eq!(progress.take(), None);
        progress.clear().await;
        assert_eq!(Progress::load(path.clone()).await.take(), None);
        std::fs::write(path.as_ref().expect("a path"), [VERSION, 0xFF]).expect("written");
        assert_eq!(Progress::load(path).await.take(), None, "what cannot be read is none");
    }
}
