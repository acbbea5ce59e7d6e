//! `headwater object ls`: a bucket page by page, as it comes.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::client::connection::encoded;
use crate::client::{Connection, output};
use crate::logging;

/// What of a bucket.
pub(super) struct Listing<'l> {
    pub(super) bucket: &'l str,
    pub(super) prefix: &'l str,
    /// Empty for all keys below the prefix.
    pub(super) delimiter: &'l str,
}

/// All pages as one document.
#[derive(Default)]
struct Whole {
    objects: Vec<Value>,
    prefixes: Vec<Value>,
    damaged: Vec<Value>,
}

impl Listing<'_> {
    /// Shows all pages: lines as they come, or one document at the end.
    pub(super) async fn show(&self, connection: &Connection, as_json: bool) -> anyhow::Result<()> {
        let (mut whole, mut after) = (Whole::default(), String::new());
        loop {
            let mut page = connection.get(&self.path(&after)).await?;
            let next = page["next"].as_str().map(str::to_owned);
            if as_json {
                whole.take(&mut page);
            } else {
                output::print(&lines(&page));
                for key in page["damaged"].as_array().into_iter().flatten() {
                    let key = output::plain(key);
                    logging::say(&format!(
                        "warning: {key} cannot be read; headwater doctor mends a stopped server's data"
                    ));
                }
            }
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        if as_json {
            let Whole { objects, prefixes, damaged } = whole;
            output::json(&json!({"objects": objects, "prefixes": prefixes, "damaged": damaged}));
        }
        Ok(())
    }

    fn path(&self, after: &str) -> String {
        let [bucket, prefix, delimiter, after] = [self.bucket, self.prefix, self.delimiter, after].map(encoded);
        format!("/api/v1/buckets/{bucket}/objects?prefix={prefix}&delimiter={delimiter}&after={after}")
    }
}

impl Whole {
    fn take(&mut self, page: &mut Value) {
        let mut none = Map::new();
        let fields = page.as_object_mut().unwrap_or(&mut none);
        for (name, list) in
            [("objects", &mut self.objects), ("prefixes", &mut self.prefixes), ("damaged", &mut self.damaged)]
        {
            if let Some(Value::Array(entries)) = fields.get_mut(name) {
                list.append(entries);
            }
        }
    }
}

/// Size, time and name of each entry, in byte order of names; columns have a fixed width, because pages are shown as they
/// come.
fn lines(page: &Value) -> String {
    let entries = |name: &str| page[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows: Vec<(&str, String, String)> = Vec::new();
    for object in entries("objects") {
        let name = object["key"].as_str().unwrap_or_default();
        rows.push((name, output::plain(&object["size_bytes"]), output::plain(&object["last_modified"])));
    }
    for prefix in entries("prefixes") {
        rows.push((prefix.as_str().unwrap_or_default(), "-".to_owned(), "-".to_owned()));
    }
    rows.sort();
    rows.into_iter().fold(String::new(), |mut text, (name, size, time)| {
        let _ = writeln!(text, "{size:>14}  {time:<24}  {}", output::printable(name));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_lines_in_order_of_their_names() {
        let page = json!({
            "objects": [{"key": "a", "size_bytes": 5, "last_modified": "2026-11-28T08:00:00.000Z"},
                        {"key": "c\u{1b}", "size_bytes": 12_345, "last_modified": "2026-11-28T08:00:00.000Z"}],
            "prefixes": ["b/"], "damaged": [], "next": null,
        });
        crate::golden::text("object-ls", &lines(&page));
        let (mut whole, mut page) = (Whole::default(), page);
        whole.take(&mut page.clone());
        whole.take(&mut page);
        assert_eq!((whole.objects.len(), whole.prefixes.len(), whole.damaged.len()), (4, 2, 0));
    }

    #[test]
    fn pages_are_asked_for_by_encoded_names() {
        let listing = Listing { bucket: "b", prefix: "a b/", delimiter: "/" };
        assert_eq!(
            listing.path("a b/é"),
            "/api/v1/buckets/b/objects?prefix=a%20b%2F&delimiter=%2F&after=a%20b%2F%C3%A9"
        );
    }
}
