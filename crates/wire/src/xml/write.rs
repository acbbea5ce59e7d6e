//! Writing XML bodies.
//!
//! Guarantees: every text is escaped, and every element that was opened is closed, in order. How: the writer appends to
//! one `String` and keeps the names of the open elements. There is no indentation: white space would be content.
//!
//! Characters that XML 1.0 cannot carry (most control characters, U+FFFE, U+FFFF) are written as character references,
//! as S3 does; such a body is not well-formed. In OSS's documents they stand as they are ([`Controls::Raw`]): that is no XML
//! either, but its clients' parsers take it and stumble over such references. Operations with an `encoding-type=url`
//! parameter let their callers avoid that: percent-encoding is the codec's job, not done here.

use std::fmt::{self, Write as _};

/// Appends elements to a body.
///
/// ```
/// use headwater_wire::xml::XmlWriter;
/// let mut xml = XmlWriter::new();
/// xml.open("Owner");
/// xml.element("ID", 42);
/// xml.optional("DisplayName", Some("a & b"));
/// xml.close();
/// assert!(xml.finish().ends_with("<Owner><ID>42</ID><DisplayName>a &amp; b</DisplayName></Owner>"));
/// ```
#[derive(Debug)]
pub struct XmlWriter {
    out: String,
    open: Vec<&'static str>,
    controls: Controls,
}

/// Both tags of an element, put together by `tags!` when this is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tags {
    pub(crate) start: &'static str,
    pub(crate) end: &'static str,
}

/// The [`Tags`] of an element of this name.
macro_rules! tags {
    ($name:literal) => {
        $crate::xml::Tags { start: concat!("<", $name, ">"), end: concat!("</", $name, ">") }
    };
}
pub(crate) use tags;

/// How characters are written that XML cannot carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controls {
    /// `&#x1;`.
    #[default]
    References,
    /// As they are, but for the carriage return.
    Raw,
}

impl Default for XmlWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl XmlWriter {
    /// A body that begins with the XML declaration.
    pub fn new() -> Self {
        Self {
            out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
            open: Vec::new(),
            controls: Controls::References,
        }
    }

    /// Elements without the declaration before them, to stand within another document.
    pub fn fragment() -> Self {
        Self { out: String::new(), ..Self::new() }
    }

    /// The same, with another way to write what XML cannot carry.
    #[must_use]
    pub fn with_controls(self, controls: Controls) -> Self {
        Self { controls, ..self }
    }

    /// Makes room for what is about to be written, which is a guess.
    pub fn reserve(&mut self, size_bytes: usize) {
        self.out.reserve(size_bytes);
    }

    /// Opens an element; [`XmlWriter::close`] ends it.
    pub fn open(&mut self, name: &'static str) {
        self.start_tag(name);
        self.out.push('>');
        self.open.push(name);
    }

    /// Opens an element and declares `namespace` as the default one for it and what it holds.
    pub fn open_with_namespace(&mut self, name: &'static str, namespace: &str) {
        self.open_with_attributes(name, &[("xmlns", namespace)]);
    }

    /// Opens an element with attributes.
    pub fn open_with_attributes(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start_tag(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            escape_into(&mut self.out, value, self.controls);
            self.out.push('"');
        }
        self.out.push('>');
        self.open.push(name);
    }

    /// Ends the element opened last.
    pub fn close(&mut self) {
        let name = self.open.pop().expect("close follows an open");
        self.end_tag(name);
    }

    /// A whole element with this text, escaped.
    pub fn element(&mut self, name: &'static str, text: impl fmt::Display) {
        self.start_tag(name);
        self.out.push('>');
        write!(Escaping(&mut self.out, self.controls), "{text}").expect("writing to a string cannot fail");
        self.end_tag(name);
    }

    /// As [`XmlWriter::element`], without formatting, which costs more than the text where there are thousands.
    pub(crate) fn text(&mut self, tags: Tags, text: &str) {
        self.out.push_str(tags.start);
        escape_into(&mut self.out, text, self.controls);
        self.out.push_str(tags.end);
    }

    /// As [`XmlWriter::text`], of a text that has nothing to escape: a number, a date, a word of the vendor's.
    pub(crate) fn plain(&mut self, tags: Tags, text: &str) {
        debug_assert!(!text.bytes().any(|byte| SUSPECT[usize::from(byte)]), "{text:?} is to be escaped");
        self.out.push_str(tags.start);
        self.out.push_str(text);
        self.out.push_str(tags.end);
    }

