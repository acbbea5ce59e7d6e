//! One page of a bucket's objects, folders first to last as the keys order them.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::list::{ListPage, ListQuery};
use http::StatusCode;

use super::trail;
use crate::bucket::{BucketVisit, Frame, Tab};
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
    pub(crate) async fn listing(&self, fields: &[(String, String)], alert: Option<String>) -> Outcome {
        let (prefix, after) = (text(fields, "prefix"), text(fields, "after"));
        let query = ListQuery { prefix: prefix.into(), delimiter: "/".into(), after: after.into(), limit: PAGE };
        let (found, refusal) = match self.visitor.administration.engine().browse(&self.bucket.name, &query).await {
            Ok(found) => (found, None),
            Err(error) => (ListPage::default(), Some(error.to_string())),
        };
        let status = if refusal.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
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
