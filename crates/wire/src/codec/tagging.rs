//! Tags of objects and buckets: as a document, and of objects also as a header.
//!
//! Guarantees: tags that are handed on keep the vendor's limits, and their names are unique.

use headwater_model::body::Body;
use headwater_model::limits::{
    MAX_BUCKET_TAGS_OSS, MAX_BUCKET_TAGS_S3, MAX_TAG_KEY_CHARS, MAX_TAG_VALUE_CHARS, MAX_TAGS,
};
use headwater_model::object::Tags;
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::Response;

use super::{Answer, Request, version};
use crate::escape::{Plus, decode as unescape, encode as escaped};
use crate::response::open_root;
use crate::xml::read::malformed;
use crate::xml::{Element, XmlWriter, parse};

/// What tags may be; lengths are in characters.
struct Limits {
    most: usize,
    key_chars: usize,
    value_chars: usize,
    /// Beside letters, digits and spaces; `None` allows every character.
    punctuation: Option<&'static str>,
}

fn of_objects(request: &Request<'_>) -> Limits {
    let punctuation = if request.is_oss() { "+-=._:/" } else { "+-=._:/@" };
    Limits {
        most: MAX_TAGS,
        key_chars: MAX_TAG_KEY_CHARS,
        value_chars: MAX_TAG_VALUE_CHARS,
        punctuation: Some(punctuation),
    }
}

fn of_buckets(request: &Request<'_>) -> Limits {
    if request.is_oss() {
        return Limits { most: MAX_BUCKET_TAGS_OSS, key_chars: 64, value_chars: 128, punctuation: None };
    }
    Limits {
        most: MAX_BUCKET_TAGS_S3,
        key_chars: MAX_TAG_KEY_CHARS,
        value_chars: MAX_TAG_VALUE_CHARS,
        punctuation: Some("+-=._:/@"),
    }
}

impl Limits {
    fn check(&self, tags: &Tags) -> Result<()> {
        if tags.len() > self.most {
            return Err(invalid(format!("There are {} tags; at most {} are allowed.", tags.len(), self.most)));
        }
        for (at, (key, value)) in tags.iter().enumerate() {
            if key.is_empty() || key.chars().count() > self.key_chars || !self.allows(key) {
                return Err(invalid("The TagKey you have provided is invalid.".into()));
            }
            if value.chars().count() > self.value_chars || !self.allows(value) {
                return Err(invalid("The TagValue you have provided is invalid.".into()));
            }
            if tags[..at].iter().any(|(known, _)| known == key) {
                return Err(invalid("Cannot provide multiple Tags with the same key.".into()));
            }
        }
        Ok(())
    }

    fn allows(&self, text: &str) -> bool {
        let Some(punctuation) = self.punctuation else { return !text.chars().any(char::is_control) };
        text.chars().all(|found| found.is_alphanumeric() || found == ' ' || punctuation.contains(found))
    }
}

/// A tag that a lifecycle rule speaks of: of characters that tags can have. It may be longer than any tag, and then covers
/// nothing, as at the vendors.
pub(super) fn check_of_rule(request: &Request<'_>, key: &str, value: &str) -> Result<()> {
    let limits = of_objects(request);
    if key.is_empty() || !limits.allows(key) {
        return Err(invalid("The TagKey you have provided is invalid.".into()));
    }
    if !limits.allows(value) {
        return Err(invalid("The TagValue you have provided is invalid.".into()));
    }
    Ok(())
}

fn invalid(message: String) -> Error {
    Error::InvalidTag { message: message.into() }
}

/// The tags that a header gives to an object to be: `key=value` pairs as in a query.
pub(super) fn of_header(request: &Request<'_>) -> Result<Tags> {
    let name = request.vocab.headers.tagging;
    match request.fields.get(name)? {
        None => Ok(Tags::new()),
        Some(text) => pairs(request, name, text),
    }
}

fn pairs(request: &Request<'_>, name: &'static str, text: &str) -> Result<Tags> {
    let malformed = || {
        let message = format!("The header '{name}' shall be encoded as UTF-8 then URLEncoded URL query parameters.");
        Error::invalid_argument(name, text, message)
    };
    let decode = |raw: &str| unescape(raw, Plus::Space).map(Into::into).ok_or_else(malformed);
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decode(key)?, decode(value)?))
    });
    let tags = pairs.collect::<Result<Tags>>()?;
    of_objects(request).check(&tags)?;
    Ok(tags)
}

/// The header that gives the tags of a document.
pub(super) fn header_of(document: &str) -> Result<String> {
    let escape = |text: &str| escaped(text).replace('/', "%2F");
    let pairs = read(document.as_bytes())?;
    Ok(pairs.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect::<Vec<_>>().join("&"))
}

