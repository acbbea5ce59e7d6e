//! ListObjects, both versions; and the home page that an anonymous request for the root means instead.

use headwater_model::access::Principal;
use headwater_model::list::ListQuery;
use headwater_model::op::{Caller, GetObject, MissContext, Reply};
use headwater_model::{BucketName, Result};

use crate::engine::Engine;
use crate::website;

impl Engine {
    pub(crate) async fn list_objects(&self, caller: &Caller, bucket: &BucketName, query: &ListQuery) -> Result<Reply> {
        let known = self.known(bucket)?;
        if caller.principal == Principal::Anonymous
            && let Some(page) = website::root_page(&known.bucket)
        {
            let get = GetObject {
                bucket: bucket.clone(),
                key: page,
                range: None,
                strict_range: false,
                conditions: headwater_model::precondition::Preconditions::default(),
                overrides: headwater_model::object::ContentHeaders::default(),
                miss: MissContext::default(),
            };
            return Box::pin(self.get_object(caller, &get)).await;
        }
        let page = self.store.list(&known.reference, query).await?;
        Ok(Reply::Objects { owner: self.owner.clone(), page })
    }
}
