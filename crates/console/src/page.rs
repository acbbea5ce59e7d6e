//! What every page of the console is made with: what comes of a request, and the fields of its form.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use askama::Template;
use headwater_model::body::Body;
use http::{Response, StatusCode};

/// What comes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A page.
    Page(StatusCode, String),
    /// Another page: what was to be done is done.
    To(String),
    /// A document to keep.
    File(String),
    /// An answer of another kind.
    Answer(Box<Response<Body>>),
}

/// Tests compare pages; other answers are equal to nothing.
#[cfg(test)]
impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Page(status, text), Self::Page(other_status, other_text)) => {
                (status, text) == (other_status, other_text)
            }
            (Self::To(path), Self::To(other)) | (Self::File(path), Self::File(other)) => path == other,
            _ => false,
        }
    }
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

/// A text in a query.
pub(crate) fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A print of what a page showed, by which its form tells whether that is still so. Forms outlive neither a release nor
/// their page, so the hash need not be the same for ever.
pub(crate) fn print(shown: &impl Debug) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{shown:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A size for people: `0 B`, `1.5 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (bytes.max(1).ilog2() / 10) as usize;
    if unit == 0 {
        return format!("{bytes} B");
    }
    // In hundredths, rounded down: no more is told than there is.
    let hundredths = (u128::from(bytes) * 100) >> (10 * unit);
    format!("{}.{:02} {}", hundredths / 100, hundredths % 100, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_readable() {
        let shown = [0, 1, 1023, 1024, 1536, 1 << 20, (1 << 30) - 1, u64::MAX].map(size);
        let expected =
            ["0 B", "1 B", "1023 B", "1.00 KiB", "1.50 KiB", "1.00 MiB", "1023.99 MiB", "15.99 EiB"].map(str::to_owned);
        assert_eq!(shown, expected);
    }
}
