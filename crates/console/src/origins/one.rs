//! One origin: how it is, which buckets lead there, and its settings.

use askama::Template;
use headwater_admin::Unacknowledged;
use headwater_model::Error;
use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;
use http::StatusCode;

use super::fields::{self, Field, GROUPS, Input, KINDS};
use super::form::OriginForm;
use super::health::Health;
use super::named::named;
use super::{OriginVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

const CONCURRENT: &str =
    "The settings of this origin were changed by somebody else since this page was opened, so nothing was saved.";
const KEPT: &str = "What you typed is kept: Save puts it in the place of the settings as they are now.";

/// A part of the form with what stands in it.
struct Part<'p> {
    title: &'static str,
    fields: Vec<(&'static Field, &'p str)>,
}

#[derive(Template)]
#[template(path = "origins/one.html")]
struct OriginPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    alert: &'static [&'static str],
    id: &'p str,
    address: String,
    health: Health,
    buckets: Vec<String>,
    has_settings: bool,
    print: &'p str,
    parts: Vec<Part<'p>>,
    faults: Faults,
}

/// What the form of a page shows.
struct Filled<'f> {
    form: &'f OriginForm,
    print: &'f str,
    faults: Faults,
    alert: &'static [&'static str],
}

impl OriginVisit<'_> {
    pub(crate) fn show(&self, id: &OriginId) -> Outcome {
        self.as_stored(StatusCode::OK, id, &[])
    }

    /// The settings as they are now, for who was about to change others.
    pub(super) fn show_changed(&self, id: &OriginId) -> Outcome {
        self.as_stored(StatusCode::CONFLICT, id, &[CONCURRENT])
    }

    fn as_stored(&self, status: StatusCode, id: &OriginId, alert: &'static [&'static str]) -> Outcome {
        // Read before the settings: a change between the two is noticed when the form comes back.
        let print = &self.version(id);
        let form = &OriginForm::of(&self.settings(id));
        self.page(status, id, Filled { form, print, faults: Faults::default(), alert })
    }

    fn page(&self, status: StatusCode, id: &OriginId, filled: Filled<'_>) -> Outcome {
        let engine = self.visitor.administration.engine();
        let mut values = filled.form.shown();
        let part = |group: &'static fields::Group| Part {
            title: group.title,
            fields: values.by_ref().take(group.fields.len()).collect(),
        };
        let parts = GROUPS.iter().map(part).collect();
        let shown = OriginPage {
            csrf: self.visitor.csrf(),
            notice: self.visitor.session.said(),
            alert: filled.alert,
            id: id.as_str(),
            address: address(id),
            health: Health::of(&engine.origin_status(id), &self.settings(id).limits),
            buckets: named(&engine.buckets()).remove(id).unwrap_or_default().into_iter().collect(),
            has_settings: self.has_settings(id),
            print: filled.print,
            parts,
            faults: filled.faults,
        };
        page(status, &shown)
    }

    /// Saves the form if the settings are still those that it was made of.
    pub(crate) async fn save(&self, id: &OriginId, sent: &[(String, String)]) -> Outcome {
        let (form, shown) = (OriginForm::read(sent), text(sent, "print").to_owned());
        let refused = |faults| {
            let filled = Filled { form: &form, print: &shown, faults, alert: &[] };
            self.page(StatusCode::UNPROCESSABLE_ENTITY, id, filled)
        };
        let settings = match form.settings() {
            Ok(settings) => settings,
            Err(faults) => return refused(faults),
        };
        let Self { visitor } = self;
        let (requester, expected) = (visitor.requester.clone(), Some(shown.clone()));
        let new = move |_: &OriginSettings| Ok(settings);
        let changed = visitor.administration.change_origin_settings(requester, id.clone(), expected, new).await;
        match changed {
            Ok(changed) if changed.settings.differs => {
                visitor.session.say("The settings were saved: they hold for every request from now on.".to_owned());
            }
            Ok(_) => visitor.session.say("That is how they were: nothing was changed.".to_owned()),
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => {
                let print = &self.version(id);
                let filled = Filled { form: &form, print, faults: Faults::default(), alert: &[CONCURRENT, KEPT] };
                return self.page(StatusCode::CONFLICT, id, filled);
            }
            Err(failure) => return refused(faults_of(failure)),
        }
        Outcome::To(address(id))
    }

    /// What tells the settings of now from others, by their secrets too.
    pub(super) fn version(&self, id: &OriginId) -> String {
        self.visitor.administration.engine().origin_version(id)
    }

    /// With secrets masked; the defaults if it has none of its own.
    fn settings(&self, id: &OriginId) -> OriginSettings {
        self.visitor.administration.engine().origin_settings(id)
    }
}

/// What the engine refused, at the field that it means.
fn faults_of(failure: Unacknowledged) -> Faults {
    let labelled: Vec<_> = fields::all().map(|field| (field.name, field.label)).collect();
    let failure = match failure {
        Unacknowledged::Refused(Error::InvalidArgument { name, value, message }) => {
            let within = |field: &str| name.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'));
            let name = match labelled.iter().find(|(field, _)| within(field)) {
                _ if &*name == "credentials" => "kind".into(),
                Some((field, _)) => (*field).into(),
                None => name,
            };
            Unacknowledged::Refused(Error::InvalidArgument { name, value, message })
        }
        failure => failure,
    };
    Faults::refused(&failure, &labelled)
}
