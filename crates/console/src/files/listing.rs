//! One page of a bucket's objects, folders first to last as the keys order them.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::list::{ListPage, ListQuery};
use http::StatusCode;

use super::trail;
use crate::bucket::{BucketVisit, Frame, Tab};
use crate::faults::Faults;
use crate::page::{Outcome, page, size, text};

/// Entries of a page: what can be looked through, and a few milliseconds.
const PAGE: usize = 100;

/// One object of a page.
struct FileRow {
    key: String,
    /// What follows the prefix.
    name: String,
    path: String,
    size: String,
    modified: String,
}

/// A link, and what it says.
struct Step {
    path: String,
    name: String,
}

#[derive(Template)]
#[template(path = "files/list.html")]
struct ListPageHtml<'p> {
    frame: Frame<'p>,
    alert: Option<String>,
    /// What is wrong with the form that uploads, which is open then.
    faults: Faults,
    /// Where it is to be stored.
    folder: &'p str,
    prefix: &'p str,
    steps: Vec<Step>,
    folders: Vec<Step>,
    files: Vec<FileRow>,
    damaged: Vec<String>,
    first: Option<String>,
    next: Option<String>,
    limit: usize,
}

impl BucketVisit<'_> {
    /// The page of `prefix` behind `after`.
    pub(crate) async fn listing(&self, fields: &[(String, String)]) -> Outcome {
        self.listing_with(StatusCode::OK, (text(fields, "prefix"), text(fields, "after")), None, Faults::default())
            .await
    }

    /// The same page, with why what was asked for from it was not done.
    pub(super) async fn refused_listing(&self, fields: &[(String, String)], alert: String) -> Outcome {
        let place = (text(fields, "prefix"), text(fields, "after"));
        self.listing_with(StatusCode::UNPROCESSABLE_ENTITY, place, Some(alert), Faults::default()).await
    }

    /// The page of the folder that was typed, with why nothing was stored there.
    pub(super) async fn refused_upload(&self, status: StatusCode, folder: &str, faults: Faults) -> Outcome {
        self.listing_with(status, (folder, ""), None, faults).await
    }

    async fn listing_with(
        &self,
        status: StatusCode,
        (prefix, after): (&str, &str),
        alert: Option<String>,
        faults: Faults,
    ) -> Outcome {
        let query = ListQuery { prefix: prefix.into(), delimiter: "/".into(), after: after.into(), limit: PAGE };
        let (found, refusal) = match self.visitor.administration.engine().browse(&self.bucket.name, &query).await {
            Ok(found) => (found, None),
            Err(error) => (ListPage::default(), Some(error.to_string())),
        };
        let status = if refusal.is_some() && status.is_success() { StatusCode::SERVICE_UNAVAILABLE } else { status };
        let below = |text: &str| text.strip_prefix(prefix).unwrap_or(text).to_owned();
        let step = |(path, name): (&str, &str)| Step { path: self.prefix_path(path), name: name.to_owned() };
        let folders = found.common_prefixes.iter().map(|folder| step((folder, &below(folder)))).collect();
        let files = found.objects.iter().map(|object| FileRow {
            key: object.key.as_str().to_owned(),
            name: below(object.key.as_str()),
            path: self.key_path("object", object.key.as_str()),
            size: size(object.size_bytes),
            modified: iso_8601(object.last_modified),
        });
        let shown = ListPageHtml {
            frame: self.frame(Tab::Files),
            alert: alert.or(refusal),
            faults,
            folder: prefix,
            prefix,
            steps: trail(prefix).into_iter().map(step).collect(),
            folders,
            files: files.collect(),
            damaged: found.damaged.iter().map(|key| key.as_str().to_owned()).collect(),
            first: (!after.is_empty()).then(|| self.prefix_path(prefix)),
            next: found.next.map(|next| format!("{}&after={}", self.prefix_path(prefix), crate::page::escaped(&next))),
            limit: PAGE,
        };
        page(status, &shown)
    }
}
