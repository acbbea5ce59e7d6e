//! Buckets: the list, a new one, and the end of one.

use askama::Template;
use headwater_admin::{Unacknowledged, iso_8601};
use headwater_model::acl::Acl;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::{BucketName, Error};
use http::StatusCode;

use crate::page::{Outcome, page, text};
use crate::visitor::{Visitor, unacknowledged};

struct Row {
    name: String,
    created: String,
    acl: &'static str,
    rules: usize,
}

#[derive(Template)]
#[template(path = "buckets/list.html")]
struct ListPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    search: &'p str,
    total: usize,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "buckets/create.html")]
struct CreatePage<'p> {
    csrf: &'p str,
    name: &'p str,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "buckets/delete.html")]
struct DeletePage<'p> {
    csrf: &'p str,
    bucket: &'p str,
    typed: &'p str,
    fault: Option<String>,
}

fn row(bucket: &Bucket) -> Row {
    Row {
        name: bucket.name.to_string(),
        created: iso_8601(bucket.created),
        acl: acl_name(bucket),
        rules: bucket.website.as_ref().map_or(0, |website| website.rules.len()),
    }
}

/// The name of a canned list, or `grants`.
pub(crate) fn acl_name(bucket: &Bucket) -> &'static str {
    match &bucket.acl {
        Acl::Canned(acl) => acl.as_str(),
        Acl::Grants(_) => "grants",
    }
}

impl Visitor<'_> {
    pub(crate) fn list(&self, search: &str) -> Outcome {
        let buckets = self.administration.engine().buckets();
        let total = buckets.len();
        let rows =
            buckets.iter().filter(|bucket| bucket.name.as_str().contains(search.trim())).map(|bucket| row(bucket));
        let (csrf, notice) = (self.csrf(), self.session.said());
        page(StatusCode::OK, &ListPage { csrf, notice, search, total, rows: rows.collect() })
    }

    pub(crate) fn creating(&self, name: &str, fault: Option<String>) -> Outcome {
        page(status(fault.as_ref()), &CreatePage { csrf: self.csrf(), name, fault })
    }

    /// Creates a bucket; what was typed is kept if it is refused.
    pub(crate) async fn create(&self, fields: &[(String, String)]) -> Outcome {
        let typed = text(fields, "name");
        let parsed = BucketName::parse(typed).and_then(|name| name.check_new().map(|()| name));
        let Ok(name) = parsed else { return self.creating(typed, Some(name_fault(typed))) };
        match self.administration.create_bucket(self.requester.clone(), name.clone(), Dialect::Oss).await {
            Ok(_) => {}
            Err(Unacknowledged::Refused(Error::BucketAlreadyExists { .. })) => {
                let fault = format!("There is a bucket {name} already: choose another name.");
                return self.creating(typed, Some(fault));
            }
            Err(failure) => return self.creating(typed, Some(unacknowledged(&failure))),
        }
        self.session.say(format!("Bucket {name} was created. It is private."));
        Outcome::To(format!("/buckets/{name}"))
    }

    pub(crate) fn deleting(&self, bucket: &str, typed: &str, fault: Option<String>) -> Outcome {
        page(status(fault.as_ref()), &DeletePage { csrf: self.csrf(), bucket, typed, fault })
    }

    /// Deletes an empty bucket if its name was typed.
    pub(crate) async fn delete(&self, name: &BucketName, fields: &[(String, String)]) -> Outcome {
        let typed = text(fields, "confirmation");
        if typed.trim() != name.as_str() {
            return self.deleting(name.as_str(), typed, Some(format!("That is not the bucket's name: type {name}.")));
        }
        if let Err(failure) = self.administration.delete_bucket(self.requester.clone(), name.clone()).await {
            return self.deleting(name.as_str(), typed, Some(unacknowledged(&failure)));
        }
        self.session.say(format!("Bucket {name} was deleted."));
        Outcome::To("/buckets".to_owned())
    }
}

fn status(fault: Option<&String>) -> StatusCode {
    if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

fn name_fault(typed: &str) -> String {
    if typed.is_empty() {
        return "Type a name.".to_owned();
    }
    format!(
        "{typed} cannot be a bucket's name: use 3 to 63 lowercase letters, digits, hyphens and dots, with a letter or digit at both ends."
    )
}
