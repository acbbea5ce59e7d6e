//! One rule out of its element, in either vendor's words.

use headwater_model::clock::Timestamp;
use headwater_model::lifecycle::{
    Due, Expiration, FilterNot, FilterTerms, LifecycleFilter, LifecycleRule, NoncurrentExpiration, Transition,
};
use headwater_model::object::Tags;
use headwater_model::{Error, Result};

use super::super::{Request, not_implemented, storage_class, tagging};
use crate::date::parse_iso_8601;
use crate::xml::Element;
use crate::xml::read::{decimal, malformed};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// S3: the most `NewerNoncurrentVersions`.
const MAX_KEPT_VERSIONS: u32 = 100;

pub(super) fn rule(element: Element<'_>, request: &Request<'_>) -> Result<LifecycleRule> {
    if element.name() != "Rule" {
        return Err(malformed(format!("{} is no element of a lifecycle configuration", element.name())));
    }
    let mut rule = LifecycleRule::default();
    let (mut status, mut repeated) = (None, None);
    for child in element.as_container()?.elements() {
        match (child.name(), request.is_oss()) {
            ("ID", _) => rule.id = child.value()?.trim().into(),
            ("Status", _) => status = Some(child.value()?.trim()),
            ("Prefix", _) => rule.prefix = Some(prefix(child, request)?),
            ("Filter", _) => rule.filter = Some(filter(child, request)?),
            ("Tag", true) => rule.tags.push(tag(child, request)?),
            ("Expiration", _) => rule.expiration = Some(expiration(child, request)?),
            ("NoncurrentVersionExpiration", _) => rule.noncurrent_expiration = Some(noncurrent(child)?),
            ("AbortIncompleteMultipartUpload", false) => rule.abort_uploads = Some(abort_s3(child)?),
            ("AbortMultipartUpload", true) => rule.abort_uploads = Some(due_alone(child, request)?),
            ("Transition", _) => rule.transitions.push(transition(child, request)?),
            ("NoncurrentVersionTransition", _) => rule.noncurrent_transitions.push(transition(child, request)?),
            // Old clients say in the rule what they say in its Expiration.
            ("Days", true) => repeated = Some(Due::Days(count(child, 1)?)),
            ("Date", true) => repeated = Some(Due::Date(date(child)?)),
            // What OSS itself adds to rules about access times.
            ("AtimeBase", true) => {}
            _ => return Err(unknown(child, "Rule")),
        }
    }
    rule.enabled = match status {
        Some("Enabled") => true,
        Some("Disabled") => false,
        _ => return Err(malformed("the Status of a rule is neither Enabled nor Disabled")),
    };
    let due = rule.expiration.as_ref().and_then(|expiration| expiration.due);
    if repeated.is_some_and(|repeated| due.is_none_or(|due| !says_the_same(repeated, due))) {
        return Err(malformed("Days or Date of a rule is not that of its Expiration"));
    }
    if request.is_oss() {
        // Always there at OSS, where none is an empty one.
        rule.prefix.get_or_insert_default();
    } else if rule.prefix.is_some() == rule.filter.is_some() {
        return Err(malformed("a rule has either Filter or Prefix"));
    }
    Ok(rule)
}

/// Whether what stands in the rule itself is what its expiration says, in whichever of OSS's two kinds of dates.
fn says_the_same(repeated: Due, due: Due) -> bool {
    match (repeated, due) {
        (Due::Date(date), Due::CreatedBefore(other)) => date == other,
        _ => repeated == due,
    }
}

fn unknown(element: Element<'_>, within: &str) -> Error {
    malformed(format!("{} is no element of {within}", element.name()))
}

fn prefix(element: Element<'_>, request: &Request<'_>) -> Result<Box<str>> {
    let text = element.value()?;
    if text.len() > request.vocab.max_key_bytes {
        let message = format!("The maximum size of a prefix is {}.", request.vocab.max_key_bytes);
        return Err(Error::InvalidRequest { message: message.into() });
    }
    Ok(text.into())
}

fn tag(element: Element<'_>, request: &Request<'_>) -> Result<(Box<str>, Box<str>)> {
    let element = element.as_container()?;
    let (key, value) = (element.required_text("Key")?, element.text("Value")?.unwrap_or_default());
    tagging::check_of_rule(request, key, value)?;
    Ok((key.into(), value.into()))
}

