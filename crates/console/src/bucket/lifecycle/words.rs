//! A rule in words, for the list.

use headwater_model::lifecycle::{Due, LifecycleRule};

use super::conditions::Conditions;
use super::due::day_of;
use crate::page::size;

/// Which files it is for, each condition with its value; nothing for all.
pub(super) fn conditions(rule: &LifecycleRule) -> Vec<(&'static str, String)> {
    let Conditions { prefix, tags, larger_than, smaller_than } = Conditions::of(rule);
    let mut words = Vec::new();
    if !prefix.is_empty() {
        words.push(("Prefix", prefix));
    }
    words.extend(tags.lines().map(|tag| ("Tag", tag.to_owned())));
    let bytes = |text: &str| text.parse().map(size).unwrap_or_default();
    if !larger_than.is_empty() {
        words.push(("Larger than", bytes(&larger_than)));
    }
    if !smaller_than.is_empty() {
        words.push(("Smaller than", bytes(&smaller_than)));
    }
    for not in rule.filter.iter().flat_map(|filter| &filter.not) {
        let tag = not.tag.as_ref().map(|(key, value)| format!(" with tag {key}={value}")).unwrap_or_default();
        words.push(("Not", format!("{}{tag}", not.prefix)));
    }
    words
}

/// What it does.
pub(super) fn actions(rule: &LifecycleRule) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(expiration) = rule.expiration {
        words.extend(expiration.due.map(|due| format!("Files end {}.", when(due, "their last change"))));
        if expiration.lone_delete_marker == Some(true) {
            words.push("Delete markers end when they are the only version.".to_owned());
        }
    }
    if let Some(noncurrent) = rule.noncurrent_expiration {
        let days = noncurrent.days;
        words.push(match noncurrent.kept_versions {
            Some(kept) => {
                format!("Previous versions end {days} days after they were replaced; the youngest {kept} stay.")
            }
            None => format!("Previous versions end {days} days after they were replaced."),
        });
    }
    words.extend(rule.abort_uploads.map(|due| format!("Parts end {}.", when(due, "their upload began"))));
    let transitions = rule.transitions.iter().chain(&rule.noncurrent_transitions);
    words.extend(
        transitions.map(|to| format!("Transition to {}, which is kept and has no effect here.", to.storage_class)),
    );
    words
}

fn when(due: Due, since: &str) -> String {
    match due {
        Due::Days(1) => format!("1 day after {since}"),
        Due::Days(days) => format!("{days} days after {since}"),
        Due::Date(date) => format!("from {} on, whatever their age", day_of(date)),
        Due::CreatedBefore(date) => format!("at once, if they are from before {}", day_of(date)),
    }
}
