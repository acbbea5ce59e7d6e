//! From the text of a policy to its statements.
//!
//! Guarantees: every element has one of the shapes that the vendors document; an unknown element is refused, because
//! ignoring it could turn a restriction into a permission; the error names the element.

use super::action::{ActionSet, is_of_storage};
use super::condition::Condition;
use super::json::Json;
use super::pattern::Pattern;
use super::principal::{Name, Principals};
use super::{Attached, Statement};
use crate::{Error, Result};

/// Versions of the language: S3 and IAM the first two, RAM the third.
const VERSIONS: [&str; 3] = ["2012-10-17", "2008-10-17", "1"];

/// Reads a document. Without `attached` only the language is judged, not what a statement may speak of.
pub(super) fn document(text: &str, attached: Option<Attached<'_>>) -> Result<Vec<Statement>> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| malformed(format!("Policies must be valid JSON: {error}")))?;
    let Json::Object(members) = json else { return Err(malformed("Policies must be a JSON object")) };
    let mut statements = None;
    for (name, value) in &members {
        match &**name {
            "Version" if matches!(value, Json::Text(version) if VERSIONS.contains(&&**version)) => {}
            "Version" => return Err(malformed("Version: the version is none of 2012-10-17, 2008-10-17 and 1")),
            "Id" if matches!(value, Json::Text(_)) => {}
            "Id" => return Err(malformed("Id: not a text")),
            "Statement" => statements = Some(value),
            other => return Err(malformed(format!("{other}: no such element of a policy"))),
        }
    }
    let statements = match statements {
        Some(Json::List(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(statement @ Json::Object(_)) => vec![statement],
        Some(_) => return Err(malformed("Statement: neither a statement nor a list of statements")),
        None => return Err(malformed("Missing required field Statement")),
    };
    statements.into_iter().map(|json| statement(json, attached)).collect()
}

fn statement(json: &Json, attached: Option<Attached<'_>>) -> Result<Statement> {
    let Json::Object(members) = json else { return Err(malformed("Statement: not an object")) };
    let get = |name: &str| members.iter().find(|(found, _)| &**found == name).map(|(_, value)| value);
    for (name, value) in members {
        match &**name {
            "Sid" if !matches!(value, Json::Text(_)) => return Err(malformed("Sid: not a text")),
            "Sid" | "Effect" | "Principal" | "NotPrincipal" | "Action" | "NotAction" | "Resource" | "NotResource"
            | "Condition" => {}
            other => return Err(malformed(format!("{other}: no such element of a statement"))),
        }
    }
    let allows = match get("Effect") {
        Some(Json::Text(effect)) if &**effect == "Allow" => true,
        Some(Json::Text(effect)) if &**effect == "Deny" => false,
        Some(_) => return Err(malformed("Effect: neither Allow nor Deny")),
        None => return Err(malformed("Missing required field Effect")),
    };
    if allows && get("NotPrincipal").is_some() && matches!(attached, Some(Attached::Bucket(_))) {
        // Whoever is not named is also whoever does not say who they are.
        return Err(malformed("Allow with NotPrincipal is not allowed."));
    }
    let principals = principals(get("Principal"), get("NotPrincipal"), attached)?;
    let (actions, all_but_actions) = one_of("Action", get("Action"), get("NotAction"))?;
    let (resources, all_but_resources) = one_of("Resource", get("Resource"), get("NotResource"))?;
    let conditions = get("Condition").map(conditions).transpose()?.unwrap_or_default();
    let mut set = ActionSet::default();
    for name in actions {
        if !set.add(name)
            || (matches!(attached, Some(Attached::Bucket(_) | Attached::OssBucket(_))) && !is_of_storage(name))
        {
            return Err(malformed(format!("Action: policy has invalid action {name:?}")));
        }
    }
    let resources = resources.into_iter().map(|name| resource(name, attached)).collect::<Result<_>>()?;
    let actions = if all_but_actions { set.complement() } else { set };
    Ok(Statement { allows, principals, actions, resources, all_but_resources, conditions })
}

/// The values of an element or of its negation; exactly one of the two must be there.
fn one_of<'j>(name: &str, is: Option<&'j Json>, is_not: Option<&'j Json>) -> Result<(Vec<&'j str>, bool)> {
    let (value, negated) = match (is, is_not) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Err(malformed(format!("Missing required field {name}"))),
        (Some(_), Some(_)) => return Err(malformed(format!("{name}: stands beside Not{name}"))),
    };
    match value.texts() {
        Some(texts) if !texts.is_empty() && texts.iter().all(|text| !text.is_empty()) => Ok((texts, negated)),
        _ => Err(malformed(format!("{name}: neither a text nor a list of texts"))),
    }
}

