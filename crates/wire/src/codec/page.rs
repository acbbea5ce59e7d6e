//! What all listings share: limits, markers and `encoding-type=url`.

use std::borrow::Cow;

use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::{Error, Result};

use super::{Answer, Request};
use crate::escape;
use crate::query::Queries;
use crate::xml::read::decimal;

/// The page size that a request asks for with `name`. S3 cuts it to [`MAX_LIST_KEYS`]; OSS demands 1 to
/// [`MAX_LIST_KEYS`].
///
/// # Errors
/// [`Error::InvalidArgument`] for anything but a number in range.
pub(super) fn limit(request: &Request<'_>, name: &'static str, default: usize) -> Result<usize> {
    let Some(text) = request.query(name).filter(|text| !text.is_empty()) else { return Ok(default) };
    let limit = decimal::<u32>(text).and_then(|limit| usize::try_from(limit).ok());
    if request.is_oss() {
        let limit = limit.filter(|limit| (1..=MAX_LIST_KEYS).contains(limit));
        let message = format!("Argument {name} must be an integer between 1 and {MAX_LIST_KEYS}.");
        return limit.ok_or_else(|| Error::invalid_argument(name, text, message));
    }
    let limit = limit.filter(|limit| i32::try_from(*limit).is_ok());
    let message = format!("Provided {name} not an integer or within integer range");
    limit.map(|limit| limit.min(MAX_LIST_KEYS)).ok_or_else(|| Error::invalid_argument(name, text, message))
}

/// A name in the query of a listing, empty if there is none. OSS takes none that no key could have.
///
/// # Errors
/// [`Error::InvalidArgument`].
pub(super) fn text<'r>(request: &Request<'r>, name: &'static str) -> Result<&'r str> {
    let text = request.query(name).unwrap_or_default();
    let limit = request.vocab.max_key_bytes;
    if request.is_oss() && text.len() > limit {
        return Err(Error::invalid_argument(name, text, format!("The {name} is longer than {limit} bytes.")));
    }
    Ok(text)
}

/// Checks `encoding-type`.
///
/// # Errors
/// [`Error::InvalidArgument`] for anything but `url`.
pub(super) fn check_encoding(request: &Request<'_>) -> Result<()> {
    match request.query(ENCODING_TYPE) {
        None | Some("") => Ok(()),
        Some(value) if value.eq_ignore_ascii_case("url") => Ok(()),
        Some(value) => {
            Err(Error::invalid_argument(ENCODING_TYPE, value, "Invalid Encoding Method specified in Request"))
        }
    }
}

const ENCODING_TYPE: &str = "encoding-type";

/// How a listing prints names.
#[derive(Clone, Copy)]
pub(super) struct Names {
    url: bool,
}

impl Names {
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        Self::of_queries(&answer.routed.queries)
    }

    fn of_queries(queries: &Queries) -> Self {
        Self { url: queries.get(ENCODING_TYPE).is_some_and(|value| !value.is_empty()) }
    }

    /// A name as it is printed.
    pub(super) fn print(self, name: &str) -> Cow<'_, str> {
        if self.url { escape::encode(name) } else { Cow::Borrowed(name) }
    }

    /// `EncodingType`, if names are encoded.
    pub(super) fn encoding(self) -> Option<&'static str> {
        self.url.then_some("url")
    }
}
