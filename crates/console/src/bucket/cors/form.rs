//! The form of a cross-origin rule, and the rule that it means.
//!
//! Guarantees: a list that nobody touched is stored as it was, and so is a rule's name, which the form does not show.

use headwater_model::cors::CorsRule;
use http::HeaderName;

use crate::faults::Faults;
use crate::page::text;

/// The methods that a rule may allow.
pub(super) const METHODS: [&str; 5] = ["GET", "PUT", "DELETE", "POST", "HEAD"];

/// The fields, as typed; lists have one entry a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CorsForm {
    /// "Source".
    pub(super) origins: String,
    /// "Allowed Methods", those that are ticked.
    pub(super) methods: Vec<String>,
    /// "Allowed Headers".
    pub(super) headers: String,
    /// "Exposed Headers".
    pub(super) exposed: String,
    /// "Cache Timeout", in seconds.
    pub(super) max_age: String,
}

impl CorsForm {
    pub(super) fn of(rule: &CorsRule) -> Self {
        Self {
            origins: rule.origins.join("\n"),
            methods: rule.methods.iter().map(ToString::to_string).collect(),
            headers: rule.headers.join("\n"),
            exposed: rule.exposed.join("\n"),
            max_age: rule.max_age_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn read(fields: &[(String, String)]) -> Self {
        // Browsers end lines of text areas as MIME does.
        let list = |name| text(fields, name).replace("\r\n", "\n");
        Self {
            origins: list("origins"),
            methods: fields.iter().filter(|(name, _)| name == "methods").map(|(_, method)| method.clone()).collect(),
            headers: list("headers"),
            exposed: list("exposed"),
            max_age: text(fields, "max_age").trim().to_owned(),
        }
    }

    pub(super) fn allows(&self, method: &str) -> bool {
        self.methods.iter().any(|ticked| ticked == method)
    }

    /// The rule that the form means, `stored` being the one that is edited.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(super) fn rule(&self, stored: Option<&CorsRule>) -> Result<CorsRule, Faults> {
        let (shown, mut faults) = (stored.map(Self::of), Faults::default());
        let mut rule = stored.cloned().unwrap_or_default();
        let changed = |field: fn(&Self) -> &str| shown.as_ref().is_none_or(|shown| field(shown) != field(self));
        if changed(|form| &form.origins) {
            rule.origins = lines(&self.origins);
            faults.extend(origins_fault(&rule.origins).map(|message| ("origins", message)));
        }
        if shown.as_ref().is_none_or(|shown| METHODS.iter().any(|method| shown.allows(method) != self.allows(method))) {
            rule.methods = METHODS.iter().filter(|method| self.allows(method)).map(|method| (*method).into()).collect();
            if rule.methods.is_empty() {
                faults.add("methods", "Tick at least one method: a rule without one allows nothing.");
            }
        }
        if changed(|form| &form.headers) {
            rule.headers = lines(&self.headers.to_ascii_lowercase());
            let wrong = rule.headers.iter().find(|pattern| !is_header_pattern(pattern));
            faults.extend(wrong.map(|pattern| {
                let message = format!(
                    "{pattern} cannot be a header's name: type one name on a line, with at most one *, or * for all."
                );
                ("headers", message)
            }));
        }
        if changed(|form| &form.exposed) {
            rule.exposed = lines(&self.exposed);
            let wrong = rule.exposed.iter().find(|name| !is_header_name(name));
            faults.extend(wrong.map(|name| {
                let message =
                    format!("{name} cannot be a header's name: type one name on a line; * is not possible here.");
                ("exposed", message)
            }));
        }
        if changed(|form| &form.max_age) {
            match self.max_age.parse() {
                Ok(seconds) => rule.max_age_seconds = Some(seconds),
                Err(_) if self.max_age.is_empty() => rule.max_age_seconds = None,
                Err(_) => {
                    let typed = &self.max_age;
                    faults.add(
                        "max_age",
                        format!("{typed} is no time: type whole seconds, from 0 to {}, or nothing.", u32::MAX),
                    );
                }
            }
        }
        if faults.is_empty() { Ok(rule) } else { Err(faults) }
    }
}

fn lines(text: &str) -> Vec<Box<str>> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect()
}

/// Why no browser could be of these; a browser says scheme, host and port, and no more.
fn origins_fault(origins: &[Box<str>]) -> Option<String> {
    if origins.is_empty() {
        return Some("Type at least one origin, as in https://www.example.com, or * for all.".to_owned());
    }
    origins.iter().find_map(|origin| {
        if origin.matches('*').count() > 1 {
            return Some(format!("{origin} has more than one *: leave one, which stands for any text."));
        }
        if !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(format!("{origin} is no origin: type one on a line, in ASCII, without spaces."));
        }
        let after_scheme = origin.split_once("://").map(|(_, host)| host);
        match after_scheme {
            None if !origin.starts_with('*') => {
                Some(format!("{origin} lacks a scheme and is no browser's origin: type https://{origin}."))
            }
            Some(host) if host.contains('/') => Some(format!(
                "{origin} has a path, which no browser's origin has: end it before the / behind the host."
            )),
            _ => None,
        }
    })
}

fn is_header_pattern(pattern: &str) -> bool {
    pattern.matches('*').count() <= 1 && (pattern == "*" || is_header_name(&pattern.replace('*', "")))
}

/// `*` is a character of names, and means no name here.
fn is_header_name(name: &str) -> bool {
    !name.contains('*') && HeaderName::try_from(name).is_ok()
}
