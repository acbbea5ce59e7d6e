//! What readers see: the overlay of durable changes over the index.
//!
//! Guarantees: every row is visible from the moment its entry is durable, in an overlay or in the index, at every
//! moment; a row read twice never goes back in time. A chunk of several rows shows each row as it was at some moment
//! during the read, not all of them at one.
//!
//! How: reads look into the active overlay, then into the one that a checkpoint is applying, then into the index, in
//! that order. The checkpoint drops its overlay only after the index has the rows, so the order misses nothing.

use std::path::PathBuf;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::redb::{RedbIndex, RedbSnapshot, spread};
use headwater_model::{Error, Result};

use super::accounting::Accounting;
use super::change::{self, RowChange};
use super::merge::{Chunk, LayerRow};
use super::overlay::Overlay;

/// The visible rows.
pub(super) struct View {
    /// `None` only while it is opened again, and if that failed.
    index: RwLock<Option<RedbIndex>>,
    path: PathBuf,
    layers: RwLock<Layers>,
}

/// The overlays, and what they come to.
#[derive(Debug, Default)]
pub(super) struct Layers {
    active: Overlay,
    frozen: Option<Arc<Frozen>>,
    /// Counts and sizes of all visible rows.
    pub(super) accounting: Accounting,
    /// Sequence of the last visible entry.
    pub(super) sequence: u64,
    /// How often a version became current again. Whoever walks over rows that move begins anew when it changes: a row may
    /// have gone from where he had not yet been to where he was.
    pub(super) promotions: u64,
    /// Log bytes of the entries in the active overlay.
    pub(super) tail_bytes: u64,
}

/// An overlay that a checkpoint has taken, and what belongs into the same commit.
#[derive(Debug)]
pub(super) struct Frozen {
    /// Its rows.
    pub(super) rows: Overlay,
    /// Sequence of the last entry in it.
    pub(super) sequence: u64,
    /// Rows of the accounting as it was when the overlay was taken.
    pub(super) figures: Vec<(Vec<u8>, Option<Bytes>)>,
}

impl Layers {
    /// What a start begins with: the figures of the index, and nothing over it.
    pub(super) fn new(accounting: Accounting, applied_sequence: u64) -> Self {
        Self { accounting, sequence: applied_sequence, ..Self::default() }
    }

    /// Makes the rows of an entry visible.
    pub(super) fn publish(&mut self, sequence: u64, changes: &[RowChange]) {
        for change in changes {
            self.active.put(change);
        }
        self.promotions += u64::from(change::promotes(changes));
        self.sequence = sequence;
    }

    /// What the overlays know of a row.
    fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.active.get(key).or_else(|| self.frozen.as_ref().and_then(|frozen| frozen.rows.get(key)))
    }

    /// Rows of the overlays from the start of `range` on.
    pub(super) fn chunk(&self, range: &KeyRange, limit: usize) -> Chunk {
        let active = self.active.chunk(range, limit);
        match &self.frozen {
            Some(frozen) => active.over(frozen.rows.chunk(range, limit)),
            None => active,
        }
    }

    /// Memory of the rows that no checkpoint has taken yet.
    pub(super) fn active_bytes(&self) -> usize {
        self.active.size_bytes()
    }

    /// Whether a checkpoint would have nothing to do.
    pub(super) fn is_settled(&self) -> bool {
        self.active.is_empty() && self.frozen.is_none()
    }

    /// Takes the active overlay for a checkpoint, or again the one that a failed checkpoint left.
    pub(super) fn freeze(&mut self) -> Arc<Frozen> {
        if let Some(frozen) = &self.frozen {
            return Arc::clone(frozen);
        }
        let figures = self.accounting.checkpoint_rows();
        let rows = std::mem::take(&mut self.active);
        let frozen = Arc::new(Frozen { rows, sequence: self.sequence, figures });
        self.tail_bytes = 0;
        self.frozen = Some(Arc::clone(&frozen));
        frozen
    }

    /// The index has the frozen rows.
    pub(super) fn thaw(&mut self) {
        self.frozen = None;
    }

    /// Whether a checkpoint holds an overlay.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }
}

impl View {
    /// The rows of `index`, whose file is `path`, with nothing over them.
    pub(super) fn new(index: RedbIndex, path: PathBuf, layers: Layers) -> Self {
        Self { index: RwLock::new(Some(index)), path, layers: RwLock::new(layers) }
    }

    /// Looks at the index below.
    pub(super) fn with_index<T>(&self, look: impl FnOnce(&RedbIndex) -> Result<T>) -> Result<T> {
        let index = self.index.read().expect("opening an index does not panic");
        match &*index {
            Some(index) => look(index),
            None => Err(Error::internal("read the index", "it could not be opened again")),
        }
    }

    /// The overlays, to read.
    pub(super) fn layers(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().expect("publishing does not panic")
    }

    /// The overlays, to change.
    pub(super) fn layers_mut(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().expect("publishing does not panic")
    }

