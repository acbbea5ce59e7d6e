//! The website document: `PutBucketWebsite` and `GetBucketWebsite` (oss-mirroring 1.1 and 2).
//!
//! Guarantees: what [`decode`] accepts is valid and in the form that is stored, and [`encode`] writes it so that
//! reading it again gives the same document; only the secrets of rules are masked. How: reading and writing are two
//! walks over the same tree, `read` and `write`, with the children in the order of the vendor's schema.
//!
//! A wrong shape is [`headwater_model::Error::MalformedXml`]; a text that its element cannot have is
//! [`headwater_model::Error::InvalidArgument`] with the element's name. Children may come in any order; unknown ones are
//! ignored, because newer SDKs add some, and they are not echoed.

mod read;
mod write;

use headwater_model::Result;
use headwater_model::website::Website;

use crate::xml::{XmlWriter, parse};

/// Reads the body of `PutBucketWebsite`. Masked secrets stay masked: their owner is the stored document.
///
/// # Errors
/// See the module.
pub(crate) fn decode(body: &[u8]) -> Result<Website> {
    let document = parse(body)?;
    let mut website = read::website(document.root("WebsiteConfiguration")?)?;
    website.normalise();
    headwater_model::rule::validate(&website)?;
    Ok(website)
}

/// The body of the answer to `GetBucketWebsite`, without a namespace.
pub(crate) fn encode(website: &Website) -> XmlWriter {
    let mut xml = XmlWriter::new();
    write::website(&mut xml, website);
    xml
}

#[cfg(test)]
mod tests;
