//! The pages of one bucket: its tabs, and below Basic Settings what a bucket is set to.
//!
//! Guarantees: every page is of a bucket that is there, read once for the page.
//!
//! How: a page is a method of [`BucketVisit`] in a file of its own; [`BucketVisit::answer`] tells which of them a request
//! is for. The rules of Back-to-Origin are many pages, and have a module of their own. Of settings that are lists of rules,
//! `rule_list` finds the rule that a form is about, and changes what the owner configured only as the page found it.

mod access_control;
mod basic_settings;
mod confirm;
mod cors;
mod explain;
mod lifecycle;
mod migration;
mod overview;
mod rule_list;
mod static_pages;

use std::sync::Arc;

use headwater_model::bucket::Bucket;
use http::HeaderMap;

use crate::back_to_origin::Visit;
use crate::page::{Outcome, text};
use crate::visitor::Visitor;
use confirm::Confirm;

/// What is said of a form that was sent as it was shown.
const UNCHANGED: &str = "Nothing was changed.";

/// Who comes, to which bucket.
pub(crate) struct BucketVisit<'v> {
    pub(crate) visitor: Visitor<'v>,
    /// As it is at the beginning of the visit.
    pub(crate) bucket: Arc<Bucket>,
}

/// What every page of a bucket shows around its content. Templates that extend `bucket/frame.html` have it as `frame`.
pub(crate) struct Frame<'p> {
    pub(crate) csrf: &'p str,
    /// The bucket's name.
    pub(crate) bucket: &'p str,
    /// The tab that is open.
    pub(crate) tab: Tab,
    /// What the last page left to say.
    pub(crate) notice: Option<String>,
}

/// The tabs of a bucket, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Files,
    BasicSettings,
    Migration,
    Explain,
}

impl Tab {
    pub(crate) const ALL: [Self; 5] =
        [Self::Overview, Self::Files, Self::BasicSettings, Self::Migration, Self::Explain];

    /// As people read it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Files => "Files",
            Self::BasicSettings => "Basic Settings",
            Self::Migration => "Migration",
            Self::Explain => "Explain",
        }
    }

    /// What follows the bucket's name in its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Files => "/files",
            Self::BasicSettings => "/basic-settings",
            Self::Migration => "/migration",
            Self::Explain => "/explain",
        }
    }
}

impl BucketVisit<'_> {
    pub(crate) fn name(&self) -> &str {
        self.bucket.name.as_str()
    }

    /// The frame of a page of this tab; takes what was left to say.
    pub(crate) fn frame(&self, tab: Tab) -> Frame<'_> {
        Frame { csrf: self.visitor.csrf(), bucket: self.name(), tab, notice: self.visitor.session.said() }
    }

    /// As the audit log names it.
    fn target(&self) -> String {
        format!("bucket {}", self.name())
    }

    /// The same visit, with the bucket as it is now.
    fn again(&self) -> Option<Self> {
        let bucket = self.visitor.administration.engine().bucket(self.name())?;
        Some(Self { visitor: self.visitor.clone(), bucket })
    }

    /// To the page at `path` below the bucket's, which says what was done.
    fn done(&self, path: &str, said: impl Into<String>) -> Outcome {
        self.visitor.session.say(said.into());
        Outcome::To(format!("/buckets/{}/{path}", self.name()))
    }

    /// Answers a request, `rest` being the segments of its path below `/buckets/{bucket}`, `fields` those of its query or
    /// of the form that was `posted`. `None` if there is no such page.
    pub(crate) async fn answer(
        self,
        posted: bool,
        rest: &[&str],
        fields: &[(String, String)],
        headers: &HeaderMap,
    ) -> Option<Outcome> {
        if let ["back-to-origin", rest @ ..] = rest {
            let Self { visitor, bucket } = self;
            let (administration, csrf) = (visitor.administration, &*visitor.session.csrf);
            let visit = Visit { administration, requester: visitor.requester, csrf, bucket };
            return visit.answer(posted, rest, fields).await;
        }
        match rest {
            ["files", rest @ ..] => return self.files(posted, rest, fields, headers).await,
            ["cors", rest @ ..] => return self.cors(posted, rest, fields).await,
            ["lifecycle", rest @ ..] => return self.lifecycle(posted, rest, fields).await,
            _ => {}
        }
        Some(match (posted, rest) {
            (false, []) => self.overview(!text(fields, "count").is_empty()).await,
            (false, ["basic-settings"]) => self.basic_settings(),
            (false, ["access-control-list"]) => self.access_control().await,
            (true, ["access-control-list"]) => self.save_list(fields).await,
            (true, ["public-access"]) => self.save_block(fields).await,
            (false, ["static-pages"]) => self.static_pages(),
            (true, ["static-pages"]) => self.save_static_pages(fields).await,
            (false, ["migration"]) => self.migration(),
            (true, ["migration"]) => self.save_migration(fields).await,
            (false, ["explain"]) => self.explain(fields).await,
            (true, ["explain"]) => self.try_origin(fields).await,
            (false, ["delete"]) => self.visitor.deleting(self.name(), "", None),
            (true, ["delete"]) => self.visitor.delete(&self.bucket.name, fields).await,
            _ => return None,
        })
    }
}
