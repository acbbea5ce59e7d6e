//! CreateMultipartUpload and AbortMultipartUpload.

use headwater_model::object::ObjectHeaders;
use headwater_model::op::{Caller, CreateMultipartUpload, UploadRef, WriteCondition};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use super::upload_id;
use crate::engine::Engine;
use crate::put::as_condition;

impl Engine {
    pub(crate) async fn create_upload(&self, caller: &Caller<'_>, create: CreateMultipartUpload) -> Result<Reply> {
        let known = self.known(&create.bucket)?;
        let forbids = matches!(create.condition, WriteCondition::IfNoneMatch | WriteCondition::ForbidOverwrite);
        if forbids && self.store.open(&known.reference, &create.key).await?.is_some() {
            let exists = Error::ObjectExists { key: create.key.as_str().into() };
            return Err(as_condition(exists, &create.condition));
        }
        let access = self.access_of_new(caller, &known.bucket, create.acl.as_ref())?;
        let headers = ObjectHeaders { access, ..create.headers };
        let id = self.store.create_upload(&known.reference, &create.key, headers, create.algorithm).await?;
        Ok(Reply::UploadCreated(id))
    }

    pub(crate) async fn abort_upload(&self, upload: &UploadRef) -> Result<Reply> {
        let known = self.known(&upload.bucket)?;
        self.store.abort_upload(&known.reference, &upload.key, upload_id(upload)?).await?;
        Ok(Reply::Done)
    }
}
