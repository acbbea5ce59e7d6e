//! Changes of a bucket's list and of what is blocked on it.

use headwater_admin::Unacknowledged;
use headwater_engine::AccessChange;
use headwater_model::Error;
use headwater_model::acl::{Acl, CannedAcl, WantedAcl};
use headwater_model::bucket::PublicAccessBlock;
use http::StatusCode;
use serde::Serialize;

use super::super::{BucketVisit, UNCHANGED};
use super::lists::{AS_IT_IS, told};
use super::{Chosen, PATH};
use crate::back_to_origin::Saved;
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, print, text};
use crate::visitor::unacknowledged;

const CONCURRENT: &str = "This was changed by somebody else since the page was opened, so nothing was saved. What you chose is \
     kept: OK saves it in place of what there is now.";

impl BucketVisit<'_> {
    /// Puts a canned list in place of the one that the page showed.
    pub(crate) async fn save_list(&self, fields: &[(String, String)]) -> Outcome {
        let list = text(fields, "acl");
        let chosen = Chosen { list: Some(list), ..Chosen::default() };
        let refused = |field, reason: String| {
            self.access_control_with(StatusCode::UNPROCESSABLE_ENTITY, &chosen, Faults::one(field, reason), None)
        };
        if text(fields, "shown") != print(&self.bucket.acl) {
            return self.concurrent_access(&chosen).await;
        }
        if list == AS_IT_IS {
            return self.done(PATH, UNCHANGED);
        }
        let Some(acl) = CannedAcl::parse_oss(list) else {
            return refused("acl", "Choose private, public-read or public-read-write.".to_owned()).await;
        };
        if Acl::Canned(acl) == self.bucket.acl {
            return self.done(PATH, UNCHANGED);
        }
        let block = self.bucket.access.public_access.and(self.block_on_all().await);
        if acl != CannedAcl::Private && block.block_public_acls {
            let message = "Public access is blocked, by this bucket or on all of them, so its list stays private: take \
                 the tick of Block public access lists away first, where it is set.";
            return refused("acl", message.to_owned()).await;
        }
        let wanted = AccessChange::Acl(WantedAcl::Canned(acl));
        let ends = (Some(told(&self.bucket.acl)), Some(told(&acl.into())));
        match self.change_access("put_bucket_acl", wanted, ends).await {
            Saved::Done => self.done(PATH, format!("The list is {}.", acl.as_str())),
            Saved::Refused(reason) => refused(OF_FORM, reason).await,
            Saved::Concurrent => self.concurrent_access(&chosen).await,
        }
    }

    /// Blocks of the public's rights what is ticked.
    pub(crate) async fn save_block(&self, fields: &[(String, String)]) -> Outcome {
        let ticked = |name| fields.iter().any(|(field, _)| field == name);
        let before = self.bucket.access.public_access;
        let block = PublicAccessBlock {
            configured: true,
            block_public_acls: ticked("block_public_acls"),
            ignore_public_acls: ticked("ignore_public_acls"),
            block_public_policy: ticked("block_public_policy"),
            restrict_public_buckets: ticked("restrict_public_buckets"),
        };
        let chosen = Chosen { block: Some(block), ..Chosen::default() };
        if text(fields, "shown") != print(&before) {
            return self.concurrent_access(&chosen).await;
        }
        // Whether there is a configuration that blocks nothing, or none, is nothing that this form shows.
        if (PublicAccessBlock { configured: before.configured, ..block }) == before {
            return self.done(PATH, UNCHANGED);
        }
        let (wanted, ends) = (AccessChange::Block(block), (Some(before), Some(block)));
        match self.change_access("put_public_access_block", wanted, ends).await {
            Saved::Done => self.done(PATH, "What of the public's rights is blocked was saved."),
            Saved::Refused(reason) => {
                let faults = Faults::one(OF_FORM, reason);
                self.access_control_with(StatusCode::UNPROCESSABLE_ENTITY, &chosen, faults, None).await
            }
            Saved::Concurrent => self.concurrent_access(&chosen).await,
        }
    }

    /// The page as the bucket is now, with what was chosen.
    async fn concurrent_access(&self, chosen: &Chosen<'_>) -> Outcome {
        let Some(now) = self.again() else { return self.done(PATH, CONCURRENT) };
        now.access_control_with(StatusCode::CONFLICT, chosen, Faults::default(), Some(CONCURRENT)).await
    }

    /// Replaces list or block unless somebody changed one of them since this visit read them.
    async fn change_access<T>(&self, action: &'static str, wanted: AccessChange, ends: (Option<T>, Option<T>)) -> Saved
    where
        T: Serialize + Send + Sync + 'static,
    {
        let (requester, read) = (self.visitor.requester.clone(), self.bucket.clone());
        match self.visitor.administration.change_access(requester, read, (action, wanted), ends).await {
            Ok(()) => Saved::Done,
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => Saved::Concurrent,
            Err(failure) => Saved::Refused(unacknowledged(&failure)),
        }
    }
}
