//! Access Control List: who may come without being asked who, and what of the public's rights is blocked.
//!
//! Guarantees: a list of grants is told, line by line, before it is replaced; neither form changes what the other is
//! for; nothing is replaced that changed since the page was read.
//!
//! Deliberately not here: grants to single accounts and policies, which are the vendors' APIs' part.

mod changing;
mod lists;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_model::acl::Acl;
use headwater_model::bucket::{ObjectOwnership, PublicAccessBlock};
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use http::StatusCode;

use super::basic_settings::Setting;
use super::{BucketVisit, Frame, Tab};
use crate::faults::Faults;
use crate::page::{Outcome, page, print};
use lists::{Choice, Granted, choices, granted};

const PATH: &str = "access-control-list";

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
}
