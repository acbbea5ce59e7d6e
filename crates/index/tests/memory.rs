//! The model keeps the contract.

use std::sync::Arc;

use headwater_index::Index;
use headwater_index::memory::MemoryIndex;

headwater_testkit::index_conformance!((Arc::new(MemoryIndex::new()) as Arc<dyn Index>, ()));
