//! Reading XML bodies within limits.
//!
//! Guarantees: a body of more than [`MAX_XML_BYTES`], nested deeper than [`MAX_XML_DEPTH`], with a document type
//! declaration (hence with entities of its own), or with more elements, attributes or namespace declarations than the
//! limits below is refused as [`Error::MalformedXml`] that names the rule; the text of a value is never cut by a
//! comment inside it.
//!
//! How: one pass over the bytes, without recursion or allocation, counts depth, elements and attributes; only what
//! passes reaches the real parser (`roxmltree`), which decides well-formedness. Where the two read a body differently,
//! it is ill-formed at that place, and the parser stops there.
//!
//! Names are compared without their namespace, because SDKs of one vendor send one and others none. Not done here:
//! other encodings than UTF-8, and validation of what elements mean.

use std::str::FromStr;

use headwater_model::limits::{MAX_XML_BYTES, MAX_XML_DEPTH};
use headwater_model::{Error, Result};

/// Most elements of a body. The largest legitimate one completes an upload of 10,000 parts, each an element with up to
/// five children.
pub const MAX_ELEMENTS: usize = 60_001;
/// Most attributes of one element; legitimate ones have at most three (namespaces and a type).
pub const MAX_ATTRIBUTES: usize = 64;
/// Most namespace declarations of a body: each one is copied to what it encloses, so their product with the elements
/// must stay small. An access control list with its 100 grants declares 101.
pub const MAX_NAMESPACE_DECLARATIONS: usize = 256;
/// Most nodes of any kind: elements, each with its text and the white space after it, and some comments.
const MAX_NODES: u32 = 200_000;

/// A body that kept the limits and is well-formed.
#[derive(Debug)]
pub struct Document<'input> {
    tree: roxmltree::Document<'input>,
}

/// Reads a whole body.
///
/// # Errors
/// [`Error::MalformedXml`] naming the rule that the body breaks.
pub fn parse(body: &[u8]) -> Result<Document<'_>> {
    parse_within(body, MAX_XML_BYTES)
}

/// [`parse`], with another limit than [`MAX_XML_BYTES`].
pub(crate) fn parse_within(body: &[u8], limit_bytes: usize) -> Result<Document<'_>> {
    if body.len() > limit_bytes {
        return Err(malformed(format!("{} bytes are more than {limit_bytes}", body.len())));
    }
    let text = std::str::from_utf8(body).map_err(|error| malformed(format!("not utf-8: {error}")))?;
    Scan::default().run(body)?;
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    let tree = roxmltree::Document::parse_with_options(text, options)
        .map_err(|error| malformed(format!("not well-formed: {error}")))?;
    Ok(Document { tree })
}

impl Document<'_> {
    /// The root element, which must have this name.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if it has another.
    pub fn root(&self, name: &str) -> Result<Element<'_>> {
        let root = Element(self.tree.root_element());
        if root.name() == name {
            return Ok(root);
        }
        Err(malformed(format!("the root element is {:?} instead of {name:?}", root.name())))
    }
}

/// An element of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Element<'d>(roxmltree::Node<'d, 'd>);

impl<'d> Element<'d> {
    /// The name without namespace.
    pub fn name(self) -> &'d str {
        self.0.tag_name().name()
    }

    /// All child elements in document order.
    pub fn elements(self) -> impl Iterator<Item = Element<'d>> {
        self.0.children().filter(roxmltree::Node::is_element).map(Element)
    }

    /// All child elements of this name in document order.
    pub fn children<'n>(self, name: &'n str) -> impl Iterator<Item = Element<'d>> + use<'d, 'n> {
        self.0.children().filter(move |node| node.is_element() && node.tag_name().name() == name).map(Element)
    }

    /// The first child element of this name, if any.
    pub fn child(self, name: &str) -> Option<Element<'d>> {
        self.children(name).next()
    }

    /// The first child element of this name.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if there is none.
    pub fn required(self, name: &str) -> Result<Element<'d>> {
        self.child(name).ok_or_else(|| malformed(format!("{} lacks {name}", self.name())))
    }

    /// The first child element of this name, which must hold elements only (or nothing).
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if it holds text.
    pub fn container(self, name: &str) -> Result<Option<Element<'d>>> {
        self.child(name).map(Element::as_container).transpose()
    }

    /// This element, which must hold elements only (or nothing).
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if it holds text.
    pub fn as_container(self) -> Result<Element<'d>> {
        let has_text = self.0.children().any(|node| node.is_text() && !is_blank(node.text()));
        if has_text {
            return Err(malformed(format!("{} holds text instead of elements", self.name())));
        }
        Ok(self)
    }

    /// The text that this element holds, untrimmed; empty if it holds nothing.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if it holds elements, or a comment within its text.
    pub fn value(self) -> Result<&'d str> {
        if self.elements().next().is_some() {
            return Err(malformed(format!("{} holds elements instead of text", self.name())));
        }
        let mut pieces = self.0.children().filter(roxmltree::Node::is_text);
        let first = pieces.next().and_then(|node| node.text());
        match (first, pieces.next()) {
            (None, _) => Ok(""),
            (Some(text), None) => Ok(text),
            (Some(_), Some(_)) => Err(malformed(format!("{} has a comment within its text", self.name()))),
        }
    }

    /// The untrimmed text of the first child of this name; `None` if there is no such child.
    ///
    /// # Errors
    /// As [`Element::value`].
    pub fn text(self, name: &str) -> Result<Option<&'d str>> {
        self.child(name).map(Element::value).transpose()
    }

    /// The untrimmed text of the first child of this name.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] if there is no such child, else as [`Element::value`].
    pub fn required_text(self, name: &str) -> Result<&'d str> {
        self.required(name)?.value()
    }

    /// The first child of this name as `true` or `false` in any letter case; `None` if there is no such child.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] for any other text.
    pub fn boolean(self, name: &str) -> Result<Option<bool>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let value = match text.trim() {
            yes if yes.eq_ignore_ascii_case("true") => true,
            no if no.eq_ignore_ascii_case("false") => false,
            _ => return Err(malformed(format!("{name} is neither true nor false"))),
        };
        Ok(Some(value))
    }

    /// The first child of this name as an unsigned decimal number; `None` if there is no such child.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] for anything but digits, and for numbers that `T` cannot hold.
    pub fn number<T: FromStr>(self, name: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        decimal(text).map(Some).ok_or_else(|| malformed(format!("{name} is not a number in range")))
    }

    /// As [`Element::number`], but the child must be there.
    ///
    /// # Errors
    /// [`Error::MalformedXml`] also if there is no such child.
    pub fn required_number<T: FromStr>(self, name: &str) -> Result<T> {
        self.number(name)?.ok_or_else(|| malformed(format!("{} lacks {name}", self.name())))
    }
}

