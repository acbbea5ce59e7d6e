//! Deleting objects: named, confirmed, then done one by one.

use askama::Template;
use headwater_model::version::Versioning;
use headwater_model::{ObjectKey, Result};
use http::StatusCode;

use crate::bucket::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page, text};
use crate::visitor::unacknowledged;

#[derive(Template)]
#[template(path = "files/delete.html")]
struct DeletePage<'p> {
    frame: Frame<'p>,
    prefix: &'p str,
    back: String,
    keys: Vec<ObjectKey>,
    /// Whether a deletion leaves the versions.
    keeps_versions: bool,
    alert: Option<String>,
}

impl BucketVisit<'_> {
    /// Asks, and with `confirmed` in the form deletes.
    pub(crate) async fn delete_files(&self, fields: &[(String, String)]) -> Outcome {
        let named: Result<Vec<ObjectKey>> =
            fields.iter().filter(|(name, _)| name == "key").map(|(_, key)| ObjectKey::parse(key)).collect();
        let prefix = text(fields, "prefix");
        let keys = match named {
            Ok(keys) if !keys.is_empty() => keys,
            Ok(_) => return self.refused_listing(fields, "Select what is to be deleted.".to_owned()).await,
            Err(error) => return self.refused_listing(fields, error.to_string()).await,
        };
        if text(fields, "confirmed").is_empty() {
            return self.confirm_removal(prefix, keys, None);
        }
        let number = keys.len();
        for (at, key) in keys.iter().enumerate() {
            let (requester, target) = (self.visitor.requester.clone(), self.current(key));
            if let Err(failure) = self.visitor.administration.delete_object(requester, target).await {
                let alert = format!("{} was not deleted: {}", key.as_str(), unacknowledged(&failure));
                return self.confirm_removal(prefix, keys[at..].to_vec(), Some(alert));
            }
        }
        self.visitor.session.say(match keys.as_slice() {
            [key] => format!("{} was deleted.", key.as_str()),
            _ => format!("{number} files were deleted."),
        });
        Outcome::To(self.prefix_path(prefix))
    }

    fn confirm_removal(&self, prefix: &str, keys: Vec<ObjectKey>, alert: Option<String>) -> Outcome {
        let status = if alert.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
        let shown = DeletePage {
            frame: self.frame(Tab::Files),
            prefix,
            back: self.prefix_path(prefix),
            keys,
            keeps_versions: self.bucket.configuration.versioning != Versioning::Unversioned,
            alert,
        };
        page(status, &shown)
    }
}
