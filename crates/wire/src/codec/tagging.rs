//! Tags of objects and buckets: as a document, and of objects also as a header.
//!
//! Guarantees: tags that are handed on keep the vendor's limits, and their names are unique.

use headwater_model::body::Body;
use headwater_model::limits::{MAX_BUCKET_TAGS_OSS, MAX_BUCKET_TAGS_S3, MAX_TAGS};
use headwater_model::object::Tags;
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::Response;

use super::{Answer, Request};
use crate::escape::{Plus, decode as unescape, encode as escaped};
use crate::response::open_root;
use crate::xml::{Element, parse};

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
    Limits { most: MAX_TAGS, key_chars: 128, value_chars: 256, punctuation: Some(punctuation) }
}

fn of_buckets(request: &Request<'_>) -> Limits {
    match request.is_oss() {
        true => Limits { most: MAX_BUCKET_TAGS_OSS, key_chars: 64, value_chars: 128, punctuation: None },
        false => Limits { most: MAX_BUCKET_TAGS_S3, key_chars: 128, value_chars: 256, punctuation: Some("+-=._:/@") },
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
    Ok(Op::PutObjectTagging(request.bucket(), request.key(), tags))
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

/// `Tagging`: the same document at both vendors, with a namespace at S3.
pub(super) fn encode(answer: &Answer<'_>, tags: &Tags) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "Tagging");
    xml.open("TagSet");
    for (key, value) in tags {
        xml.open("Tag");
        xml.element("Key", key);
        xml.element("Value", value);
        xml.close();
    }
    xml.close();
    xml.close();
    answer.xml(xml)
}
