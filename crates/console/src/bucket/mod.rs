//! The pages of one bucket: its tabs, and below Basic Settings what a bucket is set to.
//!
//! Guarantees: every page is of a bucket that is there, read once for the page.
//!
//! How: a page is a method of [`BucketVisit`] in a file of its own; [`BucketVisit::answer`] tells which of them a request
//! is for. The rules of Back-to-Origin are many pages, and have a module of their own.

mod basic_settings;
mod overview;

use std::sync::Arc;

use headwater_model::bucket::Bucket;
use http::HeaderMap;

use crate::back_to_origin::Visit;
use crate::page::{Outcome, text};
use crate::visitor::Visitor;

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
}

impl Tab {
    pub(crate) const ALL: [Self; 3] = [Self::Overview, Self::Files, Self::BasicSettings];

    /// As people read it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Files => "Files",
            Self::BasicSettings => "Basic Settings",
        }
    }

    /// What follows the bucket's name in its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Files => "/files",
            Self::BasicSettings => "/basic-settings",
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
        if let ["files", rest @ ..] = rest {
            return self.files(posted, rest, fields, headers).await;
        }
        Some(match (posted, rest) {
            (false, []) => self.overview(!text(fields, "count").is_empty()).await,
            (false, ["basic-settings"]) => self.basic_settings(),
            (false, ["delete"]) => self.visitor.deleting(self.name(), "", None),
            (true, ["delete"]) => self.visitor.delete(&self.bucket.name, fields).await,
            _ => return None,
        })
    }
}
