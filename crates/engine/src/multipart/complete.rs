//! CompleteMultipartUpload.

use std::collections::HashMap;

use headwater_model::digest::{Checksum, ETag};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::multipart::{CompletedPart, PartInfo, UploadId};
use headwater_model::object::{Composition, ObjectKind, Provenance};
use headwater_model::op::{Caller, CompleteMultipartUpload};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{BucketRef, NewObject};

use super::{checksum, no_such_upload, upload_id};
use crate::engine::Engine;
use crate::locks::with_default;
use crate::put::expectation;

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
        let Some((info, mut new)) = self.store.upload(&known.reference, key, id).await? else {
            return self.completed_before(&known.reference, &complete).await;
        };
        if let Some(customer) = &complete.customer_key {
            self.seal.data_key(new.encryption.as_deref(), &known.reference, key, Some(customer))?;
        }
        if complete.acl.is_some() {
            new.headers.access = self.access_of_new(caller, &known.bucket, complete.acl.as_ref())?;
        }
        new.headers.lock = with_default(&known.bucket, new.headers.lock, self.clock.now());
        let stored = self.all_parts(&known.reference, id).await?;
        let parts = if complete.all_parts { every(&stored) } else { complete.parts.clone() };
        let listed = check(&parts, &stored, &complete)?;
        check_length(&listed, &complete)?;
        let object = NewObject {
            etag: etag_of(&parts, &complete)?,
            last_modified: self.clock.now(),
            kind: ObjectKind::Multipart,
            provenance: Provenance::Written,
            headers: new.headers,
            checksum: checksum::of_object(&listed, &info, &complete)?,
            tags: new.tags,
            composition: Composition {
                checksum_type: new.checksum_type,
                encryption: new.encryption,
                ..Composition::default()
            },
        };
        let expect = expectation(&complete.condition);
        let completed = self.store.complete_upload(&known.reference, key, id, &parts, object, expect).await;
        completed.map(Reply::Completed)
    }

    /// A client that did not hear the answer asks again: if the object there is the one that these parts make, this is
    /// the answer.
    async fn completed_before(&self, bucket: &BucketRef, complete: &CompleteMultipartUpload) -> Result<Reply> {
        let found = match etag_of(&complete.parts, complete) {
            Ok(etag) if !complete.parts.is_empty() => {
                let object = self.store.open(bucket, &complete.upload.key).await?;
                object.filter(|object| object.meta.kind == ObjectKind::Multipart && object.meta.etag == etag)
            }
            _ => None,
        };
        found.map(|object| Reply::Completed(object.meta)).ok_or_else(|| no_such_upload(&complete.upload))
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
    stored.iter().map(|part| CompletedPart { number: part.number, etag: part.etag.clone(), checksum: None }).collect()
}

/// The list must ascend, name stored parts by their tags and checksums, and no part but the last may be too small. Gives
/// the parts listed.
fn check<'p>(
    parts: &[CompletedPart],
    stored: &'p [PartInfo],
    complete: &CompleteMultipartUpload,
) -> Result<Vec<&'p PartInfo>> {
    if parts.is_empty() {
        return Err(Error::MalformedXml { message: "a completion lists at least one part".into() });
    }
    if !parts.is_sorted_by(|a, b| a.number < b.number) {
        return Err(Error::InvalidPartOrder);
    }
    let by_number: HashMap<u16, &PartInfo> = stored.iter().map(|part| (part.number, part)).collect();
    let last = parts.len() - 1;
    let mut listed = Vec::with_capacity(parts.len());
    for (position, part) in parts.iter().enumerate() {
        let same = |said: &Checksum, found: &PartInfo| found.checksum.as_ref().is_none_or(|kept| kept == said);
        let found = by_number
            .get(&part.number)
            .copied()
            .filter(|found| found.etag == part.etag && part.checksum.as_ref().is_none_or(|said| same(said, found)));
        let found = found.ok_or_else(|| invalid_part(part.number, complete))?;
        if position < last && found.size_bytes < complete.min_part_bytes {
            return Err(Error::EntityTooSmall {
                part_number: part.number,
                size_bytes: found.size_bytes,
                limit_bytes: complete.min_part_bytes,
            });
        }
        listed.push(found);
    }
    Ok(listed)
}

/// What the client says about the length of the whole.
fn check_length(parts: &[&PartInfo], complete: &CompleteMultipartUpload) -> Result<()> {
    let size_bytes: u64 = parts.iter().map(|part| part.size_bytes).sum();
    match complete.size_bytes {
        Some(said) if said != size_bytes => {
            let message = format!(
                "The provided 'x-amz-mp-object-size' header value {said} does not match what was computed: {size_bytes}"
            );
            Err(Error::InvalidRequest { message: message.into() })
        }
        _ => Ok(()),
    }
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
