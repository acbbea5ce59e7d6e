//! Multipart uploads: create, parts, completion, abort and the two listings.

mod checksum;
mod complete;
mod copy;
mod create;
mod list;
mod part;

use headwater_model::multipart::UploadId;
use headwater_model::op::UploadRef;
use headwater_model::{Error, Result};

/// The id as the store knows it; a text that is no id is no upload.
fn upload_id(upload: &UploadRef) -> Result<UploadId> {
    UploadId::parse(&upload.upload_id).ok_or_else(|| no_such_upload(upload))
}

fn no_such_upload(upload: &UploadRef) -> Error {
    Error::NoSuchUpload { upload_id: upload.upload_id.clone() }
}
