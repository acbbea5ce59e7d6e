//! What the vendors refuse in rules that can be read: contradictions within a rule, and between rules.

use headwater_model::lifecycle::{Due, LifecycleRule, Transition};
use headwater_model::limits::{MAX_LIFECYCLE_NOTS, MAX_LIFECYCLE_TAGS};
use headwater_model::{Error, Result};

use super::super::storage_class;
use crate::vocab::OSS;

/// Longest name of a rule (both vendors).
const MAX_ID_CHARS: usize = 255;
/// The classes from warm to cold: what becomes colder becomes so later.
const COLDNESS: [&str; 4] = ["IA", "Archive", "ColdArchive", "DeepColdArchive"];

/// Gives each rule without a name one; names are unique.
pub(super) fn name_all(rules: &mut [LifecycleRule]) -> Result<()> {
    for at in 0..rules.len() {
        let id = &rules[at].id;
        if id.chars().count() > MAX_ID_CHARS {
            let message = format!("ID length should not exceed allowed limit of {MAX_ID_CHARS}");
            return Err(Error::invalid_argument("ID", id, message));
        }
        if !id.is_empty() && rules[..at].iter().any(|other| other.id == *id) {
            let message = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(Error::invalid_argument("ID", id, message));
        }
    }
    for at in 0..rules.len() {
        if rules[at].id.is_empty() {
            let free = (at + 1..).map(|number| format!("rule-{number}").into_boxed_str());
            rules[at].id = free
                .into_iter()
                .find(|id| rules.iter().all(|other| other.id != *id))
                .expect("there are more numbers than rules");
        }
    }
    Ok(())
}

pub(super) fn rule(rule: &LifecycleRule) -> Result<()> {
    let does_nothing = rule.expiration.is_none()
        && rule.abort_uploads.is_none()
        && rule.noncurrent_expiration.is_none()
        && rule.transitions.is_empty()
        && rule.noncurrent_transitions.is_empty();
    if does_nothing {
        return Err(invalid("At least one action needs to be specified in a rule"));
    }
    if rule.asks_for_tags() && rule.abort_uploads.is_some() {
        return Err(invalid("AbortIncompleteMultipartUpload cannot be specified with Tags"));
    }
    let marker = rule.expiration.and_then(|expiration| expiration.lone_delete_marker);
    if rule.asks_for_tags() && marker == Some(true) {
        return Err(invalid("ExpiredObjectDeleteMarker cannot be specified with Tags"));
    }
    numbers(rule)?;
    sizes(rule)?;
    transitions(&rule.transitions, rule.expiration.and_then(|expiration| expiration.due))?;
    let noncurrent_end = rule.noncurrent_expiration.map(|noncurrent| Due::Days(noncurrent.days));
    transitions(&rule.noncurrent_transitions, noncurrent_end)
}

fn invalid(message: &str) -> Error {
    Error::InvalidRequest { message: message.into() }
}

/// A walk holds all of a rule's conditions against every object.
fn numbers(rule: &LifecycleRule) -> Result<()> {
    let terms = rule.filter.iter().flat_map(|filter| std::iter::once(&filter.own).chain(&filter.and));
    let tags = rule.tags.len() + terms.map(|terms| terms.tags.len()).sum::<usize>();
    if tags > MAX_LIFECYCLE_TAGS {
        return Err(invalid(&format!("A rule can have at most {MAX_LIFECYCLE_TAGS} tags")));
    }
    if rule.filter.as_ref().is_some_and(|filter| filter.not.len() > MAX_LIFECYCLE_NOTS) {
        return Err(invalid(&format!("A rule can have at most {MAX_LIFECYCLE_NOTS} Not elements")));
    }
    Ok(())
}

