//! CompleteMultipartUpload.

use std::collections::HashMap;

use headwater_model::digest::ETag;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::multipart::{CompletedPart, PartInfo, UploadId};
use headwater_model::object::{ObjectKind, Provenance, Tags};
use headwater_model::op::{Caller, CompleteMultipartUpload};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{BucketRef, NewObject};

use super::{no_such_upload, upload_id};
use crate::engine::Engine;
use crate::put::{as_condition, expectation};

impl Engine {
    /// Makes the object of the listed parts. The store compares the parts' ETags again under the key's commit lock, so
    /// a part replaced meanwhile fails the completion instead of slipping in.
    pub(crate) async fn complete_upload(
        &self,
        caller: &Caller<'_>,
        complete: CompleteMultipartUpload,
    ) -> Result<Reply> {
        let known = self.known(&complete.upload.bucket)?;
        let id = upload_id(&complete.upload)?;
        let key = &complete.upload.key;
        let open = self.store.upload(&known.reference, key, id).await?;
        let (_, mut headers) = open.ok_or_else(|| no_such_upload(&complete.upload))?;
        if complete.acl.is_some() {
            headers.access = self.access_of_new(caller, &known.bucket, complete.acl.as_ref())?;
        }
        let stored = self.all_parts(&known.reference, id).await?;
        let parts = if complete.all_parts { every(&stored) } else { complete.parts.clone() };
        check(&parts, &stored, &complete)?;
        let object = NewObject {
            etag: etag_of(&parts, &complete)?,
            last_modified: self.clock.now(),
            kind: ObjectKind::Multipart,
            provenance: Provenance::Written,
            headers,
            checksum: None,
            tags: Tags::new(),
        };
        let expect = expectation(&complete.condition);
        let completed = self.store.complete_upload(&known.reference, key, id, &parts, object, expect).await;
        completed.map(Reply::Completed).map_err(|error| as_condition(error, &complete.condition))
    }

    /// All stored parts of an upload: at most [`headwater_model::limits::MAX_PART_NUMBER`] short entries.
    async fn all_parts(&self, bucket: &BucketRef, id: UploadId) -> Result<Vec<PartInfo>> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page = self.store.parts(bucket, id, after, MAX_LIST_KEYS).await?;
            all.extend(page.parts);
            match page.next {
                Some(next) => after = next,
                None => return Ok(all),
            }
        }
    }
}

fn every(stored: &[PartInfo]) -> Vec<CompletedPart> {
    stored.iter().map(|part| CompletedPart { number: part.number, etag: part.etag.clone() }).collect()
}

/// The list must ascend, name stored parts by their tags, and no part but the last may be too small.
fn check(parts: &[CompletedPart], stored: &[PartInfo], complete: &CompleteMultipartUpload) -> Result<()> {
    if parts.is_empty() {
        return Err(Error::MalformedXml { message: "a completion lists at least one part".into() });
    }
    if !parts.is_sorted_by(|a, b| a.number < b.number) {
        return Err(Error::InvalidPartOrder);
    }
    let by_number: HashMap<u16, &PartInfo> = stored.iter().map(|part| (part.number, part)).collect();
    let last = parts.len() - 1;
    for (position, part) in parts.iter().enumerate() {
        let found = by_number.get(&part.number).filter(|found| found.etag == part.etag);
        let found = found.ok_or_else(|| invalid_part(part.number, complete))?;
        if position < last && found.size_bytes < complete.min_part_bytes {
            return Err(Error::EntityTooSmall {
                part_number: part.number,
                size_bytes: found.size_bytes,
                limit_bytes: complete.min_part_bytes,
            });
        }
    }
    Ok(())
}

/// MD5 over the parts' MD5s, as both vendors form it.
fn etag_of(parts: &[CompletedPart], complete: &CompleteMultipartUpload) -> Result<ETag> {
    let mut digest = fast_md5::Md5::new();
    for part in parts {
        let md5 = hex::decode(part.etag.as_str()).map_err(|_| invalid_part(part.number, complete))?;
        digest.update(&md5);
    }
    Ok(ETag::of_parts(digest.finalize(), parts.len()))
}

fn invalid_part(number: u16, complete: &CompleteMultipartUpload) -> Error {
    Error::InvalidPart { part_number: number, upload_id: complete.upload.upload_id.clone() }
}
