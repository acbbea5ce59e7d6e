//! Values of documents in words. Texts of origins and clients are data here too: control characters are shown, and never
//! reach a terminal or a page as they are.

use serde_json::Value;

/// The leaves of a document with their paths, as in `guard.min_bytes`, and their values in words.
pub fn leaves(value: &Value) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    collect(value, "", &mut leaves);
    leaves
}

fn collect(value: &Value, path: &str, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, &path, leaves);
            }
        }
        other => leaves.push((path.to_owned(), plain(other))),
    }
}

/// A value in words: texts without quotes.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

/// With control characters escaped.
pub fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, char| {
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
        shown
    })
}
