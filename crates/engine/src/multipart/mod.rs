//! Multipart uploads: create, parts, completion, abort and the two listings.

mod checksum;
mod complete;
mod copy;
mod create;
mod list;
mod part;

use headwater_model::multipart::{PartOrder, UploadId};
use headwater_model::op::UploadRef;
use headwater_model::{Error, Result};
use headwater_store::RunningMd5;

/// The id as the store knows it; a text that is no id is no upload.
fn upload_id(upload: &UploadRef) -> Result<UploadId> {
    UploadId::parse(&upload.upload_id).ok_or_else(|| no_such_upload(upload))
}

fn no_such_upload(upload: &UploadRef) -> Error {
    Error::NoSuchUpload { upload_id: upload.upload_id.clone() }
}

/// Whether it is the turn of a part, if parts come in order: then the digest of the whole, to be gone on with. Judged here
/// before the body is read, so that what comes out of turn costs nothing; the store judges it again when it commits.
fn turn_of(number: u16, order: Option<&PartOrder>) -> Result<Option<RunningMd5>> {
    let Some(order) = order else { return Ok(None) };
    order.admit(number)?;
    RunningMd5::behind(order).map(Some)
}