/// An unsigned decimal number surrounded by optional white space; no sign, no empty text.
pub fn decimal<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.trim();
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().ok()).flatten()
}

/// An [`Error::MalformedXml`] with this message.
pub fn malformed(message: impl Into<Box<str>>) -> Error {
    Error::MalformedXml { message: message.into() }
}

fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// Counts what could make a parser expensive. Everything it skips (comments, CDATA sections, processing instructions,
/// quoted values) ends exactly where the parser ends it.
#[derive(Default)]
struct Scan {
    depth: usize,
    elements: usize,
    namespace_declarations: usize,
}

impl Scan {
    fn run(mut self, body: &[u8]) -> Result<()> {
        let mut rest = body;
        while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
            rest = &rest[start + 1..];
            rest = match rest {
                [b'!', b'-', b'-', inner @ ..] => after(inner, b"-->")?,
                [b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', inner @ ..] => after(inner, b"]]>")?,
                [b'!', ..] => return Err(malformed("a document type declaration is not allowed")),
                [b'?', inner @ ..] => after(inner, b"?>")?,
                [b'/', inner @ ..] => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| malformed("an end tag without start"))?;
                    after(inner, b">")?
                }
                tag => self.start_tag(tag)?,
            };
        }
        Ok(())
    }

    /// Counts a start tag and returns what follows it.
    fn start_tag<'b>(&mut self, tag: &'b [u8]) -> Result<&'b [u8]> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(malformed(format!("more than {MAX_ELEMENTS} elements")));
        }
        let (mut quote, mut attributes) = (None, 0_usize);
        for (at, byte) in tag.iter().enumerate() {
            match (quote, byte) {
                (Some(mark), byte) if byte == mark => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => {
                    attributes += 1;
                    self.attribute(attributes, &tag[..at])?;
                }
                (None, b'>') => {
                    if tag[..at].last() != Some(&b'/') {
                        self.depth += 1;
                    }
                    if self.depth > MAX_XML_DEPTH {
                        return Err(malformed(format!("nested deeper than {MAX_XML_DEPTH}")));
                    }
                    return Ok(&tag[at + 1..]);
                }
                // Within a quoted value only its own mark counts; outside, names and white space do not.
                _ => {}
            }
        }
        Err(malformed("a start tag does not end"))
    }

    /// Counts the attribute whose name ends `before` the equals sign.
    fn attribute(&mut self, nth: usize, before: &[u8]) -> Result<()> {
        if nth > MAX_ATTRIBUTES {
            return Err(malformed(format!("an element with more than {MAX_ATTRIBUTES} attributes")));
        }
        let is_boundary = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
        let name = before.trim_ascii_end().rsplit(is_boundary).next().unwrap_or_default();
        if name.starts_with(b"xmlns") {
            self.namespace_declarations += 1;
        }
        if self.namespace_declarations > MAX_NAMESPACE_DECLARATIONS {
            return Err(malformed(format!("more than {MAX_NAMESPACE_DECLARATIONS} namespace declarations")));
        }
        Ok(())
    }
}

/// What follows the first `end`.
fn after<'b>(bytes: &'b [u8], end: &[u8]) -> Result<&'b [u8]> {
    let at = bytes.windows(end.len()).position(|window| window == end);
    at.map(|at| &bytes[at + end.len()..]).ok_or_else(|| malformed("markup does not end"))
}

#[cfg(test)]
mod tests;
