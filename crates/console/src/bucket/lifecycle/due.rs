//! When something ends, as a choice with a number of days or a date.
//!
//! Guarantees: what nobody touched is what is stored; a date is midnight UTC, as at both vendors.

use headwater_admin::iso_8601;
use headwater_model::lifecycle::Due;
use headwater_wire::parse_iso_8601;

use crate::faults::Faults;
use crate::page::text;

/// The names of the fields, which differ from one choice to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) kind: &'static str,
    pub(super) days: &'static str,
    pub(super) date: &'static str,
}

/// The fields, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DueForm {
    /// `none`, `days`, `before` or `from`; others are for whoever offers more.
    pub(super) kind: String,
    pub(super) days: String,
    /// As `2026-12-31`.
    pub(super) date: String,
}

impl Default for DueForm {
    fn default() -> Self {
        Self { kind: "none".to_owned(), days: String::new(), date: String::new() }
    }
}

impl DueForm {
    pub(super) fn of(due: Option<Due>) -> Self {
        let of = |kind: &str| Self { kind: kind.to_owned(), ..Self::default() };
        match due {
            None => Self::default(),
            Some(Due::Days(days)) => Self { days: days.to_string(), ..of("days") },
            Some(Due::CreatedBefore(date)) => Self { date: day_of(date), ..of("before") },
            Some(Due::Date(date)) => Self { date: day_of(date), ..of("from") },
        }
    }

    pub(super) fn read(fields: &[(String, String)], names: Names) -> Self {
        let field = |name| text(fields, name).trim().to_owned();
        Self { kind: field(names.kind), days: field(names.days), date: field(names.date) }
    }

    /// When; `None` for no time, and where there are faults. `shown` is what the form opened with.
    pub(super) fn due(&self, names: Names, shown: Option<&Self>, faults: &mut Faults) -> Option<Due> {
        let by_date = matches!(&*self.kind, "before" | "from");
        for (is_used, choice, name, typed, was) in [
            (self.kind == "days", "Validity Period (Days)", names.days, &self.days, shown.map(|shown| &shown.days)),
            (by_date, "Expiration Date or From a date on", names.date, &self.date, shown.map(|shown| &shown.date)),
        ] {
            // What was typed beside another choice is not dropped in silence; what merely still stands there is.
            if !is_used && !typed.is_empty() && Some(typed) != was {
                faults.add(
                    name,
                    format!("{typed} is for {choice}, which is not chosen: choose it, or clear this field."),
                );
            }
        }
        if self.kind == "days" {
            return days(names.days, &self.days, faults).map(Due::Days);
        }
        if !by_date {
            return None;
        }
        let date = parse_iso_8601(&format!("{}T00:00:00Z", self.date)).filter(|_| self.date.len() == 10);
        let Some(date) = date else {
            faults.add(names.date, no("date", &self.date, "type year, month and day, as in 2026-12-31"));
            return None;
        };
        Some(if self.kind == "before" { Due::CreatedBefore(date) } else { Due::Date(date) })
    }
}

/// A number of days.
pub(super) fn days(field: &'static str, typed: &str, faults: &mut Faults) -> Option<u32> {
    // Vendors count days in 32 bits with a sign.
    let days = typed.parse().ok().filter(|days| (1..=i32::MAX.unsigned_abs()).contains(days));
    if days.is_none() {
        faults.add(field, no("number of days", typed, "type a whole number, at least 1"));
    }
    days
}

/// What is said of a value that is none.
pub(super) fn no(what: &str, typed: &str, remedy: &str) -> String {
    if typed.is_empty() {
        format!("The {what} is missing: {remedy}.")
    } else {
        format!("{typed} is no {what}: {remedy}.")
    }
}

/// The date alone.
pub(super) fn day_of(date: headwater_model::clock::Timestamp) -> String {
    iso_8601(date).split('T').next().unwrap_or_default().to_owned()
}