pub(super) fn decode_object(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let tags = read(body)?;
    of_objects(request).check(&tags)?;
    Ok(Op::PutObjectTagging(version::target(request)?, tags))
}

pub(super) fn decode_bucket(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let tags = read(body)?;
    of_buckets(request).check(&tags)?;
    Ok(Op::PutBucketTagging(request.bucket(), tags))
}

/// OSS deletes the tags that the parameter names, separated by commas; all without a name, and always on S3.
pub(super) fn decode_delete_bucket(request: &Request<'_>) -> Op {
    let named = request.query("tagging").filter(|_| request.is_oss()).unwrap_or_default();
    let keys = named.split(',').filter(|key| !key.is_empty()).map(Into::into).collect();
    Op::DeleteBucketTagging(request.bucket(), keys)
}

fn read(body: &[u8]) -> Result<Tags> {
    let document = parse(body)?;
    let set = document.root("Tagging")?.as_container()?.required("TagSet")?.as_container()?;
    set.children("Tag").map(read_tag).collect()
}

fn read_tag(tag: Element<'_>) -> Result<(Box<str>, Box<str>)> {
    Ok((tag.required_text("Key")?.into(), tag.text("Value")?.unwrap_or_default().into()))
}

/// `TagSet`.
pub(super) fn write_set<'t>(xml: &mut XmlWriter, tags: impl IntoIterator<Item = &'t (Box<str>, Box<str>)>) {
    xml.open("TagSet");
    for (key, value) in tags {
        xml.open("Tag");
        xml.element("Key", key);
        xml.element("Value", value);
        xml.close();
    }
    xml.close();
}

/// `Tagging`: the same document at both vendors, with a namespace at S3, whose clients find tags in order of their keys.
pub(super) fn encode(answer: &Answer<'_>, tags: &Tags) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "Tagging");
    let mut shown: Vec<_> = tags.iter().collect();
    if !answer.is_oss() {
        shown.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    write_set(&mut xml, shown);
    xml.close();
    answer.xml(xml)
}

/// Reads a `Tagging` document of either vendor within the limits of tags.
pub(super) fn decode(document: &[u8]) -> Result<Tags> {
    let document = parse(document)?;
    let mut tags = Tags::new();
    for tag in document.root("Tagging")?.required("TagSet")?.as_container()?.children("Tag") {
        let (key, value) = (tag.required_text("Key")?, tag.required_text("Value")?);
        let wrong = |name: &str, value: &str, message: String| Err(Error::invalid_argument(name, value, message));
        if !(1..=MAX_TAG_KEY_CHARS).contains(&key.chars().count()) {
            return wrong("Key", key, format!("The key of a tag has 1 to {MAX_TAG_KEY_CHARS} characters."));
        }
        if value.chars().count() > MAX_TAG_VALUE_CHARS {
            return wrong("Value", value, format!("The value of a tag has at most {MAX_TAG_VALUE_CHARS} characters."));
        }
        if tags.iter().any(|(known, _)| **known == *key) {
            return wrong("Key", key, "The key is repeated.".to_owned());
        }
        if tags.len() == MAX_TAGS {
            return Err(malformed(format!("an object has at most {MAX_TAGS} tags")));
        }
        tags.push((key.into(), value.into()));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tags: &str) -> Result<Tags> {
        decode(format!("<?xml version=\"1.0\"?>\n<Tagging xmlns=\"x\"><TagSet>{tags}</TagSet></Tagging>").as_bytes())
    }

    fn tag(key: &str, value: &str) -> String {
        format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>\n")
    }

    #[test]
    fn tags_are_read_in_their_order_and_within_their_limits() {
        assert_eq!(read("").unwrap(), Tags::new());
        assert_eq!(
            read(&(tag("b", "1 &amp; 世") + &tag("a", ""))).unwrap(),
            [("b".into(), "1 & 世".into()), ("a".into(), "".into())]
        );
        let many = |count: usize| (0..count).map(|number| tag(&number.to_string(), "v")).collect::<String>();
        assert_eq!(read(&many(10)).unwrap().len(), 10);
        assert!(read(&tag(&"世".repeat(128), &"世".repeat(256))).is_ok());
        for wrong in [
            many(11),
            tag("", "v"),
            tag(&"k".repeat(129), "v"),
            tag("k", &"v".repeat(257)),
            tag("k", "1") + &tag("k", "2"),
            "<Tag><Key>k</Key></Tag>".to_owned(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        assert!(decode(b"<Error><Code>NoSuchTagSet</Code></Error>").is_err());
    }
}
