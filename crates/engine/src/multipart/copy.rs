//! UploadPartCopy.

use std::ops::Range;

use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::op::{Action, AnnouncedDigests, Caller, PartRange, UploadPartCopy};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{NewPart, StoredObject, WriteIntent};

use super::{no_such_upload, upload_id};
use crate::body::pour;
use crate::copy::judge_source;
use crate::engine::Engine;

impl Engine {
    /// Stores a part with bytes of an object, durable when this returns. As in a copy of an object, the source never
    /// mirrors.
    pub(crate) async fn upload_part_copy(&self, caller: &Caller<'_>, copy: UploadPartCopy) -> Result<Reply> {
        self.authorise(caller, Action::GetObject, Some(&copy.source_bucket), Some(&copy.source_key))?;
        let source_bucket = self.known(&copy.source_bucket)?;
        let known = self.known(&copy.upload.bucket)?;
        let id = upload_id(&copy.upload)?;
        let open = self.store.upload(&known.reference, &copy.upload.key, id).await?;
        let (info, _) = open.ok_or_else(|| no_such_upload(&copy.upload))?;
        let source = self.open_for(caller, Action::GetObject, &copy.source_bucket, &copy.source_key).await?;
        judge_source(&copy.source_conditions, &source.meta, caller.dialect)?;
        let source = self.followed(caller, &source_bucket, source).await?;
        let range = resolve(copy.range.as_ref(), &source)?;
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: copy.upload.key.clone(),
            content_length: Some(range.end - range.start),
            max_bytes: MAX_PUT_BYTES,
            checksum: info.checksum_algorithm,
            followed: false,
        };
        let mut writer = self.store.begin(intent).await?;
        let body = crate::get::content(&source, range);
        let digests = pour(&mut *writer, body, &AnnouncedDigests::default()).await?;
        let checksum = digests.checksum;
        let new = NewPart { upload: id, number: copy.number, last_modified: self.clock.now(), checksum };
        writer.seal_part(new).await.map(Reply::PartCopied)
    }
}

/// The bytes to copy: they must all be there.
fn resolve(range: Option<&PartRange>, source: &StoredObject) -> Result<Range<u64>> {
    let size_bytes = source.meta.size_bytes;
    let Some(range) = range else { return Ok(0..size_bytes) };
    if range.last >= size_bytes {
        return Err(Error::InvalidRange { range: format!("bytes={}-{}", range.first, range.last).into(), size_bytes });
    }
    Ok(range.first..range.last + 1)
}
