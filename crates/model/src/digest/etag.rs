//! Entity tags.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use arrayvec::ArrayString;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An entity tag without quotes and without the dialect's letter case.
///
/// Stored in lower case; OSS prints upper case, S3 lower case. Comparison ignores quotes and ASCII case, because
/// clients send back whichever form they saw.
#[derive(Clone)]
pub struct ETag(TagText);

/// The longest tag that needs no memory of its own: the hex of an MD5, a hyphen and the number of parts.
const SHORT_TAG_BYTES: usize = 38;

/// A page of a listing has a thousand tags, nearly all of them short.
#[derive(Clone)]
enum TagText {
    Short(ArrayString<SHORT_TAG_BYTES>),
    /// An origin's.
    Long(Box<str>),
}

impl ETag {
    /// The tag of a body stored in one piece: the hex of its MD5.
    pub fn of_md5(md5: [u8; 16]) -> Self {
        Self(TagText::Short(hex(md5)))
    }

    /// The tag of a multipart object: the MD5 over the parts' MD5s, and their number (both vendors).
    pub fn of_parts(md5_of_md5s: [u8; 16], parts: usize) -> Self {
        Self::new(&format!("{}-{parts}", hex(md5_of_md5s)))
    }

    /// A tag from outside (an origin, a client), quotes removed.
    pub fn from_text(text: &str) -> Self {
        let text = text.trim();
        let text = text.strip_prefix("W/").unwrap_or(text);
        Self::new(&text.trim_matches('"').to_ascii_lowercase())
    }

    fn new(text: &str) -> Self {
        Self(ArrayString::from(text).map_or_else(|_| TagText::Long(text.into()), TagText::Short))
    }

    /// The tag in lower case, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag in upper case, without quotes, as OSS shows it.
    pub fn upper_case(&self) -> impl Deref<Target = str> {
        let mut text = self.0.clone();
        match &mut text {
            TagText::Short(text) => text.make_ascii_uppercase(),
            TagText::Long(text) => text.make_ascii_uppercase(),
        }
        text
    }
}

impl Deref for TagText {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Short(text) => text,
            Self::Long(text) => text,
        }
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ETag").field(&self.as_str()).finish()
    }
}

impl PartialEq for ETag {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ETag {}

impl Hash for ETag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for ETag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ETag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TagVisitor)
    }
}

/// Takes a tag as it was written.
struct TagVisitor;

impl Visitor<'_> for TagVisitor {
    type Value = ETag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity tag")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ETag, E> {
        Ok(ETag::new(text))
    }
}

/// Lower-case hex. A page of a listing makes a thousand.
fn hex(md5: [u8; 16]) -> ArrayString<SHORT_TAG_BYTES> {
    let mut digits = [0; 32];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(md5) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    let text = str::from_utf8(&digits).expect("digits are ASCII");
    ArrayString::from(text).expect("32 digits are fewer than a short tag may have")
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_every_length_are_told_compared_and_stored_as_text() {
        let longest = "ab".repeat(19);
        let foreign = "x".repeat(39);
        let tags = [
            (ETag::of_md5([0x0f; 16]), "0f".repeat(16)),
            (ETag::of_parts([0xa0; 16], 10_000), format!("{}-10000", "a0".repeat(16))),
            (ETag::from_text(&longest), longest),
            (ETag::from_text(&format!("W/\"{}\"", foreign.to_uppercase())), foreign),
            (ETag::from_text(""), String::new()),
        ];
        for (tag, text) in tags {
            assert_eq!(tag.as_str(), text);
            assert_eq!(*tag.upper_case(), *text.to_uppercase());
            assert_eq!(tag, ETag::from_text(&format!("\"{text}\"")));
            assert_ne!(tag, ETag::from_text(&format!("{text}0")));
            let stored = postcard::to_allocvec(&tag).unwrap();
            assert_eq!(stored, postcard::to_allocvec(&text).unwrap());
            assert_eq!(postcard::from_bytes::<ETag>(&stored).unwrap(), tag);
        }
    }
}
