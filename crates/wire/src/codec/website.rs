//! The website document: `PutBucketWebsite` and `GetBucketWebsite` (oss-mirroring 1.1 and 2), in the forms of both vendors.
//!
//! Guarantees: what [`decode`] accepts is valid and in the form that is stored, and [`encode`] writes it so that
//! reading it again gives the same document; only the secrets of rules are masked, but for
//! [`encode_plain`]. How: reading and writing are two
//! walks over the same tree, `read` and `write`, with the children in the order of the vendor's schema.
//!
//! A wrong shape is [`headwater_model::Error::MalformedXml`]; a text that its element cannot have is
//! [`headwater_model::Error::InvalidArgument`] with the element's name. Children may come in any order; unknown ones are
//! ignored, because newer SDKs add some, and they are not echoed.
//!
//! There is one document, whichever form it was put in. OSS's rules have a number and S3's none, so on the S3 face both stand
//! in it as they are. The OSS face, which cannot say what S3's rules mean, shows them as numbered External ones.

mod read;
mod site;
mod write;

use headwater_model::bucket::Dialect;
use headwater_model::website::Website;
use headwater_model::{Error, Result};

use self::write::Secrets;
use super::Request;
use crate::vocab::Vocab;
use crate::xml::{XmlWriter, parse};

/// Reads the body of `PutBucketWebsite`. Masked secrets stay masked: their owner is the stored document.
///
/// # Errors
/// See the module. S3 besides wants an index page for whatever is no redirect of everything; rules of OSS's form do not
/// need one.
pub(super) fn decode_put(request: &Request<'_>, body: &[u8]) -> Result<Website> {
    let website = decode(body, request.vocab.dialect)?;
    if !request.is_oss() && website.rules.is_empty() && website.index.is_none() {
        return Err(Error::no_index_document());
    }
    Ok(website)
}

/// Reads a document of OSS's form, or of either form where the face is S3's.
///
/// # Errors
/// See the module.
pub(crate) fn decode(body: &[u8], face: Dialect) -> Result<Website> {
    let document = parse(body)?;
    let mut website = read::website(document.root("WebsiteConfiguration")?, face)?;
    website.normalise();
    headwater_model::rule::validate(&website)?;
    Ok(website)
}

/// The body of the answer to `GetBucketWebsite`.
pub(super) fn encode_get(vocab: &Vocab, website: &Website) -> XmlWriter {
    let mut xml = XmlWriter::new();
    match vocab.namespace {
        Some(namespace) => xml.open_with_namespace(write::ROOT, namespace),
        None => xml.open(write::ROOT),
    }
    write::website(&mut xml, website, vocab.dialect, Secrets::Masked);
    xml
}

/// The document without a namespace, each rule in the form that says all of it.
pub(crate) fn encode(website: &Website) -> XmlWriter {
    encode_showing(website, Secrets::Masked)
}

/// As [`encode`], with secrets as they are: the body of a request that puts the document.
pub(crate) fn encode_plain(website: &Website) -> XmlWriter {
    encode_showing(website, Secrets::Plain)
}

fn encode_showing(website: &Website, secrets: Secrets) -> XmlWriter {
    let mut xml = XmlWriter::new();
    xml.open(write::ROOT);
    write::website(&mut xml, website, Dialect::S3, secrets);
    xml
}

#[cfg(test)]
mod tests;
