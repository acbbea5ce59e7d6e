//! Compaction: winning back log segments that are mostly dead.
//!
//! Guarantees: what a row stands on is written again before its segment goes; a delete is dropped only when no segment
//! older than its own is left that could hold a put of the key, so a rebuild from the log resurrects nothing; a crash at
//! any point leaves both copies or the new one.
//!
//! How: see `docs/storage.md`, "Compaction". Every entry is judged again under the commit lock, so a row that changed
//! meanwhile is simply not the one in the segment any more.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use headwater_index::rows::{BucketRow, GoneRow, ObjectRow, PartRow, RowKind, RowValue, UploadRow};
use headwater_model::{Error, Result};

use super::accounting::SegmentUse;
use super::change::{self, RowChange};
use super::commit::Judgement;
use super::core::Core;
use super::probe::Point;
use super::reading::inline;
use super::scan::{Found, FrameReader};
use super::segment::SegmentFile;
use super::wait::block_on;

/// A segment is worth it when no more than this share of it is live: then at least as much is won as is copied.
const MOST_LIVE_PERCENT: u64 = 50;

/// An entry of the segment that is being compacted.
struct OldEntry {
    body: Bytes,
    changes: Vec<RowChange>,
}

impl Core {
    /// Compacts one segment, if one is worth it. Blocks.
    pub(super) fn compact(&self) -> Result<()> {
        let Some((segment, is_oldest)) = self.worst_segment() else { return Ok(()) };
        if !self.space.has_room(segment.row.live_bytes) {
            return Ok(());
        }
        let number = segment.number;
        let file = self.segments.get(number).map_err(failed)?;
        let Some(file) = file else { return Err(Error::internal("compact the log", format!("no segment {number}"))) };
        if !self.copy_live_entries(file, is_oldest)? {
            return Ok(());
        }
        self.config.probe.at(Point::CompactionUnlink).map_err(failed)?;
        self.segments.unlink(number).map_err(failed)?;
        self.config.probe.at(Point::CompactionUnlinked).map_err(failed)?;
        self.view.layers_mut().accounting.remove_segment(number);
        tracing::info!(segment = number, kept_bytes = segment.row.live_bytes, "log segment compacted");
        Ok(())
    }

    /// The segment with the largest dead share among those whose entries are all in the index, if it is worth it; and
    /// whether no older segment exists.
    fn worst_segment(&self) -> Option<(SegmentUse, bool)> {
        let applied = self.view.index().applied_sequence().ok()?;
        let layers = self.view.layers();
        let segments: Vec<SegmentUse> = layers.accounting.segments().collect();
        // Sealed means that the next one has an entry.
        let sealed =
            segments.iter().zip(segments.iter().skip(1)).filter(|(_, next)| next.row.first_sequence <= applied);
        let (worst, _) = sealed
            .filter(|(segment, _)| segment.row.live_bytes * 100 <= segment.size_bytes() * MOST_LIVE_PERCENT)
            .min_by_key(|(segment, _)| segment.row.live_bytes * 100 / segment.size_bytes().max(1))?;
        Some((*worst, segments.first().is_some_and(|first| first.number == worst.number)))
    }

    /// Writes again what must survive the segment; `false` if the store is ending.
    fn copy_live_entries(&self, file: Arc<SegmentFile>, is_oldest: bool) -> Result<bool> {
        let number = file.header.number;
        let mut reader = FrameReader::new(file).map_err(failed)?;
        let mut absent = HashSet::new();
        loop {
            if self.signals.is_ending() {
                return Ok(false);
            }
            let entry = match reader.next_frame().map_err(failed)? {
                Found::End => return Ok(true),
                Found::Bad(offset) => {
                    let detail = format!("log segment {number}: bad bytes at offset {offset}; run headwater doctor");
                    return Err(Error::Damaged { detail: detail.into() });
                }
                Found::Frame(offset, frame) => OldEntry {
                    body: Bytes::copy_from_slice(frame.body),
                    changes: change::decode(frame.rows).ok_or_else(|| Error::Damaged {
                        detail: format!("log segment {number}: unreadable rows at offset {offset}").into(),
                    })?,
                },
            };
            self.copy_entry(entry, is_oldest, &mut absent)?;
        }
    }

    fn copy_entry(&self, entry: OldEntry, is_oldest: bool, absent: &mut HashSet<Bytes>) -> Result<()> {
        let OldEntry { body, changes } = entry;
        for change in changes {
            // A look before the lock: most changes of a segment worth compacting are dead.
            let current = self.view.get(&change.key)?;
            let is_needed = match &change.value {
                Some(value) => current.as_ref() == Some(value),
                None => current.is_none() && !is_oldest && absent.insert(change.key.clone()),
            };
            if is_needed {
                let body = body.clone();
                block_on(self.commit(body.len(), |judgement| copy_change(judgement, change, body)))?;
                self.config.probe.at(Point::CompactionCopied).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Writes a change again if it is still what its key's row says.
fn copy_change(judgement: &mut Judgement<'_>, change: RowChange, body: Bytes) -> Result<()> {
    let RowChange { key, value, .. } = change;
    let current = judgement.get(&key)?;
    match (value, current) {
        (Some(value), Some(current)) if value == current => {
            let moved = moved_row(judgement, &key, &value, body)?;
            judgement.put(key, moved, Some(current));
        }
        (None, None) => judgement.delete_again(key),
        _ => {}
    }
    Ok(())
}

/// The row as it reads in its new entry: it names its entry's sequence, and an object its small body's new place.
fn moved_row(judgement: &mut Judgement<'_>, key: &[u8], value: &Bytes, body: Bytes) -> Result<Bytes> {
    let sequence = judgement.sequence();
    Ok(match key.first().and_then(|tag| RowKind::of_tag(*tag)) {
        Some(RowKind::Object) => {
            let mut row = ObjectRow { sequence, ..ObjectRow::decode(key, value)? };
            if inline(&row.extents).is_some() {
                let (blob, offset_bytes) = judgement.place_body(body);
                row.extents[0].blob = blob;
                row.extents[0].offset_bytes = offset_bytes;
            }
            row.encode()
        }
        Some(RowKind::Part) => PartRow { sequence, ..PartRow::decode(key, value)? }.encode(),
        Some(RowKind::Upload) => UploadRow { sequence, ..UploadRow::decode(key, value)? }.encode(),
        Some(RowKind::Bucket) => BucketRow { sequence, ..BucketRow::decode(key, value)? }.encode(),
        Some(RowKind::Gone) => GoneRow { sequence, ..GoneRow::decode(key, value)? }.encode(),
        Some(RowKind::Counter | RowKind::UploadKey | RowKind::Segment) | None => value.clone(),
    })
}

fn failed(error: std::io::Error) -> Error {
    Error::internal("compact the log", error)
}