    /// As [`XmlWriter::text`], with quotes around the text.
    pub(crate) fn quoted(&mut self, tags: Tags, text: &str) {
        self.out.push_str(tags.start);
        self.out.push_str("&quot;");
        escape_into(&mut self.out, text, self.controls);
        self.out.push_str("&quot;");
        self.out.push_str(tags.end);
    }

    /// As [`XmlWriter::element`], or nothing at all for `None`.
    pub fn optional(&mut self, name: &'static str, text: Option<impl fmt::Display>) {
        if let Some(text) = text {
            self.element(name, text);
        }
    }

    /// The body.
    pub fn finish(self) -> String {
        debug_assert!(self.open.is_empty(), "elements left open: {:?}", self.open);
        self.out
    }

    fn start_tag(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
    }

    fn end_tag(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

/// Escapes what is formatted into it.
struct Escaping<'s>(&'s mut String, Controls);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape_into(self.0, text, self.1);
        Ok(())
    }
}

/// Whether a byte may begin a character that is not written as it is. U+FFFE and U+FFFF begin with 0xEF, as do others.
const SUSPECT: [bool; 256] = {
    let mut suspect = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        suspect[byte] = byte != b'\t' as usize && byte != b'\n' as usize;
        byte += 1;
    }
    suspect[b'&' as usize] = true;
    suspect[b'<' as usize] = true;
    suspect[b'>' as usize] = true;
    suspect[b'"' as usize] = true;
    suspect[0xef] = true;
    suspect
};

/// Appends `text` so that it is safe both as content and within a double-quoted attribute.
fn escape_into(out: &mut String, text: &str, controls: Controls) {
    let (mut plain_from, mut at) = (0, 0);
    // By bytes: a page of a listing has thousands of texts with nothing to escape.
    while let Some(found) = text.as_bytes()[at..].iter().position(|byte| SUSPECT[usize::from(*byte)]) {
        let suspect_at = at + found;
        let Some(character) = text[suspect_at..].chars().next() else { break };
        at = suspect_at + character.len_utf8();
        let replacement = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            // A raw carriage return, too, would not be read back as itself but as a line feed (XML 1.0 section 2.11).
            '\r' => "",
            _ if controls == Controls::Raw => continue,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "",
            _ => continue,
        };
        out.push_str(&text[plain_from..suspect_at]);
        plain_from = at;
        if replacement.is_empty() {
            write!(out, "&#x{:X};", u32::from(character)).expect("writing to a string cannot fail");
        } else {
            out.push_str(replacement);
        }
    }
    out.push_str(&text[plain_from..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::parse;

    fn body_with(text: &str) -> String {
        let mut xml = XmlWriter::new();
        xml.open_with_namespace("R", "urn:a&b");
        xml.element("T", text);
        xml.close();
        xml.finish()
    }

    #[test]
    fn escapes_markup_and_what_xml_cannot_carry() {
        for (text, escaped) in [
            ("a & b < c > \"d\" 'e'", "a &amp; b &lt; c &gt; &quot;d&quot; 'e'"),
            ("\r\n\t", "&#xD;\n\t"),
            ("\u{0}\u{1}\u{1f}\u{7f}\u{ffff}", "&#x0;&#x1;&#x1F;\u{7f}&#xFFFF;"),
            ("中文 😀 +%?#", "中文 😀 +%?#"),
        ] {
            let body = body_with(text);
            assert!(body.contains(&format!("<R xmlns=\"urn:a&amp;b\"><T>{escaped}</T></R>")), "{body}");
        }
    }

    #[test]
    fn controls_are_raw_where_that_is_wanted() {
        let mut xml = XmlWriter::new().with_controls(Controls::Raw);
        xml.element("T", "\u{1}\r\u{7}&");
        assert!(xml.finish().ends_with("<T>\u{1}&#xD;\u{7}&amp;</T>"));
    }

    #[test]
    fn absent_options_leave_nothing() {
        let mut xml = XmlWriter::new();
        xml.open_with_attributes("Grantee", &[("xmlns:xsi", "x"), ("xsi:type", "CanonicalUser")]);
        xml.optional("ID", None::<&str>);
        xml.optional("N", Some(7));
        xml.element("Flag", true);
        xml.close();
        let expected = "<Grantee xmlns:xsi=\"x\" xsi:type=\"CanonicalUser\"><N>7</N><Flag>true</Flag></Grantee>";
        assert_eq!(xml.finish().lines().nth(1), Some(expected));
    }

    proptest! {
        #[test]
        fn what_xml_can_carry_is_read_back(text in "[\t\n\r -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]{0,64}") {
            let body = body_with(&text);
            let document = parse(body.as_bytes()).unwrap();
            prop_assert_eq!(document.root("R").unwrap().required_text("T").unwrap(), text);
        }
    }
}
