//! A local store in a directory of its own, and small steps on it.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::{BoxFuture, Error, Result};
use headwater_store::{LocalConfig, LocalStore, Store};
use headwater_testkit::store_suite::{Factory, Fixture};
use tempfile::TempDir;

/// Longest close of a test's store: far more than it needs.
pub const CLOSE_LIMIT: Duration = Duration::from_mins(1);

/// Makes local stores, each in a fresh directory.
#[derive(Clone, Debug)]
pub struct LocalFactory {
    /// Size at which segments are rolled: small ones exercise rolling and compaction.
    pub segment_bytes: u64,
    /// Memory of rows that forces a checkpoint.
    pub overlay_bytes: usize,
    /// Whether reopening closes the store first or drops it, as a killed process would.
    pub ending: Ending,
}

/// How a store ends before it is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Dropped,
}

impl Default for LocalFactory {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, overlay_bytes: 16 << 20, ending: Ending::Closed }
    }
}

struct LocalFixture {
    dir: TempDir,
    config: LocalConfig,
    ending: Ending,
    store: Option<Arc<LocalStore>>,
}

impl Factory for LocalFactory {
    fn make(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Box<dyn Fixture>> {
        Box::pin(async move {
            let dir = tempfile::tempdir().expect("a directory");
            let mut config = config(dir.path(), clock);
            config.segment_bytes = self.segment_bytes;
            config.overlay_bytes = self.overlay_bytes;
            let store = Some(LocalStore::open(config.clone()).expect("a fresh store opens"));
            Box::new(LocalFixture { dir, config, ending: self.ending, store }) as Box<dyn Fixture>
        })
    }
}

impl Fixture for LocalFixture {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("open between tests' steps")) as Arc<dyn Store>
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let store = self.store.take().expect("open between tests' steps");
            if self.ending == Ending::Closed {
                store.close(CLOSE_LIMIT).await?;
            }
            drop(store);
            let opened = LocalStore::open(self.config.clone());
            self.store = Some(opened.map_err(|error| Error::internal("reopen", error))?);
            Ok(self.dir.path().is_dir())
        })
    }

    fn threshold_bytes(&self) -> usize {
        64 << 10
    }
}

/// The configuration of a store that is never refused for want of space, whatever the machine has left.
pub fn config(dir: &Path, clock: Arc<dyn Clock>) -> LocalConfig {
    let mut config = LocalConfig::new(data_dir(dir), clock);
    config.reserve_bytes = Some(0);
    config
}

/// The data directory within a test's directory.
pub fn data_dir(dir: &Path) -> PathBuf {
    dir.join("data")
}
