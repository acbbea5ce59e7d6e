//! The behaviour: one file per operation, and the fill of a missing object from its origin.
