//! The local store keeps every promise of the contract, however it is ended between two lives.

mod support;

mod closed {
    use super::support::LocalFactory;

    headwater_testkit::store_conformance!(LocalFactory::default());
}

/// Killed instead of closed, with log segments and checkpoints so small that everything happens all the time.
mod dropped {
    use super::support::{Ending, LocalFactory};

    headwater_testkit::store_conformance!(LocalFactory {
        segment_bytes: 4 << 10,
        overlay_bytes: 2 << 10,
        ending: Ending::Dropped,
    });
}
