//! OSS's hotlink protection as a document.

use headwater_model::limits::{MAX_REFERER_BYTES, MAX_SETTING_BYTES};
use headwater_model::op::Op;
use headwater_model::referer::RefererConfiguration;
use headwater_model::{Error, Result};

use super::Request;
use crate::xml::read::parse_within;
use crate::xml::{Element, XmlWriter};

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse_within(body, MAX_SETTING_BYTES)?;
    let root = document.root("RefererConfiguration")?.as_container()?;
    root.required("AllowEmptyReferer")?;
    let referer = RefererConfiguration {
        allow_empty: root.boolean("AllowEmptyReferer")?.unwrap_or(true),
        truncate_query: root.boolean("AllowTruncateQueryString")?.unwrap_or(true),
        truncate_path: root.boolean("TruncatePath")?,
        allowed: patterns(root, "RefererList")?,
        denied: patterns(root, "RefererBlacklist")?,
    };
    Ok(Op::PutBucketReferer(request.bucket(), Some(Box::new(referer))))
}

fn patterns(root: Element<'_>, list: &str) -> Result<Vec<Box<str>>> {
    let Some(element) = root.container(list)? else { return Ok(Vec::new()) };
    let mut patterns: Vec<Box<str>> = Vec::new();
    let mut size_bytes = 0;
    for referer in element.children("Referer") {
        let pattern = referer.value()?.trim();
        size_bytes += pattern.len();
        if size_bytes > MAX_REFERER_BYTES {
            let message = format!("The patterns of {list} have more than {MAX_REFERER_BYTES} bytes.");
            return Err(Error::InvalidRequest { message: message.into() });
        }
        if !pattern.is_empty() {
            patterns.push(pattern.into());
        }
    }
    Ok(patterns)
}

pub(super) fn encode(referer: &RefererConfiguration) -> XmlWriter {
    let mut xml = XmlWriter::new();
    xml.open("RefererConfiguration");
    xml.element("AllowEmptyReferer", referer.allow_empty);
    xml.element("AllowTruncateQueryString", referer.truncate_query);
    xml.optional("TruncatePath", referer.truncate_path);
    list(&mut xml, "RefererList", &referer.allowed);
    if !referer.denied.is_empty() {
        list(&mut xml, "RefererBlacklist", &referer.denied);
    }
    xml.close();
    xml
}

fn list(xml: &mut XmlWriter, name: &'static str, patterns: &[Box<str>]) {
    xml.open(name);
    for pattern in patterns {
        xml.element("Referer", pattern);
    }
    xml.close();
}
