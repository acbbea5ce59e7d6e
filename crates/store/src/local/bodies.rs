//! Which row needs the small body of a log entry.
//!
//! Guarantees: while a version exists, its body is found by the entry that holds it, whichever row the version has now.
//!
//! How: a body is written with the row of a current object. If that is superseded its version gets another row, in another
//! entry, that names the body where it is; and again if it becomes current anew. Its key and version stay, so it has one of
//! two row keys. A body is one version's: bodies are never shared.

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{BlobRef, Extent, ObjectRow, RowKind, VersionRow};
use headwater_model::Result;

use super::commit::Judgement;
use super::core::Core;
use super::reading::inline;
use super::versions::AnyRow;

/// Where a body in the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyPlace {
    pub(super) segment: u64,
    pub(super) offset_bytes: u64,
}

/// Whether that is where a row's body is.
pub(super) fn is_at(extents: &[Extent], place: BodyPlace) -> bool {
    inline(extents).is_some_and(|extent| {
        extent.blob == BlobRef::Log { segment: place.segment } && extent.offset_bytes == place.offset_bytes
    })
}

/// The keys of the two rows that the version in a former row can have now, if its body is at that place.
fn candidates(key: &[u8], value: &[u8], place: BodyPlace) -> Result<Option<[Vec<u8>; 2]>> {
    let kind = key.first().and_then(|tag| RowKind::of_tag(*tag));
    let Some(kind @ (RowKind::Object | RowKind::Version)) = kind else { return Ok(None) };
    let row = AnyRow::decode(kind, key, value)?;
    let Some((meta, _)) = row.object().filter(|(_, extents)| is_at(extents, place)) else { return Ok(None) };
    let (generation, name) = match kind {
        RowKind::Object => ObjectRow::parse_key(key)?,
        _ => VersionRow::parse_key(key).map(|(generation, name, _)| (generation, name))?,
    };
    Ok(Some([ObjectRow::key(generation, &name), VersionRow::key(generation, &name, meta.version)]))
}

fn needs(key: &[u8], value: &[u8], place: BodyPlace) -> Result<bool> {
    let kind = if key.first() == Some(&RowKind::Object.tag()) { RowKind::Object } else { RowKind::Version };
    Ok(AnyRow::decode(kind, key, value)?.object().is_some_and(|(_, extents)| is_at(extents, place)))
}

/// The row that needs the body at that place, which was written with a former row, under a judgement.
pub(super) fn needing(
    judgement: &mut Judgement<'_>,
    key: &[u8],
    value: &[u8],
    place: BodyPlace,
) -> Result<Option<(Bytes, Bytes)>> {
    for row_key in candidates(key, value, place)?.into_iter().flatten() {
        if let Some(value) = judgement.get(&row_key)?
            && needs(&row_key, &value, place)?
        {
            return Ok(Some((row_key.into(), value)));
        }
    }
    Ok(None)
}

impl Core {
    /// Whether any row needs the body at that place, which was written with a former row. Asked without the lock: if none
    /// does at one moment, none ever will again.
    pub(super) fn is_body_needed(&self, key: &[u8], value: &[u8], place: BodyPlace) -> Result<bool> {
        let generation = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        // Asked after the row itself was looked at: without versions that row was the only one to need it.
        let Some(generation) = generation.map(headwater_model::bucket::Generation) else { return Ok(false) };
        if !self.state().has_versions(generation) {
            return Ok(false);
        }
        let Some(candidates) = candidates(key, value, place)? else { return Ok(false) };
        let ranges = candidates.map(|key| (KeyRange { end: Some([&key[..], &[0]].concat()), start: key }, 2));
        for chunk in self.view.chunks(&ranges)? {
            for (key, value) in chunk.rows {
                if value.map_or(Ok(false), |value| needs(&key, &value, place))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
