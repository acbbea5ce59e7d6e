//! Files: the objects of a bucket, browsed by prefix, uploaded, read, changed and deleted.
//!
//! Guarantees: a page reads one page of the listing, however many objects there are; nothing asks an origin; what an object
//! holds is shown only in a sandbox, where it can run nothing and reach nothing; all of it works without scripts.
//!
//! How: a key is in the query, as pages of one key have one address each (`/files/object?key=…`). `listing` is a page of the
//! listing, `object` one object, `content` its bytes, `upload` stores one, `editing` replaces what is told of it, `link` signs
//! a URL, `removal` deletes.

mod content;
mod editing;
mod link;
mod listing;
mod object;
mod removal;
mod upload;

pub(crate) use upload::{is_upload, upload};

use headwater_model::ObjectKey;
use headwater_model::op::ObjectVersion;
use http::HeaderMap;

use crate::bucket::BucketVisit;
use crate::page::{Outcome, escaped, text};

impl BucketVisit<'_> {
    /// Answers a request below `/buckets/{bucket}/files`.
    pub(crate) async fn files(
        self,
        posted: bool,
        rest: &[&str],
        fields: &[(String, String)],
        headers: &HeaderMap,
    ) -> Option<Outcome> {
        Some(match (posted, rest) {
            (false, []) => self.listing(fields).await,
            (true, ["delete"]) => self.delete_files(fields).await,
            (_, ["object", ..] | ["content" | "preview"]) => {
                let key = ObjectKey::parse(text(fields, "key")).ok()?;
                match (posted, rest) {
                    (false, ["object"]) => self.object(&key).await,
                    (false, ["content"]) => self.download(&key).await,
                    (false, ["preview"]) => self.preview(&key).await,
                    (false, ["object", "edit"]) => self.edit(&key).await,
                    (true, ["object", "edit"]) => self.save(&key, fields).await,
                    (false, ["object", "link"]) => self.linking(&key, headers),
                    (true, ["object", "link"]) => self.link(&key, fields, headers).await,
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    pub(crate) fn current(&self, key: &ObjectKey) -> ObjectVersion {
        ObjectVersion::current(self.bucket.name.clone(), key.clone())
    }

    /// The address of a page about a key.
    pub(crate) fn key_path(&self, page: &str, key: &str) -> String {
        format!("/buckets/{}/files/{page}?key={}", self.name(), escaped(key))
    }

    /// The address of the page that lists what is below a prefix.
    pub(crate) fn prefix_path(&self, prefix: &str) -> String {
        format!("/buckets/{}/files?prefix={}", self.name(), escaped(prefix))
    }
}

/// The prefix that a key lies below: up to its last slash.
fn folder(key: &str) -> &str {
    key.rfind('/').map_or("", |at| &key[..=at])
}

/// The prefixes of a prefix with the names of their last parts, the shortest first.
fn trail(prefix: &str) -> Vec<(&str, &str)> {
    let mut begin = 0;
    prefix
        .match_indices('/')
        .map(|(at, _)| {
            let name = &prefix[begin..=at];
            begin = at + 1;
            (&prefix[..=at], name)
        })
        .collect()
}
