//! The policy of a signed form: until when, and what its fields may be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::rule::SECRET_MASK;
use headwater_model::{BucketName, Error, Result};
use serde_json::Value;

use super::Form;
use crate::codec::CUSTOMER_KEY;
use crate::date::parse_iso_8601;

/// Most conditions of a policy: as many as a form may have fields, and as many again.
const MAX_CONDITIONS: usize = 256;

/// How long the file may be, in bytes, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthRange {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

impl LengthRange {
    /// Any length.
    pub const ANY: Self = Self { least: 0, most: u64::MAX };
}

struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

/// A condition on a field (name in lower case).
enum Condition {
    Equals(String, String),
    StartsWith(String, String),
    /// OSS.
    In(String, Vec<String>),
    /// OSS.
    NotIn(String, Vec<String>),
    Length(LengthRange),
}

impl Form {
    /// Holds the form against its policy; a form without one may be as it likes. How long the file may be is left to
    /// whoever reads it.
    ///
    /// # Errors
    /// [`Error::InvalidPolicy`] for a policy that is none; [`Error::PolicyViolated`] for a form that breaks it.
    pub fn check(&self, bucket: &BucketName, dialect: Dialect, now: Timestamp) -> Result<LengthRange> {
        let Some(encoded) = self.get("policy") else { return Ok(LengthRange::ANY) };
        let policy = Policy::read(encoded)?;
        if now > policy.expiration {
            return Err(violated("Policy expired."));
        }
        let key = self.key();
        let value = |name: &str| match name {
            "bucket" => Some(bucket.as_str()),
            "key" => key.as_deref(),
            "content-type" => self.content_type(dialect),
            name => self.get(name),
        };
        let mut length = LengthRange::ANY;
        for condition in &policy.conditions {
            if let Condition::Length(range) = condition {
                length = LengthRange { least: length.least.max(range.least), most: length.most.min(range.most) };
            } else if !condition.holds(value) {
                return Err(violated(&format!("Policy Condition failed: {}", condition.describe())));
            }
        }
        if dialect == Dialect::S3 {
            policy.require_coverage(self)?;
        }
        Ok(length)
    }
}

impl Policy {
    fn read(encoded: &str) -> Result<Self> {
        let json = BASE64.decode(encoded.trim()).map_err(|_| invalid("it is not Base64"))?;
        let document: Value =
            serde_json::from_slice(&json).map_err(|error| invalid(&format!("it is not JSON: {error}")))?;
        let expiration = document.get("expiration").ok_or_else(|| invalid("it has no expiration"))?;
        let expiration =
            expiration.as_str().and_then(parse_iso_8601).ok_or_else(|| invalid("its expiration is no date"))?;
        let conditions = document.get("conditions").and_then(Value::as_array);
        let conditions = conditions.ok_or_else(|| invalid("it has no list of conditions"))?;
        if conditions.len() > MAX_CONDITIONS {
            return Err(invalid("it has too many conditions"));
        }
        let mut read = Vec::new();
        for condition in conditions {
            match condition {
                Value::Object(pairs) if !pairs.is_empty() => {
                    for (name, value) in pairs {
                        let value = text(value).ok_or_else(|| invalid("a value of a condition is not text"))?;
                        read.push(Condition::Equals(name.to_ascii_lowercase(), value));
                    }
                }
                Value::Array(words) => read.push(Condition::read(words)?),
                _ => return Err(invalid("a condition is neither a pair nor a list")),
            }
        }
        Ok(Self { expiration, conditions: read })
    }

    /// S3: every field must be named by a condition, but for those that belong to the signature, those to be ignored, and
    /// checksums, which only bind the file more tightly.
    fn require_coverage(&self, form: &Form) -> Result<()> {
        let covered = |name: &str| self.conditions.iter().any(|condition| condition.name() == Some(name));
        let exempt =
            |name: &str| EXEMPT.contains(&name) || name.starts_with("x-ignore-") || name.starts_with("x-amz-checksum-");
        let fields = form.fields.iter().map(|(name, _)| &**name).chain(["bucket"]);
        match fields.into_iter().find(|name| !exempt(name) && !covered(name)) {
            Some(name) => Err(violated(&format!("Extra input fields: {name}"))),
            None => Ok(()),
        }
    }
}

/// Fields of the signature: they are bound by it.
const EXEMPT: [&str; 9] = [
    "policy",
    "signature",
    "awsaccesskeyid",
    "ossaccesskeyid",
    "x-amz-signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-security-token",
];

impl Condition {
    fn read(words: &[Value]) -> Result<Self> {
        let [operator, name, value] = words else { return Err(invalid("a condition has not three parts")) };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            let least = number(name).ok_or_else(|| invalid("a length is not a whole number"))?;
            let most = number(value).ok_or_else(|| invalid("a length is not a whole number"))?;
            return Ok(Self::Length(LengthRange { least, most }));
        }
        let name = name.as_str().and_then(|name| name.strip_prefix('$'));
        let name = name.ok_or_else(|| invalid("the name of a field does not begin with $"))?.to_ascii_lowercase();
        let one = || text(value).ok_or_else(|| invalid("a value of a condition is not text"));
        let many = || -> Result<Vec<String>> {
            let values = value.as_array().and_then(|values| values.iter().map(text).collect());
            values.ok_or_else(|| invalid("a value of a condition is not a list of texts"))
        };
        match operator.as_str() {
            "eq" => Ok(Self::Equals(name, one()?)),
            "starts-with" => Ok(Self::StartsWith(name, one()?)),
            "in" => Ok(Self::In(name, many()?)),
            "not-in" => Ok(Self::NotIn(name, many()?)),
            _ => Err(invalid("a condition has an unknown operator")),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Equals(name, _) | Self::StartsWith(name, _) | Self::In(name, _) | Self::NotIn(name, _) => Some(name),
            Self::Length(_) => None,
        }
    }

    fn holds<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> bool {
        let Some(value) = self.name().and_then(value) else {
            // Any value at all, and none: what the condition is for is to name the field.
            return matches!(self, Self::StartsWith(_, prefix) if prefix.is_empty());
        };
        match self {
            Self::Equals(_, expected) => value == expected,
            // Of several types, separated by commas, each must begin so (S3).
            Self::StartsWith(name, prefix) if name == "content-type" => {
                value.split(',').all(|one| one.trim_start().starts_with(prefix.as_str()))
            }
            Self::StartsWith(_, prefix) => value.starts_with(prefix.as_str()),
            Self::In(_, allowed) => allowed.iter().any(|one| one == value),
            Self::NotIn(_, forbidden) => !forbidden.iter().any(|one| one == value),
            Self::Length(_) => true,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Equals(name, value) => format!("[\"eq\", \"${name}\", \"{}\"]", shown(name, value)),
            Self::StartsWith(name, value) => format!("[\"starts-with\", \"${name}\", \"{}\"]", shown(name, value)),
            Self::In(name, _) => format!("[\"in\", \"${name}\"]"),
            Self::NotIn(name, _) => format!("[\"not-in\", \"${name}\"]"),
            Self::Length(_) => "[\"content-length-range\"]".into(),
        }
    }
}

/// A value in messages: a customer's key is in none.
fn shown<'v>(name: &str, value: &'v str) -> &'v str {
    if name == CUSTOMER_KEY { SECRET_MASK } else { value }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn invalid(message: &str) -> Error {
    Error::InvalidPolicy { message: format!("Invalid Policy: {message}.").into() }
}

fn violated(message: &str) -> Error {
    Error::PolicyViolated { message: format!("Invalid according to Policy: {message}").into() }
}
