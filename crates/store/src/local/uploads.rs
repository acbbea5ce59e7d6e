//! Multipart uploads until their end: creating, looking up, listing, aborting.

use bytes::Bytes;
use headwater_index::after_prefix;
use headwater_index::rows::{OrderRow, PartRow, RowValue, UploadKeyRow, UploadRow};
use headwater_model::bucket::Generation;
use headwater_model::list::ListQuery;
use headwater_model::multipart::{PartOrder, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::{Error, ObjectKey, Result};

use super::commit::Judgement;
use super::core::Core;
use super::listing::{common_prefix, start_key};
use super::walk::Step;
use crate::{BucketRef, NewUpload};

/// Rows read at a time at most: a page, and the row that tells whether there is another.
const CHUNK_ROWS: usize = headwater_model::limits::MAX_LIST_KEYS + 1;
/// The id that goes with a common prefix.
const NIL: UploadId = UploadId([0; 16]);

impl Core {
    /// Begins an upload.
    pub(super) async fn create_upload(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        upload: NewUpload,
    ) -> Result<UploadId> {
        self.space.admit(0)?;
        let id = UploadId(self.clock.id());
        let initiated = self.clock.now();
        self.commit(0, |judgement| {
            judgement.living(bucket)?;
            let sequence = judgement.sequence();
            let NewUpload { headers, tags, checksum_algorithm, checksum_type, encryption, order } = upload;
            let row = UploadRow { sequence, initiated, checksum_algorithm, headers, tags, checksum_type, encryption };
            judgement.put(UploadRow::key(bucket.generation, key, id), row.encode(), None);
            let by_id = UploadKeyRow { key: key.clone() };
            judgement.put(UploadKeyRow::key(bucket.generation, id), by_id.encode(), None);
            if let Some(order) = order {
                let row = OrderRow { sequence, order };
                judgement.put(OrderRow::key(bucket.generation, id), row.encode(), None);
            }
            Ok(())
        })
        .await?;
        Ok(id)
    }

    /// An open upload.
    pub(super) fn upload(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        id: UploadId,
    ) -> Result<Option<(UploadInfo, NewUpload)>> {
        let row_key = UploadRow::key(bucket.generation, key, id);
        let Some(value) = self.view.get(&row_key)? else { return Ok(None) };
        let row = UploadRow::decode(&row_key, &value)?;
        let info = row.info(key.clone(), id);
        let UploadRow { headers, tags, checksum_algorithm, checksum_type, encryption, .. } = row;
        let order_key = OrderRow::key(bucket.generation, id);
        let order = self.view.get(&order_key)?.map(|value| OrderRow::decode(&order_key, &value)).transpose()?;
        let order = order.map(|row| row.order);
        Ok(Some((info, NewUpload { headers, tags, checksum_algorithm, checksum_type, encryption, order })))
    }

    /// One page of an upload's parts.
    pub(super) fn parts(&self, bucket: &BucketRef, id: UploadId, after: u16, limit: usize) -> Result<PartPage> {
        if self.view.get(&UploadKeyRow::key(bucket.generation, id))?.is_none() {
            return Err(Error::NoSuchUpload { upload_id: id.to_string().into() });
        }
        let mut page = PartPage::default();
        let limit = limit.min(CHUNK_ROWS - 1);
        for row in self.view.rows(PartRow::range(bucket.generation, id, after), limit + 1) {
            let (row_key, value) = row?;
            if page.parts.len() == limit {
                page.next = page.parts.last().map(|part| part.number);
                break;
            }
            let (_, _, number) = PartRow::parse_key(&row_key)?;
            page.parts.push(PartRow::decode(&row_key, &value)?.info(number));
        }
        Ok(page)
    }

    /// One page of open uploads.
    pub(super) fn uploads(
        &self,
        bucket: &BucketRef,
        query: &ListQuery,
        after_upload: Option<UploadId>,
    ) -> Result<UploadPage> {
        let mut page = UploadPage::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let generation = bucket.generation;
        let range = UploadRow::range(generation, &query.prefix).starting_at(first_key(generation, query, after_upload));
        let mut rows = self.view.rows(range, CHUNK_ROWS.min(query.limit + 1));
        let mut last: Option<(Box<str>, UploadId)> = None;
        while let Some(row) = rows.next() {
            let (row_key, value) = row?;
            let (_, key, id) = UploadRow::parse_key(&row_key)?;
            if page.uploads.len() + page.common_prefixes.len() == query.limit {
                page.next = last;
                break;
            }
            match common_prefix(query, key.as_str()) {
                None => {
                    last = Some((key.as_str().into(), id));
                    page.uploads.push(UploadRow::decode(&row_key, &value)?.info(key, id));
                }
                Some(prefix) => {
                    last = Some((prefix.into(), NIL));
                    page.common_prefixes.push(prefix.into());
                    match after_prefix(&UploadRow::seek_key(generation, prefix)) {
                        Some(next) => rows.seek(next),
                        None => break,
                    }
                }
            }
        }
        Ok(page)
    }

    /// What the end of an upload takes of the queue: the deletions of its parts' rows, and the row that names their files.
    pub(super) fn upload_bytes(&self, generation: Generation, id: UploadId) -> Result<usize> {
        let mut bytes = 0;
        self.view.walk(PartRow::range(generation, id, 0), CHUNK_ROWS, |key, value| {
            bytes += key.len() + 2 * value.len();
            Ok(Step::Next)
        })?;
        Ok(bytes)
    }

    /// Drops an upload and its parts.
    pub(super) async fn abort_upload(&self, bucket: &BucketRef, key: &ObjectKey, id: UploadId) -> Result<()> {
        self.commit(self.upload_bytes(bucket.generation, id)?, |judgement| {
            judgement.living(bucket)?;
            end_upload(judgement, bucket.generation, key, id).map(drop)
        })
        .await
    }
}

/// An upload that has come to its end.
pub(super) struct Ended {
    /// Its parts by ascending number.
    pub(super) parts: Vec<(u16, PartRow)>,
    /// If they came in order: where they stand.
    pub(super) order: Option<PartOrder>,
}

/// Deletes the rows of an open upload and of its parts.
pub(super) fn end_upload(
    judgement: &mut Judgement<'_>,
    generation: Generation,
    key: &ObjectKey,
    id: UploadId,
) -> Result<Ended> {
    let row_key = UploadRow::key(generation, key, id);
    let Some(upload) = judgement.get(&row_key)? else {
        return Err(Error::NoSuchUpload { upload_id: id.to_string().into() });
    };
    let rows = judgement.rows(PartRow::range(generation, id, 0))?;
    let mut parts = Vec::with_capacity(rows.len());
    for (part_key, value) in &rows {
        let (_, _, number) = PartRow::parse_key(part_key)?;
        parts.push((number, PartRow::decode(part_key, value)?));
    }
    judgement.delete(row_key, upload);
    let by_id_key = UploadKeyRow::key(generation, id);
    if let Some(by_id) = judgement.get(&by_id_key)? {
        judgement.delete(by_id_key, by_id);
    }
    for (part_key, value) in rows {
        judgement.delete(part_key, value);
    }
    let order = order_of(judgement, generation, id)?;
    Ok(Ended {
        parts,
        order: order.map(|(order_key, value, order)| {
            judgement.delete(order_key, value);
            order
        }),
    })
}

/// Where the parts of an upload stand, if they come in order, with the row's key and value.
pub(super) fn order_of(
    judgement: &mut Judgement<'_>,
    generation: Generation,
    id: UploadId,
) -> Result<Option<(Vec<u8>, Bytes, PartOrder)>> {
    let key = OrderRow::key(generation, id);
    let Some(value) = judgement.get(&key)? else { return Ok(None) };
    let order = OrderRow::decode(&key, &value)?.order;
    Ok(Some((key, value, order)))
}

/// Row key at which a page of uploads begins.
fn first_key(generation: Generation, query: &ListQuery, after_upload: Option<UploadId>) -> Vec<u8> {
    let seek_key = |text: &str| UploadRow::seek_key(generation, text);
    let marker = ObjectKey::parse(&query.after).ok().filter(|_| common_prefix(query, &query.after).is_none());
    match (marker, after_upload) {
        (Some(key), Some(id)) => successor(UploadRow::key(generation, &key, id)),
        // Behind all uploads of the marker's key, but not behind longer keys: those are other keys.
        (Some(key), None) => after_prefix(&UploadRow::range_of_key(generation, &key).start).unwrap_or_default(),
        (None, _) => start_key(query, seek_key),
    }
}

fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}
