//! UploadPartCopy.

use std::ops::Range;

use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::op::{Action, AnnouncedDigests, Caller, ObjectVersion, PartRange, UploadPartCopy};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{NewPart, StoredObject, WriteIntent};

use super::{Turn, no_such_upload, turn_of, upload_id};
use crate::body::pour_part;
use crate::copy::judge_source;
use crate::encryption::told;
use crate::engine::Engine;
use crate::versions::copied_from;

impl Engine {
    /// Stores a part with bytes of an object, durable when this returns. As in a copy of an object, the source never
    /// mirrors.
    pub(crate) async fn upload_part_copy(&self, caller: &Caller<'_>, copy: UploadPartCopy) -> Result<Reply> {
        let reads = if copy.source_version.is_some() { Action::GetObjectVersion } else { Action::GetObject };
        self.authorise(caller, reads, Some(&copy.source_bucket), Some(&copy.source_key))?;
        let source_bucket = self.known(&copy.source_bucket)?;
        let known = self.known(&copy.upload.bucket)?;
        let id = upload_id(&copy.upload)?;
        let open = self.store.upload(&known.reference, &copy.upload.key, id).await?;
        let (info, new) = open.ok_or_else(|| no_such_upload(&copy.upload))?;
        let (encryption, customer) = (new.encryption.as_deref(), copy.customer_key.as_ref());
        let data_key = self.seal.data_key(encryption, &known.reference, &copy.upload.key, customer)?;
        let mut turn = turn_of(copy.number, &new)?;
        let named = ObjectVersion { bucket: copy.source_bucket, key: copy.source_key, version: copy.source_version };
        let source = self.open_for(caller, Action::GetObject, &named).await?;
        let source_version = source.meta.version;
        judge_source(&copy.source_conditions, &source.meta, caller.dialect)?;
        let of_source = copy.source_customer_key.as_ref();
        let source = self.followed(caller, &source_bucket, (&named.key, source), of_source).await?;
        let range = resolve(copy.range.as_ref(), &source)?;
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: copy.upload.key.clone(),
            content_length: Some(range.end - range.start),
            max_bytes: MAX_PUT_BYTES,
            checksum: info.checksum_algorithm,
            followed: false,
            data_key,
        };
        let mut writer = self.store.begin(intent).await?;
        let body = crate::get::content(&source, range);
        let digests = pour_part(
            &mut *writer,
            body,
            &AnnouncedDigests::default(),
            turn.as_mut().and_then(|turn| turn.whole.as_mut()),
        )
        .await?;
        let checksum = digests.checksum;
        let order = turn.map(Turn::order);
        let stored = NewPart { upload: id, number: copy.number, last_modified: self.clock.now(), checksum, order };
        let part = writer.seal_part(stored).await?;
        Ok(told(copied_from(Reply::PartCopied(part), &source_bucket, source_version), encryption))
    }
}

/// The bytes to copy: they must all be there.
fn resolve(range: Option<&PartRange>, source: &StoredObject) -> Result<Range<u64>> {
    let size_bytes = source.meta.size_bytes;
    let Some(range) = range else { return Ok(0..size_bytes) };
    match range.last {
        Some(last) if last < size_bytes => Ok(range.first..last + 1),
        None if range.first < size_bytes => Ok(range.first..size_bytes),
        last => {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            Err(Error::InvalidRange { range: format!("bytes={}-{last}", range.first).into(), size_bytes })
        }
    }
}
