//! GetObjectTagging.

use headwater_model::body::Body;
use headwater_model::object::Tags;
use http::Response;

use super::Answer;
use crate::response::open_root;

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
