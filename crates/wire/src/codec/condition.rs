//! Conditions: of a read, of a copy's source, of a write.

use headwater_model::digest::ETag;
use headwater_model::op::WriteCondition;
use headwater_model::precondition::{Preconditions, RangeCondition, TagCondition};
use headwater_model::{Error, Result};

use super::{Request, not_implemented};
use crate::date::parse_http_date;

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
    let if_none_match = fields.get("if-none-match")?.map(|value| match value.trim_matches('"') {
        "*" => Ok(WriteCondition::IfNoneMatch),
        _ => Err(not_implemented("If-None-Match")),
    });
    let if_match = fields.get("if-match")?.map(|value| match value {
        "" => Err(Error::invalid_argument("If-Match", value, "An entity tag is needed.")),
        _ if value.contains(['*', ',']) => Err(not_implemented("If-Match")),
        _ => Ok(WriteCondition::IfMatch(ETag::from_text(value))),
    });
    let forbid = forbids_overwrite(request)?.then_some(Ok(WriteCondition::ForbidOverwrite));
    let mut conditions = [if_none_match, if_match, forbid].into_iter().flatten();
    let Some(condition) = conditions.next() else { return Ok(WriteCondition::Any) };
    if conditions.next().is_some() {
        let message = "If-Match, If-None-Match and x-oss-forbid-overwrite exclude each other.";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    condition
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
