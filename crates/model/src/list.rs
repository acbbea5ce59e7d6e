//! Listings of objects.

use crate::clock::Timestamp;
use crate::digest::{ChecksumAlgorithm, ChecksumType, ETag};
use crate::name::ObjectKey;
use crate::object::ObjectKind;
use crate::reply::Owner;

/// Which page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Only keys that begin so; empty for all.
    pub prefix: Box<str>,
    /// Keys that contain it after the prefix are collapsed into one common prefix each; empty for none.
    pub delimiter: Box<str>,
    /// Only keys and common prefixes greater than this (byte order); empty for the beginning. A marker that is itself
    /// a common prefix skips everything below it.
    pub after: Box<str>,
    /// Most entries (keys and common prefixes together), 0 to [`crate::limits::MAX_LIST_KEYS`].
    pub limit: usize,
}

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// Key.
    pub key: ObjectKey,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Entity tag.
    pub etag: ETag,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// How it came together.
    pub kind: ObjectKind,
    /// Algorithm of its additional checksum, if it has one.
    pub checksum_algorithm: Option<ChecksumAlgorithm>,
    /// Of what that checksum is one.
    pub checksum_type: ChecksumType,
    /// Storage class as its writer named it; none is the standard one.
    pub storage_class: Option<Box<str>>,
    /// The account that owns it, if that is not its bucket's owner.
    pub owner: Option<Owner>,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Objects in byte order of their keys.
    pub objects: Vec<ListedObject>,
    /// Common prefixes in byte order, each ending with the delimiter.
    pub common_prefixes: Vec<Box<str>>,
    /// Keys of this page whose rows cannot be read: each counts as an entry.
    pub damaged: Vec<ObjectKey>,
    /// If more follows: the last key or common prefix of this page, to be given as `after` for the next.
    pub next: Option<Box<str>>,
}
