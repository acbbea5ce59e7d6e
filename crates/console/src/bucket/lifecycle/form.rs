//! The form of a lifecycle rule, and the rule that it means.
//!
//! Guarantees: what the form does not show is kept and can be told; a part that nobody touched is stored as it was; what
//! the API would refuse is refused.

use headwater_model::Error;
use headwater_model::lifecycle::{Expiration, LifecycleRule, NoncurrentExpiration};
use headwater_wire::accept_lifecycle;

use super::conditions::Conditions;
use super::due::{DueForm, Names, days, no};
use crate::faults::{Faults, OF_FORM};
use crate::page::text;
use crate::visitor::reason;

/// The choice of "Clear Policy" for delete markers that are alone.
pub(super) const LONE_MARKERS: &str = "markers";
/// Most noncurrent versions that a rule can keep.
const MAX_KEPT_VERSIONS: u32 = 100;

pub(super) const EXPIRATION: Names = Names { kind: "expiration", days: "expiration_days", date: "expiration_date" };
pub(super) const PARTS: Names = Names { kind: "parts", days: "parts_days", date: "parts_date" };

/// The fields, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LifecycleForm {
    /// "Rule Name".
    pub(super) id: String,
    /// "Status".
    pub(super) enabled: bool,
    pub(super) conditions: Conditions,
    /// "Clear Policy"; also [`LONE_MARKERS`].
    pub(super) expiration: DueForm,
    /// "Delete Policy for Previous Versions", in days.
    pub(super) noncurrent_days: String,
    /// How many of them stay.
    pub(super) kept_versions: String,
    /// "Delete Parts".
    pub(super) parts: DueForm,
}

impl LifecycleForm {
    /// What "Create Rule" opens with.
    pub(super) fn new() -> Self {
        Self { enabled: true, ..Self::default() }
    }

    pub(super) fn of(rule: &LifecycleRule) -> Self {
        let mut expiration = DueForm::of(rule.expiration.and_then(|expiration| expiration.due));
        if rule.expiration.is_some_and(|expiration| expiration.lone_delete_marker == Some(true)) {
            LONE_MARKERS.clone_into(&mut expiration.kind);
        }
        let noncurrent = rule.noncurrent_expiration;
        let kept = noncurrent.and_then(|noncurrent| noncurrent.kept_versions);
        Self {
            id: rule.id.to_string(),
            enabled: rule.enabled,
            conditions: Conditions::of(rule),
            expiration,
            noncurrent_days: noncurrent.map(|noncurrent| noncurrent.days.to_string()).unwrap_or_default(),
            kept_versions: kept.map(|kept| kept.to_string()).unwrap_or_default(),
            parts: DueForm::of(rule.abort_uploads),
        }
    }

    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let field = |name| text(fields, name).trim().to_owned();
        Self {
            id: field("id"),
            enabled: fields.iter().any(|(name, _)| name == "enabled"),
            conditions: Conditions::read(fields),
            expiration: DueForm::read(fields, EXPIRATION),
            noncurrent_days: field("noncurrent_days"),
            kept_versions: field("kept_versions"),
            parts: DueForm::read(fields, PARTS),
        }
    }

    /// The rule that the form means, `stored` being the one that is edited, which keeps its name.
    ///
    /// # Errors
    /// Every fault of the form.
    pub(super) fn rule(&self, stored: Option<&LifecycleRule>) -> Result<LifecycleRule, Faults> {
        let (shown, mut faults) = (stored.map(Self::of), Faults::default());
        let shown = shown.as_ref();
        let mut rule = stored.cloned().unwrap_or_else(|| LifecycleRule { id: (*self.id).into(), ..Default::default() });
        rule.enabled = self.enabled;
        if shown.is_none_or(|shown| shown.conditions != self.conditions) {
            self.conditions.write(&mut rule, &mut faults);
        }
        if shown.is_none_or(|shown| shown.expiration != self.expiration) {
            rule.expiration = self.expiration(shown, &mut faults);
        }
        let noncurrent = |form: &Self| (form.noncurrent_days.clone(), form.kept_versions.clone());
        if shown.is_none_or(|shown| noncurrent(shown) != noncurrent(self)) {
            rule.noncurrent_expiration = self.noncurrent(&mut faults);
        }
        if shown.is_none_or(|shown| shown.parts != self.parts) {
            rule.abort_uploads = self.parts.due(PARTS, shown.map(|shown| &shown.parts), &mut faults);
        }
        if faults.is_empty()
            && let Err(error) = accept_lifecycle(std::slice::from_mut(&mut rule.clone()))
        {
            let (field, message) = told(&rule, &error);
            faults.add(field, message);
        }
        if faults.is_empty() { Ok(rule) } else { Err(faults) }
    }

    fn expiration(&self, shown: Option<&Self>, faults: &mut Faults) -> Option<Expiration> {
        let due = self.expiration.due(EXPIRATION, shown.map(|shown| &shown.expiration), faults);
        if self.expiration.kind == LONE_MARKERS {
            return Some(Expiration { due: None, lone_delete_marker: Some(true) });
        }
        due.map(|due| Expiration { due: Some(due), lone_delete_marker: None })
    }

    fn noncurrent(&self, faults: &mut Faults) -> Option<NoncurrentExpiration> {
        if self.noncurrent_days.is_empty() && self.kept_versions.is_empty() {
            return None;
        }
        let days = days("noncurrent_days", &self.noncurrent_days, faults);
        let kept = self.kept_versions.parse().ok().filter(|kept| (1..=MAX_KEPT_VERSIONS).contains(kept));
        if kept.is_none() && !self.kept_versions.is_empty() {
            let remedy = format!("type one from 1 to {MAX_KEPT_VERSIONS}, or nothing");
            faults.add("kept_versions", no("number of versions", &self.kept_versions, &remedy));
        }
        days.map(|days| NoncurrentExpiration { days, kept_versions: kept })
    }
}

