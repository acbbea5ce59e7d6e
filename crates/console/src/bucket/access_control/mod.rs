//! Access Control List: who may come without being asked who, and what of the public's rights is blocked.
//!
//! Guarantees: a list of grants is told, line by line, before it is replaced; neither form changes what the other is
//! for; nothing is replaced that changed since the page was read.
//!
//! Deliberately not here: grants to single accounts and policies, which are the vendors' APIs' part.

mod lists;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_model::acl::{Acl, CannedAcl, WantedAcl};
use headwater_model::bucket::{ObjectOwnership, PublicAccessBlock};
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use http::StatusCode;

use super::basic_settings::Setting;
use super::{BucketVisit, Frame, Tab, UNCHANGED};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, print, text};
use lists::{Choice, Granted, choices, granted, told};

const PATH: &str = "access-control-list";
const CONCURRENT: &str = "This was changed by somebody else since the page was opened, so nothing was saved. What you chose is \
     kept: OK saves it in place of what there is now.";

#[derive(Template)]
#[template(path = "bucket/access_control.html")]
struct AccessControlPage<'p> {
    frame: Frame<'p>,
    conflict: Option<&'static str>,
    faults: Faults,
    /// Whether lists count for nothing (S3's ownership).
    disabled: bool,
    /// Whether what the list grants to the public does not count.
    ignored: bool,
    shown_list: String,
    choices: Vec<Choice>,
    grants: Vec<Granted>,
    shown_block: String,
    block: PublicAccessBlock,
    /// What is blocked on all buckets at once.
    on_all: Vec<&'static str>,
}

/// What was chosen in the form that was sent.
#[derive(Default)]
struct Chosen<'f> {
    list: Option<&'f str>,
    block: Option<PublicAccessBlock>,
}

impl BucketVisit<'_> {
    pub(crate) fn access_control_setting(&self) -> Setting {
        let mut now = match &self.bucket.acl {
            Acl::Canned(acl) => format!("{}.", acl.as_str()),
            Acl::Grants(grants) => format!("By grants, {} of them.", grants.len()),
        };
        if self.bucket.access.public_access.block_public_acls {
            now.push_str(" Public access is blocked.");
        }
        Setting { title: "Access Control List", path: PATH, now }
    }

    pub(crate) async fn access_control(&self) -> Outcome {
        self.access_control_with(StatusCode::OK, &Chosen::default(), Faults::default(), None).await
    }

    async fn access_control_with(
        &self,
        status: StatusCode,
        chosen: &Chosen<'_>,
        faults: Faults,
        conflict: Option<&'static str>,
    ) -> Outcome {
        let (acl, access, all) = (&self.bucket.acl, &self.bucket.access, self.block_on_all().await);
        let names = [
            (all.block_public_acls, "Block public access lists"),
            (all.ignore_public_acls, "Ignore public access lists"),
            (all.block_public_policy, "Block public policies"),
            (all.restrict_public_buckets, "Restrict public buckets"),
        ];
        let shown = AccessControlPage {
            frame: self.frame(Tab::BasicSettings),
            conflict,
            faults,
            disabled: access.ownership == Some(ObjectOwnership::BucketOwnerEnforced),
            ignored: acl.is_public() && access.public_access.and(all).ignore_public_acls,
            shown_list: print(acl),
            choices: choices(acl, chosen.list),
            grants: granted(acl),
            shown_block: print(&access.public_access),
            block: chosen.block.unwrap_or(access.public_access),
            on_all: names.into_iter().filter_map(|(blocked, name)| blocked.then_some(name)).collect(),
        };
        page(status, &shown)
    }

    async fn block_on_all(&self) -> PublicAccessBlock {
        match self.visitor.read(Op::GetAccountPublicAccessBlock).await {
            Ok(Reply::PublicAccess(block)) => block,
            _ => PublicAccessBlock::default(),
        }
    }

    /// Puts a canned list in place of the one that the page showed.
    pub(crate) async fn save_list(&self, fields: &[(String, String)]) -> Outcome {
        let list = text(fields, "acl");
        let chosen = Chosen { list: Some(list), ..Chosen::default() };
        let refused = |field, reason: String| {
            self.access_control_with(StatusCode::UNPROCESSABLE_ENTITY, &chosen, Faults::one(field, reason), None)
        };
        if text(fields, "shown") != print(&self.bucket.acl) {
            return self.access_control_with(StatusCode::CONFLICT, &chosen, Faults::default(), Some(CONCURRENT)).await;
        }
        if list == lists::AS_IT_IS {
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
        let op = Op::PutBucketAcl(self.bucket.name.clone(), WantedAcl::Canned(acl));
        let ends = (Some(told(&self.bucket.acl)), Some(told(&acl.into())));
        match self.visitor.change("put_bucket_acl", self.target(), op, ends).await {
            Ok(()) => self.done(PATH, format!("The list is {}.", acl.as_str())),
            Err(reason) => refused(OF_FORM, reason).await,
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
            return self.access_control_with(StatusCode::CONFLICT, &chosen, Faults::default(), Some(CONCURRENT)).await;
        }
        // Whether there is a configuration that blocks nothing, or none, is nothing that this form shows.
        if (PublicAccessBlock { configured: before.configured, ..block }) == before {
            return self.done(PATH, UNCHANGED);
        }
        let op = Op::PutPublicAccessBlock(self.bucket.name.clone(), block);
        match self.visitor.change("put_public_access_block", self.target(), op, (Some(before), Some(block))).await {
            Ok(()) => self.done(PATH, "What of the public's rights is blocked was saved."),
            Err(reason) => {
                let faults = Faults::one(OF_FORM, reason);
                self.access_control_with(StatusCode::UNPROCESSABLE_ENTITY, &chosen, faults, None).await
            }
        }
    }
}
