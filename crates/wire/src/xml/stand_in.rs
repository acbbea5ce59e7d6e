//! Keys with characters that XML 1.0 cannot carry, in documents of clients that write them all the same.
//!
//! Guarantees: a document without such characters is left alone; in every other, each of them (written plainly, or as a
//! character reference) is a private stand-in while the document is parsed, and itself again in what
//! [`Written::read`] returns. A document that has both such characters and stand-ins of its own is refused, so no key is
//! ever taken for another.
//!
//! Used where a client could not name its object in another way: DeleteObjects. No other document is read like this.

use std::borrow::Cow;

use headwater_model::{Error, Result};

use super::read::malformed;

/// Stands for U+0000; the others follow by the last byte of their number. Plane 15 is for private use.
const FIRST: u32 = 0xf_0000;
const LAST: u32 = FIRST + 0xff;

/// A document that can be parsed.
pub(crate) struct Written<'b> {
    bytes: Cow<'b, [u8]>,
}

/// Prepares a document.
///
/// # Errors
/// [`Error::MalformedXml`] if it has both characters that need a stand-in and stand-ins.
pub(crate) fn written(body: &[u8]) -> Result<Written<'_>> {
    let untouched = Ok(Written { bytes: Cow::Borrowed(body) });
    // What is no UTF-8 is refused by the parser, which says where.
    let Ok(text) = std::str::from_utf8(body) else { return untouched };
    let mut out = String::with_capacity(text.len());
    let (mut replaced, mut foreign) = (false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (meant, length) = reference(rest).unwrap_or((u32::from(character), character.len_utf8()));
        foreign |= (FIRST..=LAST).contains(&meant);
        match stand_in(meant) {
            Some(stand_in) => {
                replaced = true;
                out.push(stand_in);
            }
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    match (replaced, foreign) {
        (false, _) => untouched,
        (true, false) => Ok(Written { bytes: Cow::Owned(out.into_bytes()) }),
        (true, true) => Err(ambiguous()),
    }
}

impl Written<'_> {
    /// What to parse.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A text of the parsed document as its client meant it.
    pub(crate) fn read<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes {
            Cow::Borrowed(_) => text.into(),
            Cow::Owned(_) => text.chars().map(original).collect(),
        }
    }
}

/// The number of the character reference that `text` begins with, and how many bytes it is long.
fn reference(text: &str) -> Option<(u32, usize)> {
    let digits = text.strip_prefix("&#")?;
    // No further than it goes: a body of nothing but beginnings would be searched to its end for each.
    let end = digits.bytes().position(|byte| !byte.is_ascii_alphanumeric())?;
    let digits = digits[end..].starts_with(';').then_some(&digits[..end])?;
    let meant = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    Some((meant.ok()?, "&#;".len() + digits.len()))
}

/// What stands for a character that XML cannot carry; `None` for those that it can.
fn stand_in(meant: u32) -> Option<char> {
    let forbidden = matches!(meant, 0..=8 | 0xb | 0xc | 0xe..=0x1f | 0xfffe | 0xffff);
    forbidden.then(|| char::from_u32(FIRST + (meant & 0xff))).flatten()
}

fn original(character: char) -> char {
    let number = u32::from(character);
    if !(FIRST..=LAST).contains(&number) {
        return character;
    }
    let low = number - FIRST;
    let meant = if low >= 0xfe { 0xff00 + low } else { low };
    char::from_u32(meant).unwrap_or(character)
}

fn ambiguous() -> Error {
    malformed("characters that XML cannot carry beside private ones of plane 15")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::parse;

    fn key(document: &str) -> Result<String> {
        let written = written(document.as_bytes())?;
        let parsed = parse(written.bytes())?;
        Ok(written.read(parsed.root("Key")?.value()?).into_owned())
    }

    #[test]
    fn a_body_of_broken_references_is_refused_in_one_pass() {
        let document = format!("<Key>{}</Key>", "&#".repeat(1 << 19));
        assert!(matches!(key(&document), Err(Error::MalformedXml { .. })));
    }

    #[test]
    fn what_xml_cannot_carry_is_read_as_it_was_meant() {
        for (document, meant) in [
            ("<Key>a\u{1}b\u{c}</Key>", "a\u{1}b\u{c}"),
            ("<Key>a&#x1;b&#12;\u{ffff}</Key>", "a\u{1}b\u{c}\u{ffff}"),
            ("<Key>&#x1;&amp;#x1;&#xA;</Key>", "\u{1}&#x1;\n"),
            ("<Key>a\u{f0001}&#xF0002;</Key>", "a\u{f0001}\u{f0002}"),
            ("<Key>&#x41;\t</Key>", "A\t"),
        ] {
            assert_eq!(key(document).unwrap(), meant, "{document:?}");
        }
        for refused in
            ["<Key>\u{1}\u{f0001}</Key>", "<Key>\u{1}&#xf0001;</Key>", "<Key\u{1}>k</Key>", "<Key>&#x1</Key>"]
        {
            assert!(matches!(key(refused), Err(Error::MalformedXml { .. })), "{refused:?}");
        }
    }
}
