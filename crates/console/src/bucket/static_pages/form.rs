//! The form of the static pages (oss-mirroring 14.5), and the website document that it means.
//!
//! Guarantees: the rules of the document stay as they are; what nobody touched is not written, so that an element which
//! is absent stays absent.

use headwater_model::rule::validate;
use headwater_model::website::{ErrorDocument, IndexDocument, Website};
use headwater_model::{Error, ObjectKey};

use crate::faults::{Faults, OF_FORM};
use crate::page::text;
use crate::visitor::reason;

/// The fields, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StaticPagesForm {
    /// "Default Homepage".
    pub(crate) index: String,
    /// "Subfolder Homepage".
    pub(crate) subfolders: bool,
    /// "Subfolder 404 Rule": 0, 1 or 2.
    pub(crate) subfolder_rule: String,
    /// "Default 404 Page".
    pub(crate) error: String,
    /// "Status of the 404 Page": 404 or 200.
    pub(crate) error_status: String,
}

impl StaticPagesForm {
    /// What a document says.
    pub(crate) fn of(website: Option<&Website>) -> Self {
        let index = website.and_then(|website| website.index.as_ref());
        let error = website.and_then(|website| website.error.as_ref());
        Self {
            index: index.map(|index| index.suffix.to_string()).unwrap_or_default(),
            subfolders: index.is_some_and(|index| index.support_sub_dir == Some(true)),
            subfolder_rule: index.and_then(|index| index.kind).unwrap_or(0).to_string(),
            error: error.map(|error| error.key.to_string()).unwrap_or_default(),
            error_status: error.and_then(|error| error.http_status).unwrap_or(404).to_string(),
        }
    }

    /// What a browser sent.
    pub(crate) fn read(fields: &[(String, String)]) -> Self {
        let name = |field| text(fields, field).trim().to_owned();
        Self {
            index: name("index"),
            subfolders: fields.iter().any(|(field, _)| field == "subfolders"),
            subfolder_rule: name("subfolder_rule"),
            error: name("error"),
            error_status: name("error_status"),
        }
    }

    /// The document that is to be stored in place of `stored`; `None` if nothing is left of it.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(crate) fn website(&self, stored: Option<&Website>) -> Result<Option<Website>, Faults> {
        let (shown, mut faults) = (Self::of(stored), Faults::default());
        let mut website = stored.cloned().unwrap_or_default();
        self.write_index(&shown, &mut website.index, &mut faults);
        self.write_error(&shown, &mut website.error, &mut faults);
        let nothing = website.index.is_none() && website.error.is_none() && website.rules.is_empty();
        if nothing && faults.is_empty() {
            return Ok(None);
        }
        if faults.is_empty()
            && let Err(error) = validate(&website)
        {
            let (field, message) = told(&error);
            faults.add(field, message);
        }
        if faults.is_empty() { Ok(Some(website)) } else { Err(faults) }
    }

    fn write_index(&self, shown: &Self, index: &mut Option<IndexDocument>, faults: &mut Faults) {
        if self.index.is_empty() {
            let is_asked_for = self.subfolders && !shown.subfolders || self.subfolder_rule != shown.subfolder_rule;
            if is_asked_for {
                faults.add(
                    "index",
                    "Subfolders need a Default Homepage, whose name their homepages have: type one, as in index.html, \
                     or leave the settings of subfolders as they are.",
                );
            }
            *index = None;
            return;
        }
        if self.index.contains('/') {
            faults.add(
                "index",
                format!(
                    "{} is in a folder: a homepage is in the root, or in each subfolder under the same name. Type the \
                     name alone, without /.",
                    self.index
                ),
            );
        } else if self.index != shown.index {
            faults.extend(key_fault("index", &self.index));
        }
        let index = index.get_or_insert(IndexDocument { suffix: "".into(), support_sub_dir: None, kind: None });
        index.suffix = (*self.index).into();
        if self.subfolders != shown.subfolders {
            index.support_sub_dir = Some(self.subfolders);
        }
        if self.subfolder_rule != shown.subfolder_rule {
            match self.subfolder_rule.parse() {
                Ok(kind @ 0..=2) => index.kind = Some(kind),
                _ => faults.add("subfolder_rule", "Choose Redirect, NoSuchKey or Index."),
            }
        }
    }

    fn write_error(&self, shown: &Self, error: &mut Option<ErrorDocument>, faults: &mut Faults) {
        if self.error.is_empty() {
            if self.error_status != shown.error_status {
                faults.add("error", "A status needs a page that is answered with it: type a Default 404 Page.");
            }
            *error = None;
            return;
        }
        if self.error != shown.error {
            faults.extend(key_fault("error", &self.error));
        }
        let error = error.get_or_insert(ErrorDocument { key: "".into(), http_status: None });
        error.key = (*self.error).into();
        if self.error_status != shown.error_status {
            match &*self.error_status {
                "404" => error.http_status = Some(404),
                "200" => error.http_status = Some(200),
                _ => faults.add("error_status", "The status is either 404 or 200."),
            }
        }
    }
}

/// Why this cannot be the name of a page.
fn key_fault(field: &'static str, name: &str) -> Option<(&'static str, String)> {
    let error = ObjectKey::parse(name).err()?;
    Some((field, format!("This cannot be a file's name: {}.", reason(&error))))
}

/// The field that an element belongs to, and what is wrong with it.
fn told(error: &Error) -> (&'static str, String) {
    let Error::InvalidArgument { name, message, .. } = error else { return (OF_FORM, error.to_string()) };
    match &**name {
        "Suffix" => ("index", message.to_string()),
        "Type" => ("subfolder_rule", message.to_string()),
        "Key" => ("error", message.to_string()),
        "HttpStatus" => ("error_status", message.to_string()),
        // A part of the document that the form does not show.
        _ => (OF_FORM, reason(error)),
    }
}
