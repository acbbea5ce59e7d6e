//! The form of a request that is to be explained.

use headwater_engine::{ExplainMethod, ExplainQuery};
use headwater_model::{Error, ObjectKey};
use http::{HeaderName, HeaderValue};

use crate::faults::{Faults, OF_FORM};
use crate::page::text;
use crate::visitor::reason;

/// The fields, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ExplainForm {
    pub(super) key: String,
    pub(super) head: bool,
    /// As `Name: value`, one a line.
    pub(super) headers: String,
    /// Raw, without `?`.
    pub(super) query: String,
    pub(super) anonymous: bool,
}

impl ExplainForm {
    pub(super) fn read(fields: &[(String, String)]) -> Self {
        Self {
            key: text(fields, "key").to_owned(),
            head: text(fields, "method") == "HEAD",
            // Browsers end lines of text areas as MIME does.
            headers: text(fields, "headers").replace("\r\n", "\n").trim_end().to_owned(),
            query: text(fields, "query").trim().to_owned(),
            anonymous: fields.iter().any(|(field, _)| field == "anonymous"),
        }
    }

    /// What the engine is asked; `try_it` is left out.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(super) fn asked(&self) -> Result<ExplainQuery, Faults> {
        let mut faults = Faults::default();
        if self.key.is_empty() {
            faults.add("key", "Type the name of a file, as in examplefolder/example.txt.");
        } else if let Err(error) = ObjectKey::parse(&self.key) {
            faults.add("key", format!("This cannot be a file's name: {}.", reason(&error)));
        }
        let query = self.query.strip_prefix('?').unwrap_or(&self.query);
        if !query.bytes().all(|byte| byte.is_ascii_graphic()) {
            faults.add("query", "Type it as it stands in an address: ASCII, everything else percent-encoded.");
        }
        let headers = self.headers(&mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(ExplainQuery {
            key: (*self.key).into(),
            method: if self.head { ExplainMethod::Head } else { ExplainMethod::Get },
            headers,
            query: (!query.is_empty()).then(|| query.into()),
            anonymous: self.anonymous,
            try_it: false,
            website: None,
        })
    }

    fn headers(&self, faults: &mut Faults) -> Vec<(Box<str>, Box<str>)> {
        let mut headers = Vec::new();
        for line in self.headers.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let field = line
                .split_once(':')
                .map(|(name, value)| (name.trim(), value.trim()))
                .filter(|(name, value)| HeaderName::try_from(*name).is_ok() && HeaderValue::try_from(*value).is_ok());
            match field {
                Some((name, value)) => headers.push((name.into(), value.into())),
                None => faults.add("headers", format!("{line} is no header: type Name: value, one on a line.")),
            }
        }
        headers
    }
}

/// The field that a refusal is about, and what is wrong.
pub(super) fn told(error: &Error) -> Faults {
    match error {
        Error::InvalidObjectName { .. } | Error::KeyTooLong { .. } => Faults::one("key", reason(error)),
        Error::InvalidArgument { name, message, .. } if **name == *"headers" => {
            Faults::one("headers", message.to_string())
        }
        error => Faults::one(OF_FORM, reason(error)),
    }
}