/// The elements that "OK" keeps as they are stored.
pub(super) fn unshown_elements(rule: &LifecycleRule) -> Vec<&'static str> {
    let unshown = [
        (!rule.transitions.is_empty(), "Transition"),
        (!rule.noncurrent_transitions.is_empty(), "NoncurrentVersionTransition"),
        (rule.filter.as_ref().is_some_and(|filter| !filter.not.is_empty()), "Filter/Not"),
    ];
    unshown.into_iter().filter_map(|(is_there, name)| is_there.then_some(name)).collect()
}

/// The field that a refusal of the API is about, and what would be right.
fn told(rule: &LifecycleRule, error: &Error) -> (&'static str, String) {
    let does_nothing =
        rule.expiration.is_none() && rule.abort_uploads.is_none() && rule.noncurrent_expiration.is_none();
    if does_nothing && rule.transitions.is_empty() && rule.noncurrent_transitions.is_empty() {
        return (
            OF_FORM,
            "The rule does nothing: choose a Clear Policy, previous versions or parts that end.".to_owned(),
        );
    }
    let Conditions { larger_than, smaller_than, .. } = Conditions::of(rule);
    let conditional = rule.asks_for_tags() || !larger_than.is_empty() || !smaller_than.is_empty();
    if conditional && rule.abort_uploads.is_some() {
        let message = "Parts have neither tags nor a size yet: clear Tagging and File Size, or make a rule of its own for \
             parts.";
        return ("parts", message.to_owned());
    }
    match error {
        Error::InvalidArgument { name, message, .. } if **name == *"ID" => ("id", message.to_string()),
        Error::InvalidRequest { message } if message.contains("ExpiredObjectDeleteMarker") => (
            "expiration",
            "Delete markers have no tags: clear Tagging, or make a rule of its own for markers.".to_owned(),
        ),
        Error::InvalidRequest { message } => (OF_FORM, message.to_string()),
        error => (OF_FORM, reason(error)),
    }
}
