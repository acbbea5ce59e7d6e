//! The embedded index keeps the contract, also across closing and opening, and answers as the model does.

use std::path::Path;
use std::sync::Arc;

use headwater_index::Index;
use headwater_index::redb::RedbIndex;
use headwater_testkit::index_suite::{self, model};
use proptest::prelude::*;

fn open(directory: &Path) -> Arc<dyn Index> {
    Arc::new(RedbIndex::open(&directory.join("index")).expect("an index"))
}

headwater_testkit::index_conformance!({
    let directory = tempfile::tempdir().expect("a directory");
    (open(directory.path()), directory)
});

#[tokio::test]
async fn reopening_keeps_what_was_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    index_suite::reopening_keeps_what_was_committed(|| open(directory.path())).await;
}

proptest! {
    // Every case makes files and syncs them.
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_are_answered_as_by_the_model(operations in model::operations()) {
        let directory = tempfile::tempdir().expect("a directory");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(model::compare(|| open(directory.path()), operations));
    }
}
