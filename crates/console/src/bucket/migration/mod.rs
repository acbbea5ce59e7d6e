//! Migration: what is made of a miss, where the rules of Back-to-Origin say where it goes.
//!
//! Guarantees: only what was changed on the page is written, and only onto the settings that the page showed.

mod form;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_admin::Unacknowledged;
use headwater_model::Error;
use headwater_model::limits::MAX_OBJECT_BYTES;
use headwater_model::settings::MigrationSettings;
use http::StatusCode;

use super::{BucketVisit, Frame, Tab, UNCHANGED};
use crate::back_to_origin::Saved;
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, print, size, text};
use form::MigrationForm;

const PATH: &str = "migration";
const CONCURRENT: &str = "The settings were changed by somebody else since this page was opened, so nothing was saved. What \
     you typed is kept: OK saves it in place of the settings as they are now.";

#[derive(Template)]
#[template(path = "bucket/migration.html")]
struct MigrationPage<'p> {
    frame: Frame<'p>,
    conflict: Option<&'static str>,
    faults: Faults,
    /// Print of the settings that the form is about.
    print: String,
    form: MigrationForm,
    /// Largest object that can be taken, for people.
    largest: String,
}

impl BucketVisit<'_> {
    pub(crate) fn migration(&self) -> Outcome {
        let settings = &self.bucket.migration;
        let (form, print) = (MigrationForm::of(settings), print(settings));
        self.migration_with(StatusCode::OK, form, print, Faults::default(), None)
    }

    fn migration_with(
        &self,
        status: StatusCode,
        form: MigrationForm,
        print: String,
        faults: Faults,
        conflict: Option<&'static str>,
    ) -> Outcome {
        let shown = MigrationPage {
            frame: self.frame(Tab::Migration),
            conflict,
            faults,
            print,
            form,
            largest: format!("{MAX_OBJECT_BYTES} bytes ({})", size(MAX_OBJECT_BYTES)),
        };
        page(status, &shown)
    }

    /// Saves what was changed.
    pub(crate) async fn save_migration(&self, fields: &[(String, String)]) -> Outcome {
        let (form, shown) = (MigrationForm::read(fields), text(fields, "print"));
        let refused =
            |form, faults| self.migration_with(StatusCode::UNPROCESSABLE_ENTITY, form, shown.to_owned(), faults, None);
        let settings = match form.settings(&self.bucket.migration) {
            Ok(settings) => settings,
            Err(faults) => return refused(form, faults),
        };
        if shown != print(&self.bucket.migration) {
            return self.concurrent_migration(form);
        }
        if settings == self.bucket.migration {
            return self.done(PATH, UNCHANGED);
        }
        match self.change_migration(settings).await {
            Saved::Done => self.done(PATH, "The migration settings were saved."),
            Saved::Refused(reason) => refused(form, Faults::one(OF_FORM, reason)),
            Saved::Concurrent => match self.again() {
                Some(now) => now.concurrent_migration(form),
                None => self.done(PATH, CONCURRENT),
            },
        }
    }

    fn concurrent_migration(&self, form: MigrationForm) -> Outcome {
        let print = print(&self.bucket.migration);
        self.migration_with(StatusCode::CONFLICT, form, print, Faults::default(), Some(CONCURRENT))
    }

    async fn change_migration(&self, settings: MigrationSettings) -> Saved {
        let administration = self.visitor.administration;
        let (engine, bucket) = (administration.engine().clone(), self.bucket.name.clone());
        let expected = self.bucket.migration.clone();
        let change = async move {
            let new = |now: &MigrationSettings| {
                if *now == expected {
                    Ok(settings)
                } else {
                    Err(Error::PreconditionFailed { condition: "what the page showed" })
                }
            };
            engine.change_migration_settings(&bucket, new).await
        };
        let requester = self.visitor.requester.clone();
        match administration.change(requester, "put_migration_settings", self.target(), change).await {
            Ok(_) => Saved::Done,
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => Saved::Concurrent,
            Err(failure) => Saved::Refused(failure.to_string()),
        }
    }
}
