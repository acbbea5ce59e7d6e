//! Conditions: an operator, a key of the request, and the values that it may have.
//!
//! A key that the request does not have makes a condition fail, and a negated one hold, as both vendors document it;
//! `…IfExists` holds, and `Null` asks for just that. Keys that are not known here are never there.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::date;
use super::operator::{self, Form, Operator};
use super::pattern::Pattern;
use crate::access::{ObjectState, Principal, Question};
use crate::clock::Timestamp;
use crate::op::Action;

/// One condition; it holds if one of its values fits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    form: Form,
    key: Key,
    values: Vec<Wanted>,
}

/// A value of a condition, read for its operator.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Text(Pattern),
    Number(f64),
    Time(Timestamp),
    Flag(bool),
    Network(IpNet),
}

/// What a condition may ask about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    SourceIp,
    SecureTransport,
    Referer,
    UserAgent,
    CurrentTime,
    EpochTime,
    Username,
    UserId,
    PrincipalType,
    Prefix,
    Delimiter,
    MaxKeys,
    VersionId,
    /// `s3:x-amz-…` and `oss:x-oss-…`: the header without the vendor's prefix, whichever vendor's the request has.
    Header(Box<str>),
    ExistingTag(Box<str>),
    RequestTag(Box<str>),
    Unknown(Box<str>),
}

/// What a request has.
pub(super) enum Value<'q> {
    Text(Cow<'q, str>),
    Address(IpAddr),
    Time(Timestamp),
    Flag(bool),
}

impl Value<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Address(address) => address.to_string().into(),
            Self::Time(time) => (time.0 / 1000).to_string().into(),
            Self::Flag(true) => "true".into(),
            Self::Flag(false) => "false".into(),
        }
    }
}

impl Key {
    pub(super) fn parse(name: &str) -> Self {
        let (service, word) = name.split_once(':').unwrap_or(("", name));
        let (service, lower) = (service.to_ascii_lowercase(), word.to_ascii_lowercase());
        let tag = || word.split_once('/').map(|(_, tag)| tag).unwrap_or_default();
        match (&*service, &*lower) {
            ("aws" | "acs", "sourceip") => Self::SourceIp,
            ("aws" | "acs", "securetransport") => Self::SecureTransport,
            ("aws" | "acs", "referer") => Self::Referer,
            ("aws" | "acs", "useragent") => Self::UserAgent,
            ("aws" | "acs", "currenttime") => Self::CurrentTime,
            ("aws" | "acs", "epochtime") => Self::EpochTime,
            ("aws" | "acs", "username") => Self::Username,
            ("aws" | "acs", "userid" | "principalaccount") => Self::UserId,
            ("aws" | "acs", "principaltype") => Self::PrincipalType,
            ("s3" | "oss", "prefix") => Self::Prefix,
            ("s3" | "oss", "delimiter") => Self::Delimiter,
            ("s3" | "oss", "max-keys") => Self::MaxKeys,
            ("s3" | "oss", "versionid") => Self::VersionId,
            ("s3" | "oss", word) if word.starts_with("existingobjecttag/") => Self::ExistingTag(tag().into()),
            ("s3" | "oss", word) if word.starts_with("requestobjecttag/") => Self::RequestTag(tag().into()),
            ("s3" | "oss", word) => match word.strip_prefix("x-amz-").or_else(|| word.strip_prefix("x-oss-")) {
                Some("object-acl") => Self::Header("acl".into()),
                Some(header) => Self::Header(header.into()),
                None => Self::Unknown(name.into()),
            },
            _ => Self::Unknown(name.into()),
        }
    }

    pub(super) fn value<'q>(&self, question: &Question<'q>) -> Option<Value<'q>> {
        let context = question.context;
        let text = |value: Option<&'q str>| value.map(|value| Value::Text(Cow::Borrowed(value)));
        let of_listing = |name| context.fields.parameter(name);
        match self {
            Self::SourceIp => context.source.map(Value::Address),
            Self::SecureTransport => Some(Value::Flag(context.secure)),
            Self::Referer => text(context.fields.header("referer")),
            Self::UserAgent => text(context.fields.header("user-agent")),
            Self::CurrentTime | Self::EpochTime => Some(Value::Time(context.now)),
            Self::Username | Self::UserId | Self::PrincipalType => self.of_principal(question.principal),
            // Whether a key may be known to be missing is asked as a listing of that key.
            Self::Prefix if question.action == Action::ListObjects && question.key.is_some() => text(question.key),
            Self::Prefix => text(of_listing("prefix")),
            Self::Delimiter => text(of_listing("delimiter")),
            Self::MaxKeys => text(of_listing("max-keys")),
            Self::VersionId => text(of_listing("versionId")),
            Self::Header(name) => context.fields.vendor(name).map(Value::Text),
            Self::ExistingTag(name) => match question.object {
                ObjectState::Present { tags, .. } => {
                    text(tags.iter().find(|(found, _)| found == name).map(|(_, value)| &**value))
                }
                _ => None,
            },
            Self::RequestTag(name) => context.fields.vendor("tagging").and_then(|tags| request_tag(&tags, name)),
            Self::Unknown(_) => None,
        }
    }

    fn of_principal<'q>(&self, principal: &'q Principal) -> Option<Value<'q>> {
        let text = match (self, principal) {
            (Self::PrincipalType, Principal::Anonymous) => "Anonymous",
            (Self::PrincipalType, Principal::Key(_)) => "User",
            (_, Principal::Anonymous) => return None,
            (Self::Username, Principal::Key(identity)) => &identity.owner.display_name,
            (_, Principal::Key(identity)) => &identity.owner.id,
        };
        Some(Value::Text(Cow::Borrowed(text)))
    }
}

