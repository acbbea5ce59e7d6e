//! "Prerequisite": when the rule applies.

use headwater_model::limits::MAX_OSS_KEY_BYTES;
use headwater_model::rule::{Condition, RoutingRule};

use super::Mode;
use crate::faults::Faults;

/// The fields of the fieldset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prerequisite {
    /// "HTTP Status Code"; locked to 404 for Mirroring, so only Redirection reads it.
    pub(crate) error_code: String,
    /// Tick of "File Name Prefix".
    pub(crate) by_prefix: bool,
    /// "File Name Prefix".
    pub(crate) prefix: String,
    /// Tick of "File Name Suffix".
    pub(crate) by_suffix: bool,
    /// "File Name Suffix".
    pub(crate) suffix: String,
}

impl Prerequisite {
    pub(super) fn of(condition: &Condition) -> Self {
        let text = |field: &Option<Box<str>>| field.as_deref().unwrap_or_default().to_owned();
        let (prefix, suffix) = (text(&condition.key_prefix), text(&condition.key_suffix));
        Self {
            error_code: condition.error_code.map(|code| code.to_string()).unwrap_or_default(),
            by_prefix: !prefix.is_empty(),
            prefix,
            by_suffix: !suffix.is_empty(),
            suffix,
        }
    }

    /// The prefix that keys must have; empty means any.
    pub(crate) fn effective_prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn write(&self, mode: Mode, shown: Option<&Self>, rule: &mut RoutingRule, faults: &mut Faults) {
        let condition = &mut rule.condition;
        if mode == Mode::Mirroring {
            if shown.is_none() {
                condition.error_code = Some(404);
            }
        } else if shown.is_none_or(|shown| shown.error_code != self.error_code) {
            condition.error_code = self.checked_code(faults);
        }
        for (differs, (field, name), ticked, text, element) in [
            (
                shown.is_none_or(|shown| (shown.by_prefix, &shown.prefix) != (self.by_prefix, &self.prefix)),
                ("prefix", "File Name Prefix"),
                self.by_prefix,
                &self.prefix,
                &mut condition.key_prefix,
            ),
            (
                shown.is_none_or(|shown| (shown.by_suffix, &shown.suffix) != (self.by_suffix, &self.suffix)),
                ("suffix", "File Name Suffix"),
                self.by_suffix,
                &self.suffix,
                &mut condition.key_suffix,
            ),
        ] {
            if !differs {
                continue;
            }
            if ticked && text.is_empty() {
                faults.add(field, format!("{name} is ticked and empty: type it, or clear the tick for any name"));
            }
            if text.len() > MAX_OSS_KEY_BYTES {
                faults.add(field, format!("{name} is longer than a file name can be ({MAX_OSS_KEY_BYTES} bytes)"));
            }
            if text.contains(char::is_control) {
                faults.add(field, format!("{name} must have no control characters"));
            }
            *element = (!text.is_empty()).then(|| text.as_str().into());
        }
    }

    fn checked_code(&self, faults: &mut Faults) -> Option<u16> {
        let text = self.error_code.trim();
        if text.is_empty() {
            return None;
        }
        let code = text.parse().ok().filter(|code| (400..=599).contains(code));
        if code.is_none() {
            faults.add("error_code", format!("HTTP Status Code must be a number from 400 to 599, not {text:?}"));
        }
        code
    }
}