    /// Applies a frozen overlay and `more` rows to the index, in one durable commit.
    ///
    /// # Errors
    /// `StorageFull`: nothing changed, and it can be tried again. After any other error the index is of no further use.
    pub(super) fn apply(&self, frozen: &Frozen, more: &[(Vec<u8>, Option<Bytes>)]) -> Result<()> {
        let rows = frozen.rows.rows().map(|(key, value)| (key.as_ref(), value.as_deref()));
        let figures = frozen.figures.iter().chain(more).map(|(key, value)| (key.as_slice(), value.as_deref()));
        match self.with_index(|index| index.apply(spread(rows).chain(figures), frozen.sequence)) {
            Err(Error::StorageFull) => self.open_again().and(Err(Error::StorageFull)),
            applied => applied,
        }
    }

    /// An index whose commit failed takes no other until it is opened again; what it holds then is its former state.
    fn open_again(&self) -> Result<()> {
        let mut index = self.index.write().expect("opening an index does not panic");
        // Closed first: its file can be open only once.
        drop(index.take());
        *index = Some(RedbIndex::open(&self.path)?);
        Ok(())
    }

    /// A row.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        if let Some(known) = self.layers().get(key) {
            return Ok(known.clone());
        }
        self.with_index(|index| index.get(key))
    }

    /// What the overlays know, and the index below them, of one moment.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Layers) -> T) -> Result<(T, RedbSnapshot)> {
        // While the layers are held nothing is published, frozen or dropped. The index may get the frozen rows meanwhile,
        // but these are over it in any case.
        let layers = self.layers();
        Ok((look(&layers), self.with_index(RedbIndex::snapshot)?))
    }

    /// Several rows of one moment.
    pub(super) fn get_together<const N: usize>(&self, keys: [&[u8]; N]) -> Result<[Option<Bytes>; N]> {
        let (known, snapshot) = self.look(|layers| keys.map(|key| layers.get(key).cloned()))?;
        let mut rows = [const { None }; N];
        for ((row, known), key) in rows.iter_mut().zip(known).zip(keys) {
            *row = known.map_or_else(|| snapshot.get(key), Ok)?;
        }
        Ok(rows)
    }

    /// Rows from the starts of several ranges on, each with the limit of [`View::chunk`], all of one moment.
    pub(super) fn chunks(&self, ranges: &[(KeyRange, usize)]) -> Result<Vec<Chunk>> {
        let (uppers, snapshot) = self.look(|layers| -> Vec<Chunk> {
            ranges.iter().map(|(range, limit)| layers.chunk(range, *limit)).collect()
        })?;
        let laid = |(upper, (range, limit)): (Chunk, &(KeyRange, usize))| {
            let rows = snapshot.scan(range, *limit)?;
            let lower = rows.into_iter().map(|row| (Bytes::from(row.key), Some(row.value))).collect();
            Ok(upper.over(Chunk::of(lower, *limit)))
        };
        uppers.into_iter().zip(ranges).map(laid).collect()
    }

    /// Rows from the start of `range` on, about `limit` of them; deleted ones are shown as such.
    pub(super) fn chunk(&self, range: &KeyRange, limit: usize) -> Result<Chunk> {
        // The overlays first: rows that a checkpoint moves meanwhile are then seen twice instead of never.
        let upper = self.layers().chunk(range, limit);
        let rows = self.with_index(|index| index.scan(range, limit))?;
        let lower = rows.into_iter().map(|row| (Bytes::from(row.key), Some(row.value))).collect();
        Ok(upper.over(Chunk::of(lower, limit)))
    }

    /// The visible rows of `range` in order, read `chunk_limit` at a time.
    pub(super) fn rows(&self, range: KeyRange, chunk_limit: usize) -> Rows<'_> {
        Rows { view: self, chunk: Vec::new(), next: 0, rest: Some(range), chunk_limit }
    }
}

/// Walks over visible rows; after an error comes nothing more.
pub(super) struct Rows<'a> {
    view: &'a View,
    chunk: Vec<LayerRow>,
    /// Position in `chunk`.
    next: usize,
    /// What lies behind `chunk`.
    rest: Option<KeyRange>,
    chunk_limit: usize,
}

impl Rows<'_> {
    /// Skips the rows below `key`.
    pub(super) fn seek(&mut self, key: Vec<u8>) {
        self.next += self.chunk[self.next..].partition_point(|(row, _)| row.as_ref() < key.as_slice());
        if self.next == self.chunk.len() {
            self.rest = self.rest.take().map(|rest| rest.starting_at(key));
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<(Bytes, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while let Some((key, value)) = self.chunk.get_mut(self.next) {
                self.next += 1;
                if let Some(value) = value.take() {
                    return Some(Ok((std::mem::take(key), value)));
                }
            }
            let range = self.rest.take()?;
            match self.view.chunk(&range, self.chunk_limit) {
                Ok(chunk) => {
                    self.rest = chunk.rest_of(&range);
                    self.chunk = chunk.rows;
                    self.next = 0;
                }
                Err(error) => {
                    self.chunk.clear();
                    self.next = 0;
                    return Some(Err(error));
                }
            }
        }
    }
}
