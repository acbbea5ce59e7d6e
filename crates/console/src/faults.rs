//! What is wrong with a form, field by field: a form is shown again with all of it, each at its field.

use headwater_admin::Unacknowledged;
use headwater_model::Error;

use crate::visitor::unacknowledged;

/// Name of a fault that no single field is to blame for.
pub(crate) const OF_FORM: &str = "form";

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Name of the field, as in the form.
    pub(crate) field: &'static str,
    /// The rule that it broke, and what would be right.
    pub(crate) message: String,
}

/// What is wrong with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Fault { field, message: message.into() });
    }

    /// With one fault.
    pub(crate) fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.add(field, message);
        faults
    }

    /// Why a change was refused, at the field of these, names with their labels, that it is about.
    pub(crate) fn refused(failure: &Unacknowledged, fields: &[(&'static str, &'static str)]) -> Self {
        let at = |name: &str| fields.iter().find(|(field, _)| *field == name).copied();
        let (name, message) = match failure {
            Unacknowledged::Refused(Error::InvalidArgument { name, message, .. }) => (&**name, message),
            Unacknowledged::Refused(Error::MalformedPolicy { message }) => ("policy", message),
            failure => return Self::one(OF_FORM, unacknowledged(failure)),
        };
        match at(name) {
            Some((field, label)) => Self::one(field, told(label, message)),
            None => Self::one(OF_FORM, told(name, message)),
        }
    }

    /// Adds these.
    pub(crate) fn extend(&mut self, faults: impl IntoIterator<Item = (&'static str, String)>) {
        self.0.extend(faults.into_iter().map(|(field, message)| Fault { field, message }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// The first fault of a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|fault| fault.field == field).map(|fault| &*fault.message)
    }
}

/// What is wrong with the field of this label.
fn told(label: &str, message: &str) -> String {
    format!("{label}: {}.", message.trim_end_matches('.'))
}
