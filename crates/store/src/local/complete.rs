//! Completing an upload: one entry writes the object's row, whose extents are the listed parts', and deletes the rows of
//! the upload and of all its parts. No byte is copied; the files of parts that were not listed become garbage.

use headwater_index::rows::PartRow;
use headwater_model::digest::{Digests, ETag};
use headwater_model::multipart::{CompletedPart, PartOrder, UploadId};
use headwater_model::object::{Composition, ObjectMeta, ObjectPart, SharedMeta};
use headwater_model::{Error, ObjectKey, Result};

use super::core::Core;
use super::digest::CRC64;
use super::seal::{Candidate, meta};
use super::uploads::end_upload;
use crate::{BucketRef, CrcCombiner, Expectation, NewObject, RunningMd5};

impl Core {
    /// Makes an object of an upload's parts.
    pub(super) async fn complete_upload(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        id: UploadId,
        parts: &[CompletedPart],
        object: NewObject,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        if parts.windows(2).any(|pair| pair[0].number >= pair[1].number) {
            return Err(Error::InvalidPartOrder);
        }
        let now = self.clock.now();
        self.commit(self.upload_bytes(bucket.generation, id)?, |judgement| {
            judgement.living(bucket)?;
            let ended = end_upload(judgement, bucket.generation, key, id)?;
            let listed = select(&ended.parts, parts, id)?;
            let md5 = ended.order.map_or(Ok(None), |order| md5_of(&order, parts))?;
            let meta = ObjectMeta { md5, ..whole(&listed, object) };
            let extents = listed.iter().flat_map(|(_, part)| part.extents.iter().copied()).collect();
            Candidate { bucket, key, expect: &expect, now }.put(judgement, meta, extents)
        })
        .await
    }
}

/// CRC-64/XZ of nothing.
const EMPTY_CRC64: u64 = 0;

/// The stored parts that are listed, each with the ETag that is stored.
fn select<'a>(stored: &'a [(u16, PartRow)], listed: &[CompletedPart], id: UploadId) -> Result<Vec<&'a (u16, PartRow)>> {
    let find = |part: &CompletedPart| {
        stored
            .binary_search_by_key(&part.number, |(number, _)| *number)
            .ok()
            .map(|at| &stored[at])
            .filter(|(_, row)| ETag::of_md5(row.md5) == part.etag)
            .ok_or_else(|| Error::InvalidPart { part_number: part.number, upload_id: id.to_string().into() })
    };
    listed.iter().map(find).collect()
}

/// The MD5 of parts that came in order, if they are listed so; `None` if those that came last are left out, and if it was not
/// kept, as of an encrypted upload.
fn md5_of(order: &PartOrder, listed: &[CompletedPart]) -> Result<Option<[u8; 16]>> {
    let gap = (1..).zip(listed).find(|(turn, part)| part.number != *turn);
    if let Some((_, part)) = gap {
        return Err(Error::PartNotSequential { part_number: part.number });
    }
    let all = listed.last().is_some_and(|last| last.number == order.last);
    let kept = !order.md5_state.is_empty();
    (all && kept).then(|| RunningMd5::behind(order).map(RunningMd5::finish)).transpose()
}

/// Metadata of the object that the parts make.
fn whole(parts: &[&(u16, PartRow)], object: NewObject) -> ObjectMeta {
    let mut crcs = CrcCombiner::new(CRC64);
    let (size_bytes, crc64) = parts.iter().fold((0, EMPTY_CRC64), |(size, crc), (_, part)| {
        (size + part.size_bytes, crcs.combine(crc, part.crc64, part.size_bytes))
    });
    let listed = parts.iter().map(|(number, part)| ObjectPart {
        number: *number,
        size_bytes: part.size_bytes,
        checksum: part.checksum.clone(),
    });
    let composition = Composition { parts: Some(listed.collect()), ..object.composition };
    let object = NewObject { composition, ..object };
    ObjectMeta { md5: None, ..meta(object, &Digests { size_bytes, md5: [0; 16], crc64, checksum: None }) }
}
