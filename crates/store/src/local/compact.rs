//! Compaction: winning back log segments that are mostly dead.
//!
//! Guarantees: what a row stands on is written again before its segment goes; a delete is dropped only when no segment
//! older than its own is left that could hold a put of the key, so a rebuild from the log resurrects nothing; a crash at
//! any point leaves both copies or the new one.
//!
//! How: see `docs/storage.md`, "Compaction". Every entry is judged again under the commit lock, so a row that changed
//! meanwhile is simply not the one in the segment any more; but the body that was written with it may still be the
//! version's, whose row moved on without it ([`super::bodies`]).

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use headwater_index::redb::RedbIndex;
use headwater_index::rows::{
    AccessTokenRow, AccountRow, BucketRow, GoneRow, OrderRow, OriginRow, OriginUsageRow, PartRow, PublicAccessRow,
    RowKind, RowValue, UploadRow,
};
use headwater_model::{Error, Result};

use super::accounting::SegmentUse;
use super::bodies::{self, BodyPlace};
use super::change::{self, RowChange};
use super::commit::Judgement;
use super::core::Core;
use super::frame::FRAME_HEADER_BYTES;
use super::probe::Point;
use super::scan::{Found, FrameReader};
use super::segment::SegmentFile;
use super::versions::AnyRow;
use super::wait::block_on;

/// A segment is worth it when no more than this share of it must be kept: then at least as much is won as is copied.
const MOST_KEPT_PERCENT: u64 = 50;

/// When the deletions kept for older segments are more than this share of what is live, the oldest segment is compacted
/// whatever is live in it: with it goes the reason to keep them.
const MOST_DELETIONS_PERCENT: u64 = 25;

/// The segment most worth compacting among those whose entries are all in the index (`applied`): the one with the least
/// to keep, if that is no more than half; else the oldest, if too many deletions wait for its end. `segments` are in
/// their order. Also tells whether it is the oldest, whose deletions need not be kept.
fn choose(segments: &[SegmentUse], applied: u64) -> Option<(SegmentUse, bool)> {
    let oldest = segments.first()?.number;
    let kept_bytes = |segment: &SegmentUse| {
        let deletions = if segment.number == oldest { 0 } else { segment.row.delete_bytes };
        segment.row.live_bytes + deletions
    };
    // Sealed and applied: the next one has an entry that is in the index.
    let sealed = || segments.iter().zip(&segments[1..]).filter(|(_, next)| next.row.first_sequence <= applied);
    let worst = sealed()
        .map(|(segment, _)| segment)
        .filter(|segment| kept_bytes(segment) * 100 <= segment.size_bytes() * MOST_KEPT_PERCENT)
        .min_by_key(|segment| kept_bytes(segment) * 100 / segment.size_bytes().max(1));
    let live_bytes: u64 = segments.iter().map(|segment| segment.row.live_bytes).sum();
    let waiting: u64 = sealed().skip(1).map(|(segment, _)| segment.row.delete_bytes).sum();
    let crowded = || sealed().next().filter(|_| waiting * 100 > live_bytes * MOST_DELETIONS_PERCENT);
    let chosen = worst.or_else(|| crowded().map(|(segment, _)| segment))?;
    Some((*chosen, chosen.number == oldest))
}

/// An entry of the segment that is being compacted.
struct OldEntry {
    /// Where its body is, and the body.
    place: BodyPlace,
    body: Bytes,
    changes: Vec<RowChange>,
}

impl Core {
    /// Compacts one segment, if one is worth it. Blocks. A damaged one is left as it is and added to `spoilt`: the
    /// doctor's business.
    pub(super) fn compact(&self, spoilt: &mut BTreeSet<u64>) -> Result<()> {
        let Some((segment, is_oldest)) = self.worst_segment(spoilt)? else { return Ok(()) };
        let result = self.compact_segment(segment, is_oldest);
        if let Err(Error::Damaged { .. }) = &result {
            spoilt.insert(segment.number);
        }
        result
    }

