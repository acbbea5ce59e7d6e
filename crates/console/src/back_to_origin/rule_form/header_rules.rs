//! "Set Transmission Rule of HTTP Header": which header fields reach the origin.

use headwater_model::limits::{MAX_RULE_HEADER_BYTES, MAX_RULE_HEADERS};
use headwater_model::rule::forwarding::{SentBy, is_sent};
use headwater_model::rule::{KeyValue, MirrorHeaders};
use http::HeaderValue;

use crate::faults::Faults;

/// The fields of the fieldset; lists as typed, a line for each entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderRules {
    /// The tick. Without it the rest is not to be seen, and nothing is forwarded.
    pub(crate) on: bool,
    /// "Transmit All HTTP Headers" rather than "Transmit Specified HTTP Headers".
    pub(crate) all: bool,
    /// The specified names.
    pub(crate) pass: String,
    /// "Prohibit Transmission of Specified HTTP Headers".
    pub(crate) remove: String,
    /// "Set HTTP Header Parameters", as `name: value`.
    pub(crate) set: String,
}

impl HeaderRules {
    pub(super) fn of(headers: Option<&MirrorHeaders>) -> Self {
        let Some(headers) = headers else { return Self::default() };
        let MirrorHeaders { pass_all, pass, remove, set } = headers;
        let set: Vec<_> = set.iter().map(|KeyValue { key, value }| format!("{key}: {value}")).collect();
        let all = *pass_all == Some(true);
        Self {
            on: all || !pass.is_empty() || !remove.is_empty() || !set.is_empty(),
            all,
            pass: pass.join("\n"),
            remove: remove.join("\n"),
            set: set.join("\n"),
        }
    }

    /// The element that the fields mean.
    pub(super) fn checked(&self, faults: &mut Faults) -> MirrorHeaders {
        if !self.on {
            return MirrorHeaders { pass_all: Some(false), ..MirrorHeaders::default() };
        }
        let pass = names("pass", &self.pass, faults);
        let remove = names("remove", &self.remove, faults);
        let set = self.checked_set(faults);
        for name in &pass {
            if !is_sent(name, SentBy::Pass) {
                faults.add("pass", format!("{name} is never sent to origins: take it off the list"));
            }
        }
        for KeyValue { key, .. } in &set {
            if !is_sent(key, SentBy::Set) {
                faults.add("set", format!("{key} is never sent to origins: take it off the list"));
            }
        }
        MirrorHeaders { pass_all: Some(self.all), pass, remove, set }
    }

    fn checked_set(&self, faults: &mut Faults) -> Vec<KeyValue> {
        let mut set = Vec::new();
        for line in lines(&self.set) {
            let Some((name, value)) = line.split_once(':') else {
                faults.add("set", format!("{line:?} is no header: write name: value, one on a line"));
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            check_name("set", name, faults);
            if value.len() > MAX_RULE_HEADER_BYTES || HeaderValue::try_from(value).is_err() {
                faults.add(
                    "set",
                    format!(
                        "the value of {name} must have at most {MAX_RULE_HEADER_BYTES} bytes and no control characters"
                    ),
                );
            }
            set.push(KeyValue { key: name.into(), value: value.into() });
        }
        check_count("set", set.len(), faults);
        set
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn names(field: &'static str, text: &str, faults: &mut Faults) -> Vec<Box<str>> {
    let names: Vec<Box<str>> = lines(text).map(Into::into).collect();
    for name in &names {
        check_name(field, name, faults);
    }
    check_count(field, names.len(), faults);
    names
}

fn check_name(field: &'static str, name: &str, faults: &mut Faults) {
    let valid = (1..=MAX_RULE_HEADER_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !valid {
        faults.add(
            field,
            format!(
                "{name:?} is no header name: 1 to {MAX_RULE_HEADER_BYTES} letters, digits and hyphens, one on a line"
            ),
        );
    }
}

fn check_count(field: &'static str, count: usize, faults: &mut Faults) {
    if count > MAX_RULE_HEADERS {
        faults.add(field, format!("{count} headers are too many: at most {MAX_RULE_HEADERS}"));
    }
}
