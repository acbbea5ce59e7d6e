//! ListObjects, both versions; and the home page that a visitor of the root means instead.

use headwater_model::Result;
use headwater_model::op::{Caller, ListObjects};
use headwater_model::reply::Reply;

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
        Ok(Reply::Objects { owner: self.owner_of(&known.bucket), page })
    }
}
