//! The history of rules: the last versions of each bucket's website document.
//!
//! Guarantees: a version is on the disk before [`History::add`] returns, and a crash leaves the file of a bucket as it
//! was or as it is to be, never between. Nothing here is secret: who adds a version has masked it.
//!
//! How: one file for each life of a bucket, `GENERATION.jsonl`, a line for each of its last [`MAX_REVISIONS`] versions,
//! oldest first. A file is replaced as a whole. Files of buckets that are gone go with them, or with the next start.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_model::bucket::Generation;
use serde::{Deserialize, Serialize};

/// Versions that are kept of a bucket: enough to go back over a day of trying, and 20 MiB at the very most.
const MAX_REVISIONS: usize = 20;

/// A version of a website document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The bucket's rule version that it made.
    pub rule_version: u64,
    /// When it was made, in milliseconds since 1970.
    pub time_ms: i64,
    /// Access key id of who made it; empty if nobody signed.
    pub who: String,
    /// The document as XML; none if it was taken away. Masked are secrets, and the values of headers that rules set, which
    /// may be some: who puts it back gives those again that are no longer stored.
    pub website: Option<String>,
}

/// The histories of all buckets, in a directory of their own.
#[derive(Clone)]
pub struct History {
    directory: Arc<Path>,
    /// Held over a change of any file.
    change: Arc<tokio::sync::Mutex<()>>,
}

impl History {
    /// The histories in `directory`, which is made if there is none; those of other lives than `living` are deleted.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(directory: &Path, living: &[Generation]) -> io::Result<Self> {
        if !directory.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if !living.iter().any(|generation| path == file(directory, *generation)) {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { directory: directory.into(), change: Arc::default() })
    }

    /// Adds a version; the oldest goes when there are too many.
    pub(crate) async fn add(&self, generation: Generation, revision: Revision) -> io::Result<()> {
        let _order = self.change.lock().await;
        let path = file(&self.directory, generation);
        blocking(move || {
            let mut revisions = read(&path)?;
            revisions.push(revision);
            let superfluous = revisions.len().saturating_sub(MAX_REVISIONS);
            replace(&path, revisions.get(superfluous..).unwrap_or_default())
        })
        .await
    }

    /// The versions of a bucket, oldest first.
    pub(crate) async fn read(&self, generation: Generation) -> io::Result<Vec<Revision>> {
        let path = file(&self.directory, generation);
        blocking(move || read(&path)).await
    }

    /// Deletes the history of a bucket that is gone.
    pub(crate) async fn forget(&self, generation: Generation) -> io::Result<()> {
        let _order = self.change.lock().await;
        let path = file(&self.directory, generation);
        blocking(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn file(directory: &Path, Generation(generation): Generation) -> PathBuf {
    directory.join(format!("{generation}.jsonl"))
}

fn read(path: &Path) -> io::Result<Vec<Revision>> {
    match fs::read_to_string(path) {
        Ok(text) => text.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The new file takes the place of the old one when it is whole and on the disk.
fn replace(path: &Path, revisions: &[Revision]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut text = Vec::new();
    for revision in revisions {
        serde_json::to_writer(&mut text, revision)?;
        text.push(b'\n');
    }
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(rule_version: u64) -> Revision {
        Revision { rule_version, time_ms: 7, who: "root".into(), website: None }
    }

    #[tokio::test]
    async fn the_last_versions_survive_a_restart_as_long_as_their_bucket_lives() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let history = History::open(&path, &[]).unwrap();
        for version in 1..=25 {
            history.add(Generation(3), revision(version)).await.unwrap();
        }
        history.add(Generation(4), revision(1)).await.unwrap();
        history.add(Generation(5), revision(1)).await.unwrap();
        history.forget(Generation(4)).await.unwrap();
        history.forget(Generation(4)).await.unwrap();
        assert_eq!(history.read(Generation(4)).await.unwrap(), []);

        let history = History::open(&path, &[Generation(3)]).unwrap();
        let versions: Vec<u64> =
            history.read(Generation(3)).await.unwrap().iter().map(|revision| revision.rule_version).collect();
        assert_eq!(versions, (6..=25).collect::<Vec<u64>>());
        assert_eq!(history.read(Generation(5)).await.unwrap(), [], "nothing is kept of a bucket that is gone");
    }
}
