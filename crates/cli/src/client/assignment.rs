//! `FIELD=VALUE` of the command line, as a merge patch.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

/// One `FIELD=VALUE`. The field may lie deeper (`guard.min_bytes=1`). The value is JSON, else text as it stands;
/// `@FILE` is the text of a file, so that secrets need not be on the command line; `null` means the default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assignment {
    field: String,
    value: String,
}

/// For clap: wrong forms are wrong usage.
pub(crate) fn parse(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() && field.split('.').all(|name| !name.is_empty()) => {
            Ok(Assignment { field: field.to_owned(), value: value.to_owned() })
        }
        _ => Err("give FIELD=VALUE, such as negative_ttl_ms=0 or guard.min_bytes=1".to_owned()),
    }
}

/// The patch that makes all assignments.
///
/// # Errors
/// A file cannot be read, or two assignments contradict each other.
pub(super) fn patch(assignments: &[Assignment]) -> anyhow::Result<Value> {
    let mut patch = Value::Object(Map::new());
    for Assignment { field, value } in assignments {
        let mut place = &mut patch;
        for name in field.split('.') {
            let Value::Object(fields) = place else { bail!("{field} is given beside a field that it lies in") };
            place = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
        }
        *place = match value.strip_prefix('@') {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file} for {field}"))?;
                Value::String(text.trim_end_matches(['\n', '\r']).to_owned())
            }
            None => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.clone())),
        };
    }
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(texts: &[&str]) -> anyhow::Result<Value> {
        patch(&texts.iter().map(|text| parse(text).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_json_or_text() {
        let patch = of(&["a=1", "b.c=true", "b.d=x y", "e=null", "f=\"1\"", "g=[\"h\"]", "i=", "j=k=l"]).unwrap();
        let expected =
            json!({"a": 1, "b": {"c": true, "d": "x y"}, "e": null, "f": "1", "g": ["h"], "i": "", "j": "k=l"});
        assert_eq!(patch, expected);
        assert!(of(&["a=1", "a.b=2"]).is_err());
        assert!(of(&["a=@/no/such/file"]).is_err());
        for wrong in ["a", "=1", "a..b=1", ".a=1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_come_from_files() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secret");
        std::fs::write(&file, "12345\n").unwrap();
        assert_eq!(of(&[&format!("s=@{}", file.display())]).unwrap(), json!({"s": "12345"}));
    }
}