fn filter(element: Element<'_>, request: &Request<'_>) -> Result<LifecycleFilter> {
    let mut filter = LifecycleFilter::default();
    for child in element.as_container()?.elements() {
        match (child.name(), request.is_oss()) {
            ("And", false) if filter.and.is_none() => {
                let mut terms = FilterTerms::default();
                for term in child.as_container()?.elements() {
                    if !read_term(&mut terms, term, request)? {
                        return Err(unknown(term, "And"));
                    }
                }
                filter.and = Some(terms);
            }
            ("Not", true) => filter.not.push(not(child, request)?),
            _ if read_term(&mut filter.own, child, request)? => {}
            _ => return Err(unknown(child, "Filter")),
        }
    }
    if filter.own.tags.len() > 1 {
        return Err(malformed("several tags stand within And"));
    }
    Ok(filter)
}

/// Whether it is one of a filter's conditions, which is then among the terms.
fn read_term(terms: &mut FilterTerms, element: Element<'_>, request: &Request<'_>) -> Result<bool> {
    match element.name() {
        "Prefix" if terms.prefix.is_none() => terms.prefix = Some(prefix(element, request)?),
        "Tag" => {
            let new = tag(element, request)?;
            if terms.tags.iter().any(|(known, _)| *known == new.0) {
                return Err(Error::InvalidRequest { message: "Duplicate Tag Keys are not allowed.".into() });
            }
            terms.tags.push(new);
        }
        "ObjectSizeGreaterThan" if terms.larger_than_bytes.is_none() => {
            terms.larger_than_bytes = Some(number(element)?);
        }
        "ObjectSizeLessThan" if terms.smaller_than_bytes.is_none() => {
            terms.smaller_than_bytes = Some(number(element)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn not(element: Element<'_>, request: &Request<'_>) -> Result<FilterNot> {
    let (mut not, mut tags) = (FilterNot::default(), Tags::new());
    for child in element.as_container()?.elements() {
        match child.name() {
            "Prefix" => not.prefix = prefix(child, request)?,
            "Tag" if tags.is_empty() => tags.push(tag(child, request)?),
            _ => return Err(unknown(child, "Not")),
        }
    }
    not.tag = tags.pop();
    Ok(not)
}

fn number(element: Element<'_>) -> Result<u64> {
    let text = element.value()?.trim();
    decimal(text).ok_or_else(|| {
        Error::invalid_argument(element.name(), text, format!("'{}' must be a number of bytes.", element.name()))
    })
}

/// A count of days, of versions: a positive number, or also 0.
fn count(element: Element<'_>, least: u32) -> Result<u32> {
    let text = element.value()?.trim();
    let wrong = || {
        let what = if least == 0 { "a nonnegative" } else { "a positive" };
        Error::invalid_argument(element.name(), text, format!("'{}' must be {what} integer", element.name()))
    };
    if text.parse::<i128>().is_err() {
        return Err(malformed(format!("{} is no integer", element.name())));
    }
    // Vendors count days in 32 bits with a sign.
    decimal::<u32>(text).filter(|count| (least..=i32::MAX.unsigned_abs()).contains(count)).ok_or_else(wrong)
}

fn date(element: Element<'_>) -> Result<Timestamp> {
    let text = element.value()?.trim();
    let moment = parse_iso_8601(text).ok_or_else(|| malformed(format!("{} is no date in ISO 8601", element.name())))?;
    if moment.0.rem_euclid(DAY_MS) != 0 {
        return Err(Error::invalid_argument(
            element.name(),
            text,
            format!("'{}' must be at midnight GMT", element.name()),
        ));
    }
    Ok(moment)
}

/// When, if the element says when; of what excludes each other, only one.
fn due(child: Element<'_>, request: &Request<'_>, known: Option<Due>, least_days: u32) -> Result<Option<Due>> {
    let due = match (child.name(), request.is_oss()) {
        ("Days", _) => Due::Days(count(child, least_days)?),
        ("Date", _) => Due::Date(date(child)?),
        ("CreatedBeforeDate", true) => Due::CreatedBefore(date(child)?),
        _ => return Ok(None),
    };
    if known.is_some() {
        return Err(malformed("Days and dates exclude each other"));
    }
    Ok(Some(due))
}

fn expiration(element: Element<'_>, request: &Request<'_>) -> Result<Expiration> {
    let mut expiration = Expiration::default();
    for child in element.as_container()?.elements() {
        if child.name() == "ExpiredObjectDeleteMarker" {
            expiration.lone_delete_marker = element.boolean("ExpiredObjectDeleteMarker")?;
        } else {
            let due = due(child, request, expiration.due, 1)?.ok_or_else(|| unknown(child, "Expiration"))?;
            expiration.due = Some(due);
        }
    }
    if expiration.due.is_some() == expiration.lone_delete_marker.is_some() {
        return Err(malformed("Expiration has one of Days, a date and ExpiredObjectDeleteMarker"));
    }
    Ok(expiration)
}

fn due_alone(element: Element<'_>, request: &Request<'_>) -> Result<Due> {
    let mut known = None;
    for child in element.as_container()?.elements() {
        known = Some(due(child, request, known, 1)?.ok_or_else(|| unknown(child, element.name()))?);
    }
    known.ok_or_else(|| malformed(format!("{} says neither Days nor a date", element.name())))
}

fn abort_s3(element: Element<'_>) -> Result<Due> {
    let element = element.as_container()?;
    if let Some(other) = element.elements().find(|child| child.name() != "DaysAfterInitiation") {
        return Err(unknown(other, element.name()));
    }
    Ok(Due::Days(count(element.required("DaysAfterInitiation")?, 1)?))
}

fn noncurrent(element: Element<'_>) -> Result<NoncurrentExpiration> {
    let (mut days, mut kept_versions) = (None, None);
    for child in element.as_container()?.elements() {
        match child.name() {
            "NoncurrentDays" => days = Some(count(child, 1)?),
            "NewerNoncurrentVersions" => kept_versions = Some(kept(child)?),
            _ => return Err(unknown(child, element.name())),
        }
    }
    let days = days.ok_or_else(|| malformed("NoncurrentVersionExpiration lacks NoncurrentDays"))?;
    Ok(NoncurrentExpiration { days, kept_versions })
}

fn kept(element: Element<'_>) -> Result<u32> {
    let kept = count(element, 1)?;
    if kept > MAX_KEPT_VERSIONS {
        let message = format!("'NewerNoncurrentVersions' must be between 1 and {MAX_KEPT_VERSIONS}");
        return Err(Error::invalid_argument(element.name(), &kept.to_string(), message));
    }
    Ok(kept)
}

fn transition(element: Element<'_>, request: &Request<'_>) -> Result<Transition> {
    let of_noncurrent = element.name() == "NoncurrentVersionTransition";
    let (mut when, mut kept_versions, mut class) = (None, None, None);
    for child in element.as_container()?.elements() {
        match (child.name(), request.is_oss()) {
            ("NoncurrentDays", _) if of_noncurrent => when = Some(Due::Days(count(child, 0)?)),
            ("NewerNoncurrentVersions", _) if of_noncurrent => kept_versions = Some(kept(child)?),
            ("StorageClass", _) => class = Some(child.value()?.trim()),
            ("IsAccessTime" | "ReturnToStdWhenVisit" | "AllowSmallFile", true) => {}
            _ if of_noncurrent => return Err(unknown(child, element.name())),
            _ => when = Some(due(child, request, when, 0)?.ok_or_else(|| unknown(child, element.name()))?),
        }
    }
    let class = class.ok_or_else(|| malformed(format!("{} lacks StorageClass", element.name())))?;
    let standard = || Error::invalid_argument("StorageClass", class, "Objects cannot be moved to this storage class.");
    // A class of the other vendor is this one's nearest, which may be the standard one.
    let known = storage_class::check("StorageClass", class)?;
    let storage_class = storage_class::shown(known.as_deref(), request.vocab);
    if storage_class.eq_ignore_ascii_case("standard") {
        return Err(standard());
    }
    if when.is_none() {
        return Err(malformed(format!("{} says neither days nor a date", element.name())));
    }
    let by_access_time = element.boolean("IsAccessTime")?;
    if by_access_time == Some(true) {
        return Err(not_implemented("IsAccessTime"));
    }
    Ok(Transition {
        due: when,
        kept_versions,
        storage_class: storage_class.into(),
        by_access_time,
        return_when_visited: element.boolean("ReturnToStdWhenVisit")?,
        small_objects_too: element.boolean("AllowSmallFile")?,
    })
}
