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
use headwater_store::{NewUpload, RunningMd5};

/// The id as the store knows it; a text that is no id is no upload.
fn upload_id(upload: &UploadRef) -> Result<UploadId> {
    UploadId::parse(&upload.upload_id).ok_or_else(|| no_such_upload(upload))
}

fn no_such_upload(upload: &UploadRef) -> Error {
    Error::NoSuchUpload { upload_id: upload.upload_id.clone() }
}

/// The turn of a part among others that come in order.
struct Turn {
    number: u16,
    /// The digest of the whole, to be gone on with.
    whole: Option<RunningMd5>,
}

impl Turn {
    /// Where the order stands with this part.
    fn order(self) -> PartOrder {
        match self.whole {
            Some(md5) => md5.order(self.number),
            None => PartOrder { last: self.number, md5_state: Box::default() },
        }
    }
}

/// Whether it is the turn of a part, if parts come in order. Judged here before the body is read, so that what comes out
/// of turn costs nothing; the store judges it again when it commits.
///
/// Of what is encrypted the digest of the whole is not kept: the state of MD5 between two parts has the bytes of the
/// unfinished block in the clear.
fn turn_of(number: u16, upload: &NewUpload) -> Result<Option<Turn>> {
    let Some(order) = &upload.order else { return Ok(None) };
    order.admit(number)?;
    let whole = if upload.encryption.is_none() { Some(RunningMd5::behind(order)?) } else { None };
    Ok(Some(Turn { number, whole }))
}
