//! CreateMultipartUpload and AbortMultipartUpload.

use headwater_model::Result;
use headwater_model::multipart::PartOrder;
use headwater_model::object::ObjectHeaders;
use headwater_model::op::{Caller, CreateMultipartUpload, UploadRef, WriteCondition};
use headwater_model::reply::Reply;

use headwater_store::NewUpload;

use super::upload_id;
use crate::encryption::{NewKey, told};
use crate::engine::Engine;
use crate::put::{judge, with_class_of};

impl Engine {
    pub(crate) async fn create_upload(&self, caller: &Caller<'_>, create: CreateMultipartUpload) -> Result<Reply> {
        let known = self.known(&create.bucket)?;
        if create.condition != WriteCondition::Any {
            let found = self.store.open(&known.reference, &create.key).await?;
            judge(&create.condition, &create.key, found.as_ref().map(|object| &*object.meta))?;
        }
        let access = self.access_of_new(caller, &known.bucket, create.acl.as_ref())?;
        // The default retention begins with the object.
        if create.headers.lock.is_some() {
            self.lock_of_new(&known.bucket, create.headers.lock.clone())?;
        }
        let (_, encryption) = NewKey::split(self.seal.key_of_new(&create.encryption, &known.bucket, &create.key));
        let told_encryption = encryption.clone();
        let upload = NewUpload {
            headers: ObjectHeaders { access, ..with_class_of(create.headers, &known.bucket) },
            tags: create.tags,
            checksum_algorithm: create.checksum.map(|(algorithm, _)| algorithm),
            checksum_type: create.checksum.map(|(_, kind)| kind).unwrap_or_default(),
            encryption,
            order: create.sequential.then(PartOrder::default),
        };
        let id = self.store.create_upload(&known.reference, &create.key, upload).await?;
        Ok(told(Reply::UploadCreated(id), told_encryption.as_deref()))
    }

    pub(crate) async fn abort_upload(&self, upload: &UploadRef) -> Result<Reply> {
        let known = self.known(&upload.bucket)?;
        self.store.abort_upload(&known.reference, &upload.key, upload_id(upload)?).await?;
        Ok(Reply::Done)
    }
}