/// One of the tags that a write gives: `k=v&k2=v2`, percent-encoded.
fn request_tag<'q>(tags: &str, name: &str) -> Option<Value<'q>> {
    let mut pairs = tags.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(found, _)| unescaped(found) == name)?;
    Some(Value::Text(Cow::Owned(unescaped(value))))
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = || u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok();
        match (byte, (byte == b'%').then(escaped).flatten()) {
            (_, Some(decoded)) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            (byte, None) => {
                bytes.push(if byte == b'+' { b' ' } else { byte });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Condition {
    /// Reads a condition; the error is what is wrong with it.
    pub(super) fn parse(operator: &str, key: &str, values: &[&str]) -> Result<Self, String> {
        let form = operator::parse(operator).ok_or_else(|| format!("Condition/{operator}: no such operator"))?;
        if key.is_empty() || values.is_empty() {
            return Err(format!("Condition/{operator}: a condition has a key and at least one value"));
        }
        let wrong = |value: &str| format!("Condition/{operator}/{key}: {value:?} is no value for this operator");
        let values = values.iter().map(|value| Wanted::parse(form.operator, value).ok_or_else(|| wrong(value)));
        Ok(Self { form, key: Key::parse(key), values: values.collect::<Result<_, _>>()? })
    }

    pub(super) fn holds(&self, question: &Question<'_>) -> bool {
        let value = self.key.value(question);
        if self.form.operator == Operator::Null {
            return self.values.contains(&Wanted::Flag(value.is_none()));
        }
        let Some(value) = value else {
            return !self.form.must_exist && (self.form.absent_holds || self.form.negated);
        };
        self.values.iter().any(|wanted| wanted.fits(self.form.operator, &value, question)) != self.form.negated
    }

    pub(super) fn asks_for_tags(&self) -> bool {
        matches!(self.key, Key::ExistingTag(_))
    }

    /// Whether it narrows a statement for everybody to known places, as S3 defines public.
    pub(super) fn narrows(&self) -> bool {
        if self.form.negated || self.form.absent_holds {
            return false;
        }
        let fixed = |wanted: &Wanted| match wanted {
            Wanted::Network(network) => match network {
                IpNet::V4(network) => network.prefix_len() >= 8,
                IpNet::V6(network) => network.prefix_len() >= 32,
            },
            Wanted::Text(pattern) => !pattern.as_str().contains(['*', '?', '$']),
            _ => false,
        };
        let known = match &self.key {
            Key::SourceIp | Key::UserId | Key::Username => true,
            Key::Unknown(name) => {
                let name = name.to_ascii_lowercase();
                [
                    "aws:sourcevpc",
                    "aws:sourcevpce",
                    "aws:sourcearn",
                    "aws:sourceaccount",
                    "aws:principalorgid",
                    "acs:sourcevpc",
                ]
                .contains(&&*name)
            }
            _ => false,
        };
        known && self.values.iter().all(fixed)
    }
}

impl Wanted {
    fn parse(operator: Operator, text: &str) -> Option<Self> {
        Some(match operator {
            Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike => {
                Self::Text(Pattern::new(text))
            }
            Operator::Numeric(_) => Self::Number(text.trim().parse().ok().filter(|number: &f64| number.is_finite())?),
            Operator::Date(_) => Self::Time(date::parse(text)?),
            Operator::Bool | Operator::Null => Self::Flag(flag(text)?),
            Operator::IpAddress => Self::Network(match text.parse::<IpNet>() {
                Ok(network) => network,
                Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
            }),
        })
    }

    fn fits(&self, operator: Operator, value: &Value<'_>, question: &Question<'_>) -> bool {
        match (self, operator) {
            (Self::Text(pattern), Operator::StringLike) => pattern.matches(value.text().as_bytes(), question),
            (Self::Text(pattern), operator) => {
                pattern.equals(&value.text(), question, operator == Operator::StringEqualsIgnoreCase)
            }
            (Self::Number(wanted), Operator::Numeric(order)) => {
                value.text().trim().parse::<f64>().is_ok_and(|found| order.holds(&found, wanted))
            }
            (Self::Time(wanted), Operator::Date(order)) => match value {
                Value::Time(found) => order.holds(found, wanted),
                value => date::parse(&value.text()).is_some_and(|found| order.holds(&found, wanted)),
            },
            (Self::Flag(wanted), _) => match value {
                Value::Flag(found) => found == wanted,
                value => flag(&value.text()) == Some(*wanted),
            },
            (Self::Network(network), _) => match value {
                Value::Address(address) => network.contains(address),
                value => value.text().parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
            },
            _ => false,
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, flag)| flag)
}
