//! ListObjects, both versions; and the home page that a visitor of the root means instead.

use headwater_model::list::{ListPage, ListQuery};
use headwater_model::op::{Caller, ListObjects};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;
use crate::website;

impl Engine {
    pub(crate) async fn list_objects(&self, caller: &Caller<'_>, list: ListObjects) -> Result<Reply> {
        let known = self.known(&list.bucket)?;
        if let Some(visit) = list.visit
            && let Some(page) = website::root_page(&known.bucket)
        {
            return Box::pin(self.get_object(caller, &visit.of(list.bucket, page))).await;
        }
        let page = self.store.list(&known.reference, &list.query).await?;
        // Whoever copies a bucket by its listing must not take a page for whole that lacks a key.
        if let Some(key) = page.damaged.first() {
            let key = key.as_str();
            tracing::error!(bucket = %known.bucket.name, key, keys = page.damaged.len(), "rows of a listing are damaged");
            return Err(Error::Damaged { detail: format!("the row of object {key:?} cannot be read").into() });
        }
        Ok(Reply::Objects { owner: self.owner_of(&known.bucket), page })
    }

    /// One page of objects for operators, who are let in before: keys whose rows cannot be read are among the page's
    /// `damaged`, where the APIs refuse the page.
    ///
    /// # Errors
    /// `NoSuchBucket`; those of the store.
    pub async fn browse(&self, bucket: &BucketName, query: &ListQuery) -> Result<ListPage> {
        self.store.list(&self.known(bucket)?.reference, query).await
    }
}
