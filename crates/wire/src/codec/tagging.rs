//! GetObjectTagging, as a server and as a client of other servers.

use headwater_model::body::Body;
use headwater_model::limits::{MAX_TAG_KEY_CHARS, MAX_TAG_VALUE_CHARS, MAX_TAGS};
use headwater_model::object::Tags;
use headwater_model::{Error, Result};
use http::Response;

use super::Answer;
use crate::response::open_root;
use crate::xml::read::{malformed, parse};

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
