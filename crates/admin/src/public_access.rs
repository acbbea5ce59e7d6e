//! Who may come without being asked who: what of the public's rights is blocked on every bucket at once, and what lets the
//! public at one of them.

use std::sync::Arc;

use headwater_engine::{AccessChange, Changed};
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use serde::Serialize;

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

    /// Replaces the list or the block of a bucket unless somebody changed one of the two since `read`, by whichever door, and
    /// writes it down as `action`, with what was before and what is to be after.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::replace_access` refuses with.
    pub async fn change_access<T>(
        &self,
        requester: Requester,
        read: Arc<Bucket>,
        (action, wanted): (&'static str, AccessChange),
        (before, after): (Option<T>, Option<T>),
    ) -> Result<(), Unacknowledged>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let (credential, now) = self.credential(&requester.who).map_err(Unacknowledged::Refused)?;
        let (engine, target) = (self.engine().clone(), format!("bucket {}", read.name));
        let change = Box::pin(async move {
            engine.replace_access(&caller(&credential, now), &read, &wanted).await?;
            Ok(Changed { before, after, differs: true })
        });
        self.change(requester, action, target, change).await.map(drop)
    }
}

fn block(reply: Reply) -> Result<PublicAccessBlock> {
    match reply {
        Reply::PublicAccess(block) => Ok(block),
        other => Err(Error::internal("read the public access block", format!("{other:?}"))),
    }
}
