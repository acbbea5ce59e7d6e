//! Static Pages: the homepage, those of subfolders, and the page for what is missing.
//!
//! Guarantees: the rules of the website document are never touched; what is saved is the document that the page showed with
//! this change, or nothing, and what was typed is shown again.

mod form;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_model::acl::{Acl, CannedAcl};
use http::StatusCode;

use super::basic_settings::Setting;
use super::{BucketVisit, Frame, Tab, UNCHANGED};
use crate::back_to_origin::{Saved, save, version};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page};
use form::StaticPagesForm;

const PATH: &str = "static-pages";
const CONCURRENT: &str = "The website document of this bucket was changed by somebody else since this page was opened, so \
     nothing was saved. What you typed is kept: OK saves it onto the document as it is now.";

#[derive(Template)]
#[template(path = "bucket/static_pages.html")]
struct StaticPagesPage<'p> {
    frame: Frame<'p>,
    version: u64,
    form: StaticPagesForm,
    faults: Faults,
    conflict: Option<&'static str>,
    /// Whether visitors without a key may read nothing by the bucket's own list.
    is_private: bool,
}

impl BucketVisit<'_> {
    pub(crate) fn static_pages_setting(&self) -> Setting {
        let form = StaticPagesForm::of(self.bucket.website.as_deref());
        let now = match (&*form.index, &*form.error) {
            ("", "") => "Not set.".to_owned(),
            (index, "") => format!("Default Homepage {index}."),
            ("", error) => format!("Default 404 Page {error}."),
            (index, error) => format!("Default Homepage {index}, Default 404 Page {error}."),
        };
        Setting { title: "Static Pages", path: PATH, now }
    }

    pub(crate) fn static_pages(&self) -> Outcome {
        let form = StaticPagesForm::of(self.bucket.website.as_deref());
        self.static_pages_with(StatusCode::OK, form, self.bucket.rule_version, Faults::default(), None)
    }

    fn static_pages_with(
        &self,
        status: StatusCode,
        form: StaticPagesForm,
        version: u64,
        faults: Faults,
        conflict: Option<&'static str>,
    ) -> Outcome {
        let is_private = self.bucket.acl == Acl::Canned(CannedAcl::Private);
        let frame = self.frame(Tab::BasicSettings);
        page(status, &StaticPagesPage { frame, version, form, faults, conflict, is_private })
    }

    /// Saves the form onto the document that its page showed.
    pub(crate) async fn save_static_pages(&self, fields: &[(String, String)]) -> Outcome {
        let (form, expected) = (StaticPagesForm::read(fields), version(fields));
        let refused =
            |form, faults| self.static_pages_with(StatusCode::UNPROCESSABLE_ENTITY, form, expected, faults, None);
        let stored = self.bucket.website.as_deref();
        let website = match form.website(stored) {
            Ok(website) => website,
            Err(faults) => return refused(form, faults),
        };
        let said = if website.as_ref() == stored && expected == self.bucket.rule_version {
            UNCHANGED
        } else {
            let (administration, requester) = (self.visitor.administration, self.visitor.requester.clone());
            match save(administration, requester, &self.bucket.name, website, expected).await {
                Saved::Done => "The static pages were saved.",
                Saved::Refused(reason) => return refused(form, Faults::one(OF_FORM, reason)),
                Saved::Concurrent => {
                    let Some(now) = self.again() else { return Outcome::To("/buckets".to_owned()) };
                    let version = now.bucket.rule_version;
                    let conflict = Some(CONCURRENT);
                    return now.static_pages_with(StatusCode::CONFLICT, form, version, Faults::default(), conflict);
                }
            }
        };
        self.done(PATH, said)
    }
}
