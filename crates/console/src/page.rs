//! What every page of the console is made with: what comes of a request, and the fields of its form.

use askama::Template;
use http::StatusCode;

/// What comes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A page.
    Page(StatusCode, String),
    /// Another page: what was to be done is done.
    To(String),
    /// A document to keep.
    File(String),
}

/// Writes a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Outcome {
    match template.render() {
        Ok(text) => Outcome::Page(status, text),
        // Only writing to a string can fail, and that does not.
        Err(error) => Outcome::Page(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// A field of a form; empty if it is not there.
pub(crate) fn text<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value).unwrap_or_default()
}