fn principals(is: Option<&Json>, is_not: Option<&Json>, attached: Option<Attached<'_>>) -> Result<Option<Principals>> {
    let (value, all_but) = match (is, is_not, attached) {
        (None, None, Some(Attached::Bucket(_))) => return Err(malformed("Missing required field Principal")),
        (None, None, _) => return Ok(None),
        (_, _, Some(Attached::Key)) => {
            return Err(malformed("Principal: the policy of a key is about the key and names nobody"));
        }
        (Some(value), None, _) => (value, false),
        (None, Some(value), _) => (value, true),
        (Some(_), Some(_), _) => return Err(malformed("Principal: stands beside NotPrincipal")),
    };
    let names = match value {
        Json::Object(kinds) if !kinds.is_empty() => {
            let mut names = Vec::new();
            for (kind, value) in kinds {
                let texts = value.texts().filter(|texts| !texts.is_empty());
                let texts = texts.ok_or_else(|| malformed("Principal: invalid principal in policy"))?;
                names.extend(match &**kind {
                    "AWS" | "RAM" => texts.into_iter().map(Name::parse).collect::<Vec<_>>(),
                    "CanonicalUser" => texts.into_iter().map(|text| Name::Account(text.into())).collect(),
                    "Service" | "Federated" => vec![Name::Nobody],
                    _ => return Err(malformed("Principal: invalid principal in policy")),
                });
            }
            names
        }
        // OSS lists its users without a kind.
        value => match value.texts() {
            Some(texts) if !texts.is_empty() => texts.into_iter().map(Name::parse).collect(),
            _ => return Err(malformed("Principal: invalid principal in policy")),
        },
    };
    Ok(Some(Principals { names, all_but }))
}

/// `arn:aws:s3:::BUCKET/KEY`, `acs:oss:REGION:ACCOUNT:BUCKET/KEY`, or `*`.
fn resource(name: &str, attached: Option<Attached<'_>>) -> Result<Pattern> {
    let invalid = || malformed(format!("Resource: policy has invalid resource {name:?}"));
    let path = if name == "*" {
        name
    } else {
        let mut parts = name.splitn(6, ':');
        let start = [parts.next(), parts.next(), parts.next()];
        match start {
            [Some("arn"), Some("aws" | "aws-cn" | "aws-us-gov"), Some("s3")] => parts.nth(2),
            [Some("acs"), Some("oss"), Some(_)] => {
                // An account stands between region and path; keys may hold colons.
                name.splitn(5, ':').nth(4)
            }
            _ => None,
        }
        .filter(|path| !path.is_empty())
        .ok_or_else(invalid)?
    };
    if let Some(Attached::Bucket(bucket) | Attached::OssBucket(bucket)) = attached
        && !may_mean(path, bucket)
    {
        return Err(invalid());
    }
    Ok(Pattern::new(path))
}

/// Whether the bucket's part of a resource can be this bucket.
fn may_mean(path: &str, bucket: &str) -> bool {
    let part = path.split('/').next().unwrap_or_default();
    part.contains("${") || super::pattern::like(part.as_bytes(), bucket.as_bytes())
}

fn conditions(json: &Json) -> Result<Vec<Condition>> {
    let Json::Object(operators) = json else { return Err(malformed("Condition: not an object")) };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else {
            return Err(malformed(format!("Condition/{operator}: not an object")));
        };
        for (key, values) in keys {
            let values = values.texts();
            let values = values.ok_or_else(|| malformed(format!("Condition/{operator}/{key}: not texts")))?;
            conditions.push(Condition::parse(operator, key, &values).map_err(malformed)?);
        }
    }
    Ok(conditions)
}

fn malformed(message: impl Into<String>) -> Error {
    Error::MalformedPolicy { message: message.into().into() }
}
