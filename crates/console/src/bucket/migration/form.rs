//! The form of the migration settings, and the settings that it means. Its fields have the settings' own names.
//!
//! Guarantees: a setting that nobody touched stays as it is, and so does what is not offered.

use headwater_model::Error;
use headwater_model::settings::{DigestMismatch, GoneMode, HeadMode, KeepMode, MigrationSettings};

use crate::faults::{Faults, OF_FORM};
use crate::page::text;
use crate::visitor::reason;

const DELETES: [(&str, GoneMode); 2] = [("refetch", GoneMode::Refetch), ("keep", GoneMode::Keep)];
const HEAD: [(&str, HeadMode); 3] =
    [("rule", HeadMode::Rule), ("mirror", HeadMode::Mirror), ("store", HeadMode::Store)];
const MISMATCH: [(&str, DigestMismatch); 2] =
    [("deliver_unstored", DigestMismatch::DeliverUnstored), ("abort", DigestMismatch::Abort)];
const KEEP: [(&str, KeepMode); 2] = [("seven_headers", KeepMode::SevenHeaders), ("all", KeepMode::All)];

/// The fields, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MigrationForm {
    pub(super) deletes: String,
    pub(super) head: String,
    pub(super) on_digest_mismatch: String,
    pub(super) keep: String,
    pub(super) keep_tags: bool,
    pub(super) negative_ttl_ms: String,
    pub(super) store_unproven_length: bool,
    pub(super) store_with_cookie: bool,
    pub(super) obey_no_store: bool,
    pub(super) refuse_empty: bool,
    pub(super) drop_oversized_meta: bool,
    pub(super) max_object_bytes: String,
    /// Empty for none.
    pub(super) leftover_limit_bytes: String,
    /// One a line.
    pub(super) content_types: String,
    pub(super) min_bytes: String,
    /// Empty for none.
    pub(super) required_header: String,
}

impl MigrationForm {
    pub(super) fn of(settings: &MigrationSettings) -> Self {
        Self {
            deletes: word(&DELETES, settings.deletes),
            head: word(&HEAD, settings.head),
            on_digest_mismatch: word(&MISMATCH, settings.on_digest_mismatch),
            keep: word(&KEEP, settings.keep),
            keep_tags: settings.keep_tags,
            negative_ttl_ms: settings.negative_ttl_ms.to_string(),
            store_unproven_length: settings.store_unproven_length,
            store_with_cookie: settings.store_with_cookie,
            obey_no_store: settings.obey_no_store,
            refuse_empty: settings.refuse_empty,
            drop_oversized_meta: settings.drop_oversized_meta,
            max_object_bytes: settings.max_object_bytes.to_string(),
            leftover_limit_bytes: settings.leftover_limit_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            content_types: settings.guard.content_types.join("\n"),
            min_bytes: settings.guard.min_bytes.to_string(),
            required_header: settings.guard.required_header.as_deref().unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let field = |name| text(fields, name).trim().to_owned();
        let ticked = |name| fields.iter().any(|(field, _)| field == name);
        Self {
            deletes: field("deletes"),
            head: field("head"),
            on_digest_mismatch: field("on_digest_mismatch"),
            keep: field("keep"),
            keep_tags: ticked("keep_tags"),
            negative_ttl_ms: field("negative_ttl_ms"),
            store_unproven_length: ticked("store_unproven_length"),
            store_with_cookie: ticked("store_with_cookie"),
            obey_no_store: ticked("obey_no_store"),
            refuse_empty: ticked("refuse_empty"),
            drop_oversized_meta: ticked("drop_oversized_meta"),
            max_object_bytes: field("max_object_bytes"),
            leftover_limit_bytes: field("leftover_limit_bytes"),
            // Browsers end lines of text areas as MIME does.
            content_types: field("content_types").replace("\r\n", "\n"),
            min_bytes: field("min_bytes"),
            required_header: field("required_header"),
        }
    }

    /// The settings that the form means, `stored` being those that it showed.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(super) fn settings(&self, stored: &MigrationSettings) -> Result<MigrationSettings, Faults> {
        let (shown, mut settings, mut faults) = (Self::of(stored), stored.clone(), Faults::default());
        choose("deletes", &DELETES, &self.deletes, &mut settings.deletes, &mut faults);
        choose("head", &HEAD, &self.head, &mut settings.head, &mut faults);
        let mismatch = &mut settings.on_digest_mismatch;
        choose("on_digest_mismatch", &MISMATCH, &self.on_digest_mismatch, mismatch, &mut faults);
        choose("keep", &KEEP, &self.keep, &mut settings.keep, &mut faults);
        settings.keep_tags = self.keep_tags;
        settings.store_unproven_length = self.store_unproven_length;
        settings.store_with_cookie = self.store_with_cookie;
        settings.obey_no_store = self.obey_no_store;
        settings.refuse_empty = self.refuse_empty;
        settings.drop_oversized_meta = self.drop_oversized_meta;
        for (field, what, typed, setting) in [
            ("negative_ttl_ms", "time in milliseconds", &self.negative_ttl_ms, &mut settings.negative_ttl_ms),
            ("max_object_bytes", "size in bytes", &self.max_object_bytes, &mut settings.max_object_bytes),
            ("min_bytes", "size in bytes", &self.min_bytes, &mut settings.guard.min_bytes),
        ] {
            match typed.parse() {
                Ok(number) => *setting = number,
                Err(_) if typed.is_empty() => faults.add(field, format!("The {what} is missing: type a whole number.")),
                Err(_) => faults.add(field, format!("{typed} is no {what}: type a whole number.")),
            }
        }
        settings.leftover_limit_bytes = match self.leftover_limit_bytes.parse() {
            Ok(bytes) => Some(bytes),
            Err(_) if self.leftover_limit_bytes.is_empty() => None,
            Err(_) => {
                let typed = &self.leftover_limit_bytes;
                let message = format!("{typed} is no size in bytes: type a whole number, or nothing for no limit.");
                faults.add("leftover_limit_bytes", message);
                None
            }
        };
        if self.content_types != shown.content_types {
            let types = self.content_types.lines().map(str::trim).filter(|line| !line.is_empty());
            settings.guard.content_types = types.map(Into::into).collect();
        }
        if self.required_header != shown.required_header {
            let name = &*self.required_header;
            settings.guard.required_header = (!name.is_empty()).then(|| name.into());
        }
        if faults.is_empty()
            && let Err(error) = settings.validate()
        {
            let (field, message) = told(&error);
            faults.add(field, message);
        }
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> String {
    words.iter().find(|(_, known)| *known == value).map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

fn choose<T: Copy>(field: &'static str, words: &[(&str, T)], typed: &str, setting: &mut T, faults: &mut Faults) {
    match words.iter().find(|(word, _)| *word == typed) {
        Some((_, value)) => *setting = *value,
        None => faults.add(field, "Choose one of the two."),
    }
}

/// The field that a setting has, and what is wrong with it.
fn told(error: &Error) -> (&'static str, String) {
    let Error::InvalidArgument { name, value, message } = error else { return (OF_FORM, error.to_string()) };
    let field = match &**name {
        "negative_ttl_ms" => "negative_ttl_ms",
        "max_object_bytes" => "max_object_bytes",
        "guard.content_types" => "content_types",
        "guard.required_header" => "required_header",
        _ => return (OF_FORM, reason(error)),
    };
    (field, format!("{value} is refused: {message}."))
}
