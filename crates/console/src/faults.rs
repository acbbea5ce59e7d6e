//! What is wrong with a form, field by field: a form is shown again with all of it, each at its field.

use headwater_admin::Unacknowledged;
use headwater_model::Error;

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

    /// Why a change was refused, at the field of these that it names.
    pub(crate) fn refused(failure: &Unacknowledged, fields: &[&'static str]) -> Self {
        let at = |name: &str| fields.iter().find(|field| **field == name).copied();
        match failure {
            Unacknowledged::Refused(Error::InvalidArgument { name, message, .. }) => match at(name) {
                Some(field) => Self::one(field, sentence(message)),
                None => Self::one(OF_FORM, sentence(&format!("{name}: {message}"))),
            },
            Unacknowledged::Refused(Error::MalformedPolicy { message }) => {
                Self::one(at("policy").unwrap_or(OF_FORM), sentence(message))
            }
            failure => Self::one(OF_FORM, sentence(&failure.to_string())),
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

/// With a capital and a full stop.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn sentences_are_sentences() {
        assert_eq!(sentence("it is so"), "It is so.");
        assert_eq!(sentence("Done."), "Done.");
    }
}
