//! Small objects in memory: a hit on them is one look-up.
//!
//! Guarantees: what [`HotSet::get`] gives was visible at some moment during the call. A commit removes its keys before
//! anybody can see the new row, and an object read before the commit cannot get in after it.
//!
//! How: each key belongs to one of some shards, each with an epoch that commits raise. A reader notes the epoch before it
//! looks a row up and inserts only if, under the shard's lock, the epoch is still the same.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard};

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};

use crate::StoredObject;

/// Epochs: commits of a batch rarely meet a reader of the same shard.
const SHARDS: usize = 64;
/// What an object costs in memory beside key and body: its metadata, handles and the cache's own entry.
const OBJECT_OVERHEAD_BYTES: u64 = 512;
/// Objects expected when the set is full; the cache only sizes its tables by it.
const EXPECTED_OBJECT_BYTES: u64 = 4 << 10;

/// The set. Bounded by weight, least useful out first.
pub(super) struct HotSet {
    objects: Cache<HotKey, StoredObject, ByteWeight, RandomState>,
    epochs: Vec<Mutex<u64>>,
    hasher: RandomState,
}

/// A reader's claim that what it is about to look up is current.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch {
    shard: usize,
    value: u64,
}

#[derive(Clone, PartialEq, Eq)]
struct HotKey {
    generation: Generation,
    key: ObjectKey,
}

/// A key to look up, borrowed.
struct KeyRef<'a> {
    generation: Generation,
    key: &'a str,
}

impl Hash for HotKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        KeyRef { generation: self.generation, key: self.key.as_str() }.hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.generation.hash(state);
        self.key.hash(state);
    }
}

impl Equivalent<HotKey> for KeyRef<'_> {
    fn equivalent(&self, key: &HotKey) -> bool {
        self.generation == key.generation && self.key == key.key.as_str()
    }
}

#[derive(Clone)]
struct ByteWeight;

impl Weighter<HotKey, StoredObject> for ByteWeight {
    fn weight(&self, key: &HotKey, object: &StoredObject) -> u64 {
        OBJECT_OVERHEAD_BYTES + key.key.as_str().len() as u64 + object.meta.size_bytes
    }
}

impl HotSet {
    /// An empty set of at most `limit_bytes`.
    pub(super) fn new(limit_bytes: u64) -> Self {
        let expected = usize::try_from(limit_bytes / EXPECTED_OBJECT_BYTES).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(expected)
            .weight_capacity(limit_bytes)
            .build()
            .expect("both capacities are given");
        Self {
            objects: Cache::with_options(options, ByteWeight, RandomState::default(), DefaultLifecycle::default()),
            epochs: (0..SHARDS).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The object, if it is in memory.
    pub(super) fn get(&self, generation: Generation, key: &ObjectKey) -> Option<StoredObject> {
        self.objects.get(&KeyRef { generation, key: key.as_str() })
    }

    /// Before looking a row up: what [`HotSet::insert`] needs.
    pub(super) fn epoch(&self, generation: Generation, key: &ObjectKey) -> Epoch {
        let shard = self.shard(generation, key);
        Epoch { shard, value: *self.lock(shard) }
    }

    /// Takes an object that was looked up after `epoch`, unless a commit came between.
    pub(super) fn insert(&self, epoch: Epoch, generation: Generation, key: &ObjectKey, object: StoredObject) {
        let current = self.lock(epoch.shard);
        if *current == epoch.value {
            self.objects.insert(HotKey { generation, key: key.clone() }, object);
        }
    }

    /// A commit touched the key. Called before its row can be seen by anybody.
    pub(super) fn invalidate(&self, generation: Generation, key: &ObjectKey) {
        let mut epoch = self.lock(self.shard(generation, key));
        *epoch = epoch.wrapping_add(1);
        self.objects.remove(&KeyRef { generation, key: key.as_str() });
    }

    /// Memory in use, about.
    pub(super) fn size_bytes(&self) -> u64 {
        self.objects.weight()
    }

    fn shard(&self, generation: Generation, key: &ObjectKey) -> usize {
        self.hasher.hash_one(KeyRef { generation, key: key.as_str() }) as usize % SHARDS
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, u64> {
        self.epochs[shard].lock().expect("nothing panics under an epoch's lock")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use headwater_model::clock::Timestamp;
    use headwater_model::digest::ETag;
    use headwater_model::object::{ObjectHeaders, ObjectKind, ObjectMeta, Provenance};

    use super::*;
    use crate::local::reading::Resident;

    const LIFE: Generation = Generation(1);

    fn object(size_bytes: u64) -> StoredObject {
        let meta = Arc::new(ObjectMeta {
            size_bytes,
            etag: ETag::from_text("tag"),
            last_modified: Timestamp(0),
            crc64: 0,
            md5: None,
            checksum: None,
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            tags: Vec::new(),
            composition: headwater_model::object::Composition::default(),
            version: headwater_model::version::VersionId::Null,
        });
        StoredObject { meta, content: Arc::new(Resident(vec![0; size_bytes as usize].into())) }
    }

    fn key(text: &str) -> ObjectKey {
        ObjectKey::parse(text).expect("valid key")
    }

    #[test]
    fn an_object_read_before_a_commit_does_not_get_in_after_it() {
        let hot = HotSet::new(1 << 20);
        let (k, epoch) = (key("k"), hot.epoch(LIFE, &key("k")));
        hot.invalidate(LIFE, &k);
        hot.insert(epoch, LIFE, &k, object(1));
        assert!(hot.get(LIFE, &k).is_none());
        hot.insert(hot.epoch(LIFE, &k), LIFE, &k, object(1));
        assert!(hot.get(LIFE, &k).is_some());
        assert!(hot.get(Generation(2), &k).is_none(), "of another life");
        hot.invalidate(LIFE, &k);
        assert!(hot.get(LIFE, &k).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let hot = HotSet::new(1 << 20);
        for n in 0..1000 {
            let k = key(&n.to_string());
            hot.insert(hot.epoch(LIFE, &k), LIFE, &k, object(60 << 10));
        }
        assert!(hot.size_bytes() <= 1 << 20, "{}", hot.size_bytes());
        assert!(hot.size_bytes() > 0);
    }
}