    fn compact_segment(&self, segment: SegmentUse, is_oldest: bool) -> Result<()> {
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

    /// The segment that is most worth compacting, and whether it is the oldest.
    fn worst_segment(&self, spoilt: &BTreeSet<u64>) -> Result<Option<(SegmentUse, bool)>> {
        let applied = self.view.with_index(RedbIndex::applied_sequence)?;
        let segments: Vec<SegmentUse> = self.view.layers().accounting.segments().collect();
        Ok(choose(&segments, applied).filter(|(segment, _)| !spoilt.contains(&segment.number)))
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
                    place: BodyPlace { segment: number, offset_bytes: offset + FRAME_HEADER_BYTES as u64 },
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
        let OldEntry { place, body, changes } = entry;
        for change in changes {
            // A look before the lock: most changes of a segment worth compacting are dead.
            let current = self.view.get(&change.key)?;
            let is_needed = match &change.value {
                Some(value) => {
                    let is_current = current.as_ref() == Some(value);
                    is_current || !body.is_empty() && self.is_body_needed(&change.key, value, place)?
                }
                None => current.is_none() && !is_oldest && absent.insert(change.key.clone()),
            };
            if is_needed {
                let body = body.clone();
                block_on(self.commit(body.len(), |judgement| copy_change(judgement, change, place, body)))?;
                self.config.probe.at(Point::CompactionCopied).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Writes a change again if it is still what its key's row says, or the row that needs its body now.
fn copy_change(judgement: &mut Judgement<'_>, change: RowChange, place: BodyPlace, body: Bytes) -> Result<()> {
    let RowChange { key, value, .. } = change;
    let current = judgement.get(&key)?;
    match (value, current) {
        (Some(value), Some(current)) if value == current => {
            let moved = moved_row(judgement, &key, &value, (place, body))?;
            judgement.put(key, moved, Some(current));
        }
        (Some(value), _) => {
            if let Some((key, current)) = bodies::needing(judgement, &key, &value, place)? {
                let moved = moved_row(judgement, &key, &current, (place, body))?;
                judgement.put(key, moved, Some(current));
            }
        }
        (None, None) => judgement.delete_again(key),
        (None, Some(_)) => {}
    }
    Ok(())
}

/// The row as it reads in its new entry: it names its entry's sequence and, if its small body was in the old one, that
/// body's new place.
fn moved_row(judgement: &mut Judgement<'_>, key: &[u8], value: &Bytes, body: (BodyPlace, Bytes)) -> Result<Bytes> {
    let sequence = judgement.sequence();
    Ok(match key.first().and_then(|tag| RowKind::of_tag(*tag)) {
        Some(kind @ (RowKind::Object | RowKind::Version)) => {
            let mut row = AnyRow::decode(kind, key, value)?;
            if let Some((_, extents)) = row.object_mut()
                && bodies::is_at(extents, body.0)
            {
                let (blob, offset_bytes) = judgement.place_body(body.1);
                extents[0].blob = blob;
                extents[0].offset_bytes = offset_bytes;
            }
            row.encode(sequence)
        }
        Some(RowKind::Part) => PartRow { sequence, ..PartRow::decode(key, value)? }.encode(),
        Some(RowKind::Order) => OrderRow { sequence, ..OrderRow::decode(key, value)? }.encode(),
        Some(RowKind::Upload) => UploadRow { sequence, ..UploadRow::decode(key, value)? }.encode(),
        Some(RowKind::Account) => AccountRow { sequence, ..AccountRow::decode(key, value)? }.encode(),
        Some(RowKind::PublicAccess) => PublicAccessRow { sequence, ..PublicAccessRow::decode(key, value)? }.encode(),
        Some(RowKind::Bucket) => BucketRow { sequence, ..BucketRow::decode(key, value)? }.encode(),
        Some(RowKind::Gone) => GoneRow { sequence, ..GoneRow::decode(key, value)? }.encode(),
        Some(RowKind::AccessToken) => AccessTokenRow { sequence, ..AccessTokenRow::decode(key, value)? }.encode(),
        Some(RowKind::Origin) => OriginRow { sequence, ..OriginRow::decode(key, value)? }.encode(),
        Some(RowKind::OriginUsage) => OriginUsageRow { sequence, ..OriginUsageRow::decode(key, value)? }.encode(),
        Some(RowKind::Counter | RowKind::UploadKey | RowKind::GoneCount | RowKind::Segment) | None => value.clone(),
    })
}

fn failed(error: std::io::Error) -> Error {
    Error::internal("compact the log", error)
}

#[cfg(test)]
mod tests {
    use headwater_index::rows::SegmentRow;

    use super::*;

    fn segment(number: u64, live_bytes: u64, dead_bytes: u64, delete_bytes: u64) -> SegmentUse {
        let row =
            SegmentRow { first_sequence: number * 10, live_bytes, dead_bytes, delete_bytes, ..SegmentRow::default() };
        SegmentUse { number, row }
    }

    fn chosen(segments: &[SegmentUse], applied: u64) -> Option<(u64, bool)> {
        choose(segments, applied).map(|(segment, is_oldest)| (segment.number, is_oldest))
    }

    #[test]
    fn the_one_with_the_least_to_keep_is_taken_if_it_is_worth_it() {
        let segments = [segment(1, 600, 400, 0), segment(2, 300, 700, 0), segment(3, 100, 900, 0), segment(4, 0, 9, 0)];
        assert_eq!(chosen(&segments, 99), Some((3, false)));
        assert_eq!(
            chosen(&segments, 39),
            Some((2, false)),
            "the third is sealed only by an applied entry of the fourth"
        );
        assert_eq!(chosen(&segments[..2], 99), None, "the newest is never taken, the first is not worth it");
        assert_eq!(chosen(&[], 99), None);
    }

    #[test]
    fn deletions_are_kept_unless_their_segment_is_the_oldest() {
        let (deletions, full) = (segment(1, 0, 0, 1000), segment(2, 8000, 0, 0));
        assert_eq!(chosen(&[deletions, full], 99), Some((1, true)));
        let after = [segment(1, 9000, 0, 0), segment(2, 0, 0, 1000), segment(3, 0, 9, 0)];
        assert_eq!(chosen(&after, 99), None, "copying deletions for ever wins nothing");
    }

    #[test]
    fn too_many_deletions_end_the_oldest() {
        let segments = [segment(1, 1000, 0, 0), segment(2, 0, 0, 900), segment(3, 0, 9, 0)];
        assert_eq!(chosen(&segments, 99), Some((1, true)));
    }
}
