//! JSON documents of requests: read strictly, merged as RFC 7396 says.

use headwater_model::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a whole document.
///
/// # Errors
/// [`Error::InvalidArgument`] naming the field that is unknown or has a wrong value; [`Error::InvalidRequest`] for what
/// is no JSON.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    of_value(&parse(text)?)
}

/// `old` with the fields of a merge patch; `null` gives a field its default.
///
/// # Errors
/// As [`read`].
pub(super) fn patched<T: Serialize + DeserializeOwned>(old: &T, patch: &[u8]) -> Result<T> {
    let mut value = serde_json::to_value(old).map_err(|error| Error::internal("write settings as json", error))?;
    let patch = parse(patch)?;
    if !patch.is_object() {
        return Err(Error::InvalidRequest { message: "a merge patch is a JSON object".into() });
    }
    merge(&mut value, patch);
    of_value(&value)
}

fn parse(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
        .map_err(|error| Error::InvalidRequest { message: format!("the body is no JSON: {error}").into() })
}

fn of_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        if path == "." {
            return Error::InvalidRequest { message: message.into() };
        }
        Error::invalid_argument(path, "", message)
    })
}

/// As deep as the parser goes, which is 128 levels.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::settings::{MigrationSettings, Refresh};

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names() {
        let old = MigrationSettings { negative_ttl_ms: 7, ..MigrationSettings::default() };
        let new = patched(&old, br#"{"refresh":{"ttl_s":60},"guard":{"min_bytes":3},"keep_tags":true}"#).unwrap();
        assert_eq!((new.refresh, new.guard.min_bytes, new.keep_tags), (Refresh::TtlS(60), 3, true));
        assert_eq!(new.negative_ttl_ms, 7);
        let back = patched(&new, br#"{"refresh":"never","negative_ttl_ms":null,"guard":null}"#).unwrap();
        assert_eq!(back, MigrationSettings { keep_tags: true, ..MigrationSettings::default() });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let named = |text: &str| match read::<MigrationSettings>(text.as_bytes()) {
            Err(Error::InvalidArgument { name, message, .. }) => format!("{name}: {message}"),
            Err(Error::InvalidRequest { message }) => message.into(),
            other => panic!("{other:?}"),
        };
        assert!(named(r#"{"negativ_ttl_ms":1}"#).starts_with("negativ_ttl_ms: unknown field"));
        assert!(named(r#"{"guard":{"min":1}}"#).starts_with("guard.min: unknown field"));
        assert!(named(r#"{"keep":"some"}"#).starts_with("keep: unknown variant `some`"));
        assert!(named(r#"{"negative_ttl_ms":-1}"#).starts_with("negative_ttl_ms: invalid value"));
        assert!(named("{").starts_with("the body is no JSON"));
        assert!(patched(&MigrationSettings::default(), b"[]").is_err());
        let deep = r#"{"guard":"#.repeat(200);
        assert!(patched(&MigrationSettings::default(), deep.as_bytes()).unwrap_err().to_string().contains("recursion"));
    }
}
