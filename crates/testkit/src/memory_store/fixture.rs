//! Memory stores for the conformance suite.

use std::sync::Arc;

use headwater_model::clock::Clock;
use headwater_model::{BoxFuture, Result};
use headwater_store::Store;

use super::content::RESIDENT_BYTES;
use super::{MemoryStore, ready};
use crate::store_suite::{Factory, Fixture};

/// Makes empty [`MemoryStore`]s.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryFactory;

impl Factory for MemoryFactory {
    fn make(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Box<dyn Fixture>> {
        ready(Box::new(MemoryStore::new(clock)))
    }
}

impl Fixture for MemoryStore {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<bool>> {
        ready(Ok(false))
    }

    fn threshold_bytes(&self) -> usize {
        RESIDENT_BYTES
    }
}
