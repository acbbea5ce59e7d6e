//! One object: what is told of it, and what can be done with it.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::ObjectKey;
use headwater_model::encryption::KeyHolder;
use headwater_model::object::{ObjectKind, ObjectMeta, Provenance};
use http::StatusCode;

use super::content::Preview;
use super::folder;
use crate::bucket::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page, size};
use crate::visitor::reason;

/// A field of the page.
struct Fact {
    name: String,
    value: String,
}

#[derive(Template)]
#[template(path = "files/object.html")]
struct ObjectPage<'p> {
    frame: Frame<'p>,
    key: &'p str,
    encoded: String,
    folder: &'p str,
    folder_path: String,
    facts: Vec<Fact>,
    headers: Vec<Fact>,
    tags: Vec<Fact>,
    preview: Option<Preview>,
}

#[derive(Template)]
#[template(path = "files/missing.html")]
struct MissingPage<'p> {
    frame: Frame<'p>,
    key: &'p str,
    reason: String,
    folder_path: String,
}

impl BucketVisit<'_> {
    pub(crate) async fn object(&self, key: &ObjectKey) -> Outcome {
        let who = &self.visitor.session.who;
        let meta = match self.visitor.administration.object_meta(who, self.current(key)).await {
            Ok(meta) => meta,
            Err(error) => return self.missing(key, &error),
        };
        let shown = ObjectPage {
            frame: self.frame(Tab::Files),
            key: key.as_str(),
            encoded: crate::page::escaped(key.as_str()),
            folder: folder(key.as_str()),
            folder_path: self.prefix_path(folder(key.as_str())),
            facts: facts(&meta),
            headers: headers(&meta),
            tags: meta.tags.iter().map(|(name, value)| fact(&**name, &**value)).collect(),
            preview: Preview::of(&meta),
        };
        page(StatusCode::OK, &shown)
    }

    /// There is nothing to show of a key.
    pub(crate) fn missing(&self, key: &ObjectKey, error: &headwater_model::Error) -> Outcome {
        let shown = MissingPage {
            frame: self.frame(Tab::Files),
            key: key.as_str(),
            reason: reason(error),
            folder_path: self.prefix_path(folder(key.as_str())),
        };
        page(StatusCode::NOT_FOUND, &shown)
    }
}

fn fact(name: impl Into<String>, value: impl Into<String>) -> Fact {
    Fact { name: name.into(), value: value.into() }
}

fn facts(meta: &ObjectMeta) -> Vec<Fact> {
    let kind = match meta.kind {
        ObjectKind::Normal => "Normal",
        ObjectKind::Multipart => "Multipart",
        ObjectKind::Appendable => "Appendable",
        ObjectKind::Symlink => "Symlink",
    };
    let from = match meta.provenance {
        Provenance::Written => "Written by a client",
        Provenance::Mirrored => "Mirrored from an origin",
    };
    let encryption = match meta.composition.encryption.as_deref().map(|encryption| encryption.holder) {
        None => "None",
        Some(KeyHolder::Server) => "AES256, with a key of the server",
        Some(KeyHolder::Customer { .. }) => "AES256, with a key of the customer",
    };
    let mut facts = vec![
        fact("Size", format!("{} ({} bytes)", size(meta.size_bytes), meta.size_bytes)),
        fact("Stored", iso_8601(meta.last_modified)),
        fact("Source", from),
        fact("ETag", meta.etag.as_str()),
        fact("CRC-64", meta.crc64.to_string()),
        fact("Type", kind),
        fact("Storage class", meta.headers.storage_class.as_deref().unwrap_or("Standard")),
        fact("Encryption", encryption),
        fact("Version", meta.version.to_string()),
    ];
    if let Some(link) = &meta.composition.link {
        facts.push(fact("Symlink to", &**link));
    }
    facts
}

fn headers(meta: &ObjectMeta) -> Vec<Fact> {
    let content = &meta.headers.content;
    let stored = [
        ("Content-Type", &content.content_type),
        ("Content-Encoding", &content.content_encoding),
        ("Content-Disposition", &content.content_disposition),
        ("Content-Language", &content.content_language),
        ("Cache-Control", &content.cache_control),
        ("Expires", &content.expires),
        ("Access-Control-Allow-Origin", &content.access_control_allow_origin),
        ("Website redirect", &meta.headers.website_redirect),
    ];
    let user = meta.headers.user.iter().map(|(name, value)| fact(format!("Metadata {name}"), &**value));
    stored.iter().filter_map(|(name, value)| Some(fact(*name, &**value.as_ref()?))).chain(user).collect()
}
