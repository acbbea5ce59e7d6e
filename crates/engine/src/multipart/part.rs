//! UploadPart.

use headwater_model::body::Body;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::op::UploadPart;
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{NewPart, WriteIntent};

use super::{Turn, no_such_upload, turn_of, upload_id};
use crate::body::{pour_part, wanted_checksum};
use crate::encryption::told;
use crate::engine::Engine;

impl Engine {
    /// Stores a part, durable when this returns. A part of the same number is replaced, unless the upload's parts come in
    /// order.
    pub(crate) async fn upload_part(&self, part: UploadPart, body: Body) -> Result<Reply> {
        let known = self.known(&part.upload.bucket)?;
        let id = upload_id(&part.upload)?;
        // Looked at before the body is read, so that a stale id does not cost an upload.
        let open = self.store.upload(&known.reference, &part.upload.key, id).await?;
        let (info, new) = open.ok_or_else(|| no_such_upload(&part.upload))?;
        let (encryption, customer) = (new.encryption.as_deref(), part.customer_key.as_ref());
        let data_key = self.seal.data_key(encryption, &known.reference, &part.upload.key, customer)?;
        let wanted = wanted_checksum(&part.digests);
        if let (Some(expected), Some(actual)) = (info.checksum_algorithm, wanted)
            && expected != actual
        {
            let (expected, actual) = (expected.name().to_ascii_lowercase(), actual.name().to_ascii_lowercase());
            let message = format!(
                "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
            );
            return Err(Error::InvalidRequest { message: message.into() });
        }
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key: part.upload.key.clone(),
            content_length: part.content_length,
            max_bytes: MAX_PUT_BYTES,
            checksum: wanted.or(info.checksum_algorithm),
            followed: false,
            data_key,
        };
        let mut turn = turn_of(part.number, &new)?;
        let mut writer = self.store.begin(intent).await?;
        let digests =
            pour_part(&mut *writer, body, &part.digests, turn.as_mut().and_then(|turn| turn.whole.as_mut())).await?;
        let stored = NewPart {
            upload: id,
            number: part.number,
            last_modified: self.clock.now(),
            checksum: digests.checksum,
            order: turn.map(Turn::order),
        };
        Ok(told(Reply::PartStored(writer.seal_part(stored).await?), encryption))
    }
}
