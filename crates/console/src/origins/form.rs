//! The settings of an origin as a form, and the settings that a form means.
//!
//! Guarantees: an untouched form means the very settings that it was made of; a form with a fault means none. Text is
//! kept as typed, but for secrets.

use headwater_model::rule::SECRET_MASK;
use headwater_model::settings::{OriginSettings, TimeWindow};
use serde_json::{Map, Value, json};

use super::fields::{self, Field, Input, KINDS};
use crate::faults::{Faults, OF_FORM};
use crate::page::text;

/// Parts of credentials, which come together or not at all; the token may be missing.
const NEEDED: [(&str, &str); 3] = [
    ("credentials.access_key_id", "Type the access key ID that the secret belongs to, or leave all credentials empty."),
    ("credentials.access_key_secret", "Type the secret of the access key ID: none is kept that could stand for it."),
    ("credentials.region", "Type the region of the signature, as in cn-hangzhou."),
];

/// The fields as typed, in the order of [`fields::all`]. A tick is `on` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OriginForm(Vec<String>);

impl OriginForm {
    /// The fields that show settings whose secrets are masked.
    pub(super) fn of(settings: &OriginSettings) -> Self {
        let json = json!(settings);
        let value = |field: &Field| json.pointer(&format!("/{}", field.name.replace('.', "/"))).unwrap_or(&Value::Null);
        let shown = |field: &Field| match value(field) {
            Value::Bool(true) => "on".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            Value::Array(_) => settings.job_windows.iter().copied().map(shown).collect::<Vec<_>>().join("\n"),
            Value::Null | Value::Bool(false) | Value::Object(_) => String::new(),
        };
        Self(fields::all().map(shown).collect())
    }

    /// The fields of a form that was sent.
    pub(super) fn read(sent: &[(String, String)]) -> Self {
        // Browsers end lines of text areas as MIME does.
        Self(fields::all().map(|field| text(sent, field.name).replace("\r\n", "\n")).collect())
    }

    /// Each field with its value, for a page: what was typed as a secret is not shown, the mask is.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&'static Field, &str)> {
        fields::all().zip(&self.0).map(|(field, value)| {
            let hidden = field.input == Input::Secret && value != SECRET_MASK;
            (field, if hidden { "" } else { &**value })
        })
    }

    /// The settings that it means, which the engine has still to check.
    pub(super) fn settings(&self) -> Result<OriginSettings, Faults> {
        let mut faults = Faults::default();
        let mut settings = Map::new();
        for (field, typed) in fields::all().zip(&self.0) {
            match read(field.input, typed.trim()) {
                Err(fault) => faults.add(field.name, format!("{}: {fault}", field.label)),
                Ok(value) => match field.name.split_once('.') {
                    None => drop(settings.insert(field.name.to_owned(), value)),
                    Some((group, name)) => {
                        settings.entry(group).or_insert_with(|| json!({}))[name] = value;
                    }
                },
            }
        }
        if let Some(Value::Object(credentials)) = settings.get("credentials") {
            if credentials.values().all(Value::is_null) {
                settings.remove("credentials");
            } else {
                let missing = |(name, _): &(&str, _)| credentials[name.trim_start_matches("credentials.")].is_null();
                faults.extend(NEEDED.into_iter().filter(missing).map(|(name, fault)| (name, fault.to_owned())));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(Value::Object(settings)).map_err(|error| Faults::one(OF_FORM, error.to_string()))
    }
}

fn read(input: Input, typed: &str) -> Result<Value, String> {
    Ok(match input {
        Input::Tick => Value::Bool(!typed.is_empty()),
        Input::Kind if KINDS.iter().any(|(value, _)| *value == typed) => typed.into(),
        Input::Kind => return Err(format!("{typed:?} is none of them: choose HTTP, S3 or OSS.")),
        Input::Windows => {
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            json!(lines.map(window).collect::<Result<Vec<_>, _>>()?)
        }
        Input::Number { may_be_empty: true, .. } | Input::Text | Input::Secret | Input::Lines if typed.is_empty() => {
            Value::Null
        }
        Input::Text | Input::Secret | Input::Lines => typed.into(),
        Input::Number { most, .. } => {
            // As people write them: 1,000 and 1 000.
            let digits: String = typed.chars().filter(|letter| !matches!(letter, ',' | ' ' | '_')).collect();
            let number: u64 = digits.parse().map_err(|_| format!("{typed:?} is not a whole number."))?;
            if number > most {
                return Err(format!("{typed} is more than {most}, which is the most."));
            }
            number.into()
        }
    })
}

fn shown(window: TimeWindow) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", time(window.from_minute), time(window.to_minute))
}

fn window(line: &str) -> Result<TimeWindow, String> {
    let time = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
        (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let (from, to) = line.split_once('-').unwrap_or_default();
    match (time(from), time(to)) {
        (Some(from_minute @ ..1440), Some(to_minute @ ..=1440)) => Ok(TimeWindow { from_minute, to_minute }),
        _ => Err(format!("{line:?} is no time of day: write as in 22:00-06:00, from 00:00 to 24:00.")),
    }
}
