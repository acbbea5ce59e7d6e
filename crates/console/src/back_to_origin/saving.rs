//! Saving a changed document: the one place where website documents of the console reach the bucket.

use headwater_admin::{Administration, Requester, Unacknowledged};
use headwater_model::rule::validate;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error};

use crate::visitor::{reason, unacknowledged};

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// It is in force.
    Done,
    /// Somebody else changed the document since the page was read: nothing was saved.
    Concurrent,
    /// It was not made, for this reason.
    Refused(String),
}

/// Replaces the document if it is still the one of `expected`, the version that the page was made of.
pub(crate) async fn save(
    administration: &Administration,
    requester: Requester,
    bucket: &BucketName,
    website: Option<Website>,
    expected: u64,
) -> Saved {
    if let Some(Err(error)) = website.as_ref().map(validate) {
        return Saved::Refused(reason(&error));
    }
    match administration.change_website(requester, bucket.clone(), website, Some(expected)).await {
        Ok(_) => Saved::Done,
        Err(Unacknowledged::Refused(Error::RulesChanged { .. })) => Saved::Concurrent,
        Err(failure) => Saved::Refused(unacknowledged(&failure)),
    }
}
