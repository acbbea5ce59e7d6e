//! What of the public's rights is blocked on every bucket at once.

use headwater_engine::Changed;
use headwater_model::body::Body;
use headwater_model::bucket::PublicAccessBlock;
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::administration::{Administration, Requester, caller};
use crate::audit::Unacknowledged;

impl Administration {
    /// What is blocked on every bucket, as the key of `who` may see it.
    ///
    /// # Errors
    /// As [`Administration::perform`].
    pub async fn public_access_block(&self, who: &str) -> Result<PublicAccessBlock> {
        block(self.perform(who, Op::GetAccountPublicAccessBlock).await?)
    }

    /// Blocks these on every bucket, whatever its own settings say.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what [`Administration::perform`] refuses with.
    pub async fn change_public_access_block(
        &self,
        requester: Requester,
        after: PublicAccessBlock,
    ) -> Result<Changed<PublicAccessBlock>, Unacknowledged> {
        let (credential, now) = self.credential(&requester.who).map_err(Unacknowledged::Refused)?;
        let engine = self.engine().clone();
        let change = Box::pin(async move {
            let caller = caller(&credential, now);
            let before = block(engine.perform(&caller, Op::GetAccountPublicAccessBlock, Body::Empty).await?)?;
            if before != after {
                engine.perform(&caller, Op::PutAccountPublicAccessBlock(after), Body::Empty).await?;
            }
            Ok(Changed { before: Some(before), after: Some(after), differs: before != after })
        });
        self.change(requester, "put_account_public_access_block", "server".to_owned(), change).await
    }
}

fn block(reply: Reply) -> Result<PublicAccessBlock> {
    match reply {
        Reply::PublicAccess(block) => Ok(block),
        other => Err(Error::internal("read the public access block", format!("{other:?}"))),
    }
}
