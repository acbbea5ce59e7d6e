//! Conditions: of a read, of a copy's source, of a write, of a deletion.

use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::op::WriteCondition;
use headwater_model::precondition::{ObjectCondition, Preconditions, RangeCondition, TagCondition};
use headwater_model::{Error, Result};

use super::{Request, not_implemented};
use crate::date::{parse_http_date, parse_iso_8601};
use crate::fields::Fields;
use crate::xml::read::decimal;

/// `If-Match` and its three relatives, and `If-Range`.
pub(super) fn decode_read(request: &Request<'_>) -> Result<Preconditions> {
    let conditions = decode(request, ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"])?;
    Ok(Preconditions { if_range: request.fields.get("if-range")?.map(range_condition), ..conditions })
}

/// A tag, with or without quotes, or a date. A date that cannot be read is a tag that no object has.
fn range_condition(value: &str) -> RangeCondition {
    if value.starts_with("W/") {
        return RangeCondition::Never;
    }
    parse_http_date(value).map_or_else(|| RangeCondition::Tag(ETag::from_text(value)), RangeCondition::Date)
}

/// `x-*-copy-source-if-*`.
pub(super) fn decode_copy_source(request: &Request<'_>) -> Result<Preconditions> {
    let words = &request.vocab.headers;
    let names =
        [words.copy_if_match, words.copy_if_none_match, words.copy_if_modified_since, words.copy_if_unmodified_since];
    decode(request, names)
}

fn decode(request: &Request<'_>, names: [&str; 4]) -> Result<Preconditions> {
    let [if_match, if_none_match, if_modified_since, if_unmodified_since] = names;
    let fields = request.fields;
    Ok(Preconditions {
        if_match: fields.get(if_match)?.map(TagCondition::parse),
        if_none_match: fields.get(if_none_match)?.map(TagCondition::parse),
        if_modified_since: fields.get(if_modified_since)?.and_then(parse_http_date),
        if_unmodified_since: fields.get(if_unmodified_since)?.and_then(parse_http_date),
        if_range: None,
    })
}

/// When a write may replace what is there. A condition that cannot be honoured is refused: ignoring it could destroy
/// what its sender wanted to keep.
pub(super) fn decode_write(request: &Request<'_>) -> Result<WriteCondition> {
    let fields = request.fields;
    for name in ["If-Modified-Since", "If-Unmodified-Since"] {
        if fields.has(&name.to_ascii_lowercase()) {
            return Err(not_implemented(name));
        }
    }
    let if_match = tags(fields, "If-Match")?;
    let if_none_match = tags(fields, "If-None-Match")?;
    let forbid = forbids_overwrite(request)?;
    if [if_match.is_some(), if_none_match.is_some(), forbid].into_iter().filter(|set| *set).count() > 1 {
        let message = "If-Match, If-None-Match and x-oss-forbid-overwrite exclude each other.";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    let condition = ObjectCondition { if_match, if_none_match, ..ObjectCondition::default() };
    Ok(match (forbid, condition.is_empty()) {
        (true, _) => WriteCondition::ForbidOverwrite,
        (false, true) => WriteCondition::Any,
        (false, false) => WriteCondition::Meets(Box::new(condition)),
    })
}

/// The tags of a condition; the star may be quoted.
fn tags(fields: Fields<'_>, name: &'static str) -> Result<Option<TagCondition>> {
    let Some(value) = fields.get(&name.to_ascii_lowercase())? else { return Ok(None) };
    match TagCondition::parse(if value.trim_matches('"') == "*" { "*" } else { value }) {
        TagCondition::OneOf(tags) if tags.is_empty() => {
            Err(Error::invalid_argument(name, value, "An entity tag is needed."))
        }
        condition => Ok(Some(condition)),
    }
}

/// What a deletion demands of its object. A condition that cannot be honoured is refused, as for writes.
pub(super) fn decode_delete(request: &Request<'_>) -> Result<Option<Box<ObjectCondition>>> {
    let fields = request.fields;
    for name in ["If-None-Match", "If-Modified-Since", "If-Unmodified-Since"] {
        if fields.has(&name.to_ascii_lowercase()) {
            return Err(not_implemented(name));
        }
    }
    let own = |name: &'static str| if request.is_oss() { Ok(None) } else { fields.get(name) };
    let condition = ObjectCondition {
        if_match: tags(fields, "If-Match")?,
        if_none_match: None,
        last_modified: own(MODIFIED)?.map(|text| time(MODIFIED, text)).transpose()?,
        size_bytes: own(SIZE)?.map(|text| size(SIZE, text)).transpose()?,
    };
    Ok(Some(Box::new(condition)).filter(|condition| !condition.is_empty()))
}

const MODIFIED: &str = "x-amz-if-match-last-modified-time";
const SIZE: &str = "x-amz-if-match-size";

/// A date of HTTP or of XML.
pub(super) fn time(name: &str, text: &str) -> Result<Timestamp> {
    let text = text.trim();
    let found = parse_http_date(text).or_else(|| parse_iso_8601(text));
    found.ok_or_else(|| Error::invalid_argument(name, text, "The value must be a date."))
}

/// A whole number of bytes.
pub(super) fn size(name: &str, text: &str) -> Result<u64> {
    decimal(text).ok_or_else(|| Error::invalid_argument(name, text, "The value must be a whole number of bytes."))
}

fn forbids_overwrite(request: &Request<'_>) -> Result<bool> {
    const NAME: &str = "x-oss-forbid-overwrite";
    if !request.is_oss() {
        return Ok(false);
    }
    match request.fields.get(NAME)? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(Error::invalid_argument(NAME, value, "The value must be true or false.")),
    }
}