fn sizes(rule: &LifecycleRule) -> Result<()> {
    let Some(filter) = &rule.filter else { return Ok(()) };
    for terms in std::iter::once(&filter.own).chain(&filter.and) {
        if let (Some(larger), Some(smaller)) = (terms.larger_than_bytes, terms.smaller_than_bytes)
            && smaller <= larger
        {
            return Err(invalid("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'"));
        }
        let bounded = terms.larger_than_bytes.is_some() || terms.smaller_than_bytes.is_some();
        if bounded && rule.abort_uploads.is_some() {
            return Err(invalid("AbortIncompleteMultipartUpload cannot be specified with ObjectSize"));
        }
    }
    Ok(())
}

/// Days and dates are not mixed; colder comes later, and the end after all.
fn transitions(transitions: &[Transition], end: Option<Due>) -> Result<()> {
    let days = |due: Option<Due>| match due {
        Some(Due::Days(days)) => Some(days),
        _ => None,
    };
    let is_by_days = |due: Option<Due>| matches!(due, Some(Due::Days(_)));
    for (at, transition) in transitions.iter().enumerate() {
        let others = transitions[..at].iter();
        if others.clone().any(|other| is_by_days(other.due) != is_by_days(transition.due))
            || (end.is_some() && is_by_days(end) != is_by_days(transition.due))
        {
            return Err(invalid(
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule",
            ));
        }
        if others.clone().any(|other| other.storage_class == transition.storage_class) {
            return Err(invalid("'StorageClass' must be different for 'Transition' actions in same 'Rule'"));
        }
        let Some(own) = days(transition.due) else { continue };
        let conflict = |message: &str| Err(Error::invalid_argument("Days", &own.to_string(), message));
        if days(end).is_some_and(|end| end <= own) {
            return conflict("'Days' in the Expiration action must be greater than 'Days' in the Transition action");
        }
        for other in others {
            let Some(theirs) = days(other.due) else { continue };
            if let (Some(own_cold), Some(their_cold)) = (coldness(transition), coldness(other))
                && ((own_cold > their_cold && own <= theirs) || (own_cold < their_cold && own >= theirs))
            {
                return conflict("'Days' of a transition to a colder class must be greater than of one to a warmer");
            }
        }
    }
    Ok(())
}

fn coldness(transition: &Transition) -> Option<usize> {
    let class = storage_class::shown(Some(&transition.storage_class), &OSS);
    COLDNESS.iter().position(|known| *known == class)
}

/// OSS: two rules of the same action do not speak of the same keys, unless other tags or filters tell them apart.
pub(super) fn overlap(rules: &[LifecycleRule]) -> Result<()> {
    for (at, rule) in rules.iter().enumerate() {
        if let Some((_, action)) = overlapping(rule, &rules[..at]) {
            let message = format!("Overlap for same action type {action}");
            return Err(Error::invalid_argument("Prefix", rule.key_prefix(), message));
        }
    }
    Ok(())
}

/// The first of these rules that speaks of keys that `rule` speaks of too, and the action that both have.
pub(super) fn overlapping<'r>(
    rule: &LifecycleRule,
    others: &'r [LifecycleRule],
) -> Option<(&'r LifecycleRule, &'r str)> {
    let prefix = rule.key_prefix();
    others.iter().find_map(|other| {
        let theirs = other.key_prefix();
        let nested = prefix.starts_with(theirs) || theirs.starts_with(prefix);
        let alike = nested && other.tags == rule.tags && other.filter == rule.filter;
        let shared = actions(other).find(|action| alike && actions(rule).any(|own| own == *action))?;
        Some((other, shared))
    })
}

/// What a rule does, by the vendor's names; transitions by their class.
fn actions(rule: &LifecycleRule) -> impl Iterator<Item = &str> + Clone {
    let named = [
        (rule.expiration.is_some(), "Expiration"),
        (rule.abort_uploads.is_some(), "AbortMultipartUpload"),
        (rule.noncurrent_expiration.is_some(), "NoncurrentVersionExpiration"),
    ];
    named
        .into_iter()
        .filter_map(|(is_there, name)| is_there.then_some(name))
        .chain(rule.transitions.iter().map(|transition| &*transition.storage_class))
}
