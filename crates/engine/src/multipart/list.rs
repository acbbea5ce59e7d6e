//! ListParts and ListMultipartUploads.

use headwater_model::Result;
use headwater_model::list::ListQuery;
use headwater_model::op::{ListMultipartUploads, ListParts};
use headwater_model::reply::Reply;

use super::{no_such_upload, upload_id};
use crate::engine::Engine;

impl Engine {
    pub(crate) async fn list_parts(&self, query: &ListParts) -> Result<Reply> {
        let known = self.known(&query.upload.bucket)?;
        let id = upload_id(&query.upload)?;
        let open = self.store.upload(&known.reference, &query.upload.key, id).await?;
        let (info, new) = open.ok_or_else(|| no_such_upload(&query.upload))?;
        let page = self.store.parts(&known.reference, id, query.after, query.limit).await?;
        Ok(Reply::Parts {
            owner: info.owner.unwrap_or_else(|| self.owner_of(&known.bucket)),
            checksum: info.checksum_algorithm.map(|algorithm| (algorithm, info.checksum_type)),
            user: new.headers.user,
            page,
        })
    }

    pub(crate) async fn list_uploads(&self, query: &ListMultipartUploads) -> Result<Reply> {
        let known = self.known(&query.bucket)?;
        let page = ListQuery {
            prefix: query.prefix.clone(),
            delimiter: query.delimiter.clone(),
            after: query.after_key.clone(),
            limit: query.limit,
        };
        let page = self.store.uploads(&known.reference, &page, query.after_upload).await?;
        Ok(Reply::Uploads { owner: self.owner_of(&known.bucket), page })
    }
}
