//! What is told of an object beside its bytes, as the audit log keeps it.
//!
//! Guarantees: a line stays short whatever an object carries, and a value whose name speaks of a secret is masked: people
//! do put tokens into metadata.

use headwater_model::object::{ObjectHeaders, Tags};
use headwater_model::rule::SECRET_MASK;
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest value that is kept whole, in bytes.
const MAX_VALUE_BYTES: usize = 256;
/// What names of secrets contain.
const SECRET_WORDS: [&str; 7] = ["secret", "token", "password", "passwd", "credential", "authorization", "signature"];

/// Headers, user metadata and tags of an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DescribedObject {
    headers: Map<String, Value>,
    metadata: Map<String, Value>,
    tags: Map<String, Value>,
}

impl DescribedObject {
    /// Of these, with long values cut and secrets masked.
    pub fn new(headers: &ObjectHeaders, tags: &Tags) -> Self {
        let content = &headers.content;
        let stated = [
            ("content-type", &content.content_type),
            ("cache-control", &content.cache_control),
            ("content-disposition", &content.content_disposition),
            ("content-encoding", &content.content_encoding),
            ("content-language", &content.content_language),
            ("expires", &content.expires),
        ];
        let stated = stated.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let pairs = |pairs: &[(Box<str>, Box<str>)]| told(pairs.iter().map(|(name, value)| (&**name, &**value)));
        Self { headers: told(stated), metadata: pairs(&headers.user), tags: pairs(tags) }
    }
}

fn told<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Map<String, Value> {
    pairs.map(|(name, value)| (name.to_owned(), shown(name, value).into())).collect()
}

fn shown(name: &str, value: &str) -> String {
    let name = name.to_ascii_lowercase();
    if SECRET_WORDS.iter().any(|word| name.contains(word)) {
        return SECRET_MASK.to_owned();
    }
    if value.len() <= MAX_VALUE_BYTES {
        return value.to_owned();
    }
    format!("{}\u{2026} ({} bytes)", &value[..value.floor_char_boundary(MAX_VALUE_BYTES)], value.len())
}

#[cfg(test)]
mod tests {
    use headwater_model::object::ContentHeaders;
    use serde_json::json;

    use super::*;

    #[test]
    fn long_values_are_cut_and_secrets_masked() {
        let content = ContentHeaders { content_type: Some("text/plain".into()), ..ContentHeaders::default() };
        let long = "\u{e4}".repeat(300);
        let user = vec![("api-Token".into(), "hunter2".into()), ("note".into(), (&*long).into())];
        let headers = ObjectHeaders { content, user, ..ObjectHeaders::default() };
        let tags = vec![("owner".into(), "alice".into()), ("db_password".into(), "hunter2".into())];
        let told = serde_json::to_value(DescribedObject::new(&headers, &tags)).unwrap();
        assert_eq!(told["headers"], json!({"content-type": "text/plain"}));
        let cut = format!("{}\u{2026} (600 bytes)", "\u{e4}".repeat(128));
        assert_eq!(told["metadata"], json!({"api-Token": SECRET_MASK, "note": cut}));
        assert_eq!(told["tags"], json!({"owner": "alice", "db_password": SECRET_MASK}));
    }
}
