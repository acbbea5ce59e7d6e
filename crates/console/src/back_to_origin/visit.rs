//! A visit of these pages: who comes, and to which bucket.

use std::sync::Arc;

use headwater_admin::{Administration, Requester};
use headwater_model::bucket::Bucket;
use headwater_model::rule::RoutingRule;
use headwater_model::rule::change::{Change, Vanished, changed};

use super::saving::{Saved, save};
use crate::page::{Outcome, text};

/// Who comes, to which bucket.
pub(crate) struct Visit<'v> {
    pub(crate) administration: &'v Administration,
    pub(crate) requester: Requester,
    /// What forms of this session carry.
    pub(crate) csrf: &'v str,
    /// As it is at the beginning of the visit.
    pub(crate) bucket: Arc<Bucket>,
}

impl Visit<'_> {
    pub(crate) fn name(&self) -> &str {
        self.bucket.name.as_str()
    }

    pub(crate) fn names(&self) -> (&str, &str) {
        (self.name(), self.csrf)
    }

    pub(crate) fn rules(&self) -> &[RoutingRule] {
        self.bucket.website.as_ref().map_or(&[], |website| &website.rules)
    }

    /// The list, as where to go after a change.
    pub(crate) fn to_list(&self) -> Outcome {
        Outcome::To(format!("/buckets/{}/back-to-origin", self.name()))
    }

    /// Makes a change of the rules that the page of `version` showed.
    pub(crate) async fn change(&self, change: Change, version: u64) -> Result<Saved, Vanished> {
        let website = changed(self.bucket.website.as_deref(), change)?;
        Ok(save(self.administration, self.requester.clone(), &self.bucket.name, website, version).await)
    }

    /// The same visit, with the bucket as it is now.
    pub(crate) fn again(&self) -> Option<Self> {
        let bucket = self.administration.engine().bucket(self.name())?;
        Some(Visit { administration: self.administration, requester: self.requester.clone(), csrf: self.csrf, bucket })
    }
}

/// The version that a form carries; a form without one is of no version.
pub(crate) fn version(fields: &[(String, String)]) -> u64 {
    text(fields, "version").parse().unwrap_or(u64::MAX)
}
