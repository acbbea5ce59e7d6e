//! What keeps versions from being deleted: the configuration of a bucket, retention and legal hold of an object, and the
//! headers that give them to a new one. OSS has S3's design under names of its own.

use headwater_model::body::Body;
use headwater_model::error::VersionError;
use headwater_model::op::{LegalHold, Op, PutObjectRetention};
use headwater_model::version::{
    DefaultRetention, ObjectLock, ObjectLockConfiguration, Retention, RetentionMode, RetentionPeriod,
};
use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::{Answer, Request, version};
use crate::date::{iso_8601_in_full, parse_iso_8601};
use crate::response::open_root;
use crate::xml::read::malformed;
use crate::xml::{Element, parse};

/// Longest default retention: both vendors' hundred years.
const MAX_RETENTION_DAYS: i64 = 36_500;
const MAX_RETENTION_YEARS: i64 = 100;

/// Names of the document and of its switch.
fn words(is_oss: bool) -> (&'static str, &'static str) {
    if is_oss {
        ("ObjectWormConfiguration", "ObjectWormEnabled")
    } else {
        ("ObjectLockConfiguration", "ObjectLockEnabled")
    }
}

pub(super) fn decode_configuration(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let (root, switch) = words(request.is_oss());
    let document = parse(body)?;
    let configuration = document.root(root)?.as_container()?;
    if configuration.required_text(switch)?.trim() != "Enabled" {
        return Err(malformed(format!("{switch} is not Enabled")));
    }
    let default_retention = match configuration.container("Rule")? {
        None => None,
        Some(rule) => Some(default_retention(rule.required("DefaultRetention")?.as_container()?)?),
    };
    Ok(Op::PutObjectLockConfiguration(request.bucket(), ObjectLockConfiguration { default_retention }))
}

fn default_retention(element: Element<'_>) -> Result<DefaultRetention> {
    let mode = mode(element.required_text("Mode")?).ok_or_else(|| malformed("Mode is no mode of retention"))?;
    let period = match (element.text("Days")?, element.text("Years")?) {
        (Some(days), None) => RetentionPeriod::Days(period(days, MAX_RETENTION_DAYS)?),
        (None, Some(years)) => RetentionPeriod::Years(period(years, MAX_RETENTION_YEARS)?),
        _ => return Err(malformed("DefaultRetention needs either Days or Years")),
    };
    Ok(DefaultRetention { mode, period })
}

fn period(text: &str, most: i64) -> Result<u32> {
    let number: i64 = text.trim().parse().map_err(|_| malformed("a period of retention is not a number"))?;
    let refused = |message: String| VersionError::InvalidRetentionPeriod { message: message.into() }.into();
    match u32::try_from(number) {
        Ok(period) if (1..=most).contains(&number) => Ok(period),
        _ if number < 1 => Err(refused("Default retention period must be a positive integer value.".into())),
        _ => Err(refused(format!("Default retention period too large: at most {most}."))),
    }
}

/// The words of both vendors are the same, in this letter case only.
fn mode(text: &str) -> Option<RetentionMode> {
    match text.trim() {
        "GOVERNANCE" => Some(RetentionMode::Governance),
        "COMPLIANCE" => Some(RetentionMode::Compliance),
        _ => None,
    }
}

fn mode_name(mode: RetentionMode) -> &'static str {
    match mode {
        RetentionMode::Governance => "GOVERNANCE",
        RetentionMode::Compliance => "COMPLIANCE",
    }
}

pub(super) fn encode_configuration(answer: &Answer<'_>, configuration: &ObjectLockConfiguration) -> Response<Body> {
    let (root, switch) = words(answer.is_oss());
    let mut xml = open_root(answer.vocab, root);
    xml.element(switch, "Enabled");
    if let Some(DefaultRetention { mode, period }) = configuration.default_retention {
        xml.open("Rule");
        xml.open("DefaultRetention");
        xml.element("Mode", mode_name(mode));
        match period {
            RetentionPeriod::Days(days) => xml.element("Days", days),
            RetentionPeriod::Years(years) => xml.element("Years", years),
        }
        xml.close();
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}

/// An empty document ends a retention.
pub(super) fn decode_retention(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let element = document.root("Retention")?.as_container()?;
    let retention = match (element.text("Mode")?, element.text("RetainUntilDate")?) {
        (None, None) => None,
        (Some(text), Some(until)) => Some(Retention {
            mode: mode(text).ok_or_else(|| malformed("Mode is no mode of retention"))?,
            until: parse_iso_8601(until).ok_or_else(|| malformed("RetainUntilDate is no date"))?,
        }),
        _ => return Err(malformed("Retention needs both Mode and RetainUntilDate")),
    };
    let (target, governance) = (version::target(request)?, version::governance(request)?);
    Ok(Op::PutObjectRetention(Box::new(PutObjectRetention { target, retention, governance })))
}

pub(super) fn encode_retention(answer: &Answer<'_>, retention: Retention) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "Retention");
    xml.element("Mode", mode_name(retention.mode));
    xml.element("RetainUntilDate", iso_8601_in_full(retention.until));
    xml.close();
    answer.xml(xml)
}

pub(super) fn decode_hold(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let status = document.root("LegalHold")?.as_container()?.required_text("Status")?;
    let hold = hold(status).ok_or_else(|| malformed("Status is neither ON nor OFF"))?;
    Ok(Op::PutObjectLegalHold(version::target(request)?, hold))
}

pub(super) fn encode_hold(answer: &Answer<'_>, hold: LegalHold) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "LegalHold");
    xml.element("Status", if hold == LegalHold::On { "ON" } else { "OFF" });
    xml.close();
    answer.xml(xml)
}

fn hold(text: &str) -> Option<LegalHold> {
    match text.trim() {
        "ON" => Some(LegalHold::On),
        "OFF" => Some(LegalHold::Off),
        _ => None,
    }
}

/// What the headers of a write want the new object to be kept by.
pub(super) fn of_headers(request: &Request<'_>) -> Result<Option<Box<ObjectLock>>> {
    let vocab = request.vocab;
    let field = |name: &'static HeaderName| request.fields.get(name.as_str());
    let retention = match (field(&vocab.lock_mode)?, field(&vocab.lock_until)?) {
        (None, None) => None,
        (Some(text), Some(until)) => Some(Retention {
            mode: mode(text).ok_or_else(|| {
                Error::invalid_argument(vocab.lock_mode.as_str(), text, "Unknown wormMode directive.")
            })?,
            until: parse_iso_8601(until).ok_or_else(|| {
                let message = "The retain until date must be provided in ISO 8601 format";
                Error::invalid_argument(vocab.lock_until.as_str(), until, message)
            })?,
        }),
        (mode, until) => {
            let (name, other) = if mode.is_some() {
                (&vocab.lock_mode, &vocab.lock_until)
            } else {
                (&vocab.lock_until, &vocab.lock_mode)
            };
            let message = format!("{name} and {other} must both be supplied");
            return Err(Error::invalid_argument(name.as_str(), mode.or(until).unwrap_or_default(), message));
        }
    };
    let legal_hold = match field(&vocab.legal_hold)? {
        None => false,
        Some(text) => {
            let message = "Legal Hold must be either of 'ON' or 'OFF'";
            let hold = hold(text).ok_or_else(|| Error::invalid_argument(vocab.legal_hold.as_str(), text, message))?;
            hold == LegalHold::On
        }
    };
    Ok(ObjectLock { retention, legal_hold }.boxed())
}

/// What a reader is told of what keeps the object.
pub(super) fn put(answer: &Answer<'_>, headers: &mut HeaderMap, lock: &ObjectLock) {
    if let Some(Retention { mode, until }) = lock.retention {
        headers.insert(answer.vocab.lock_mode.clone(), HeaderValue::from_static(mode_name(mode)));
        if let Ok(until) = HeaderValue::try_from(iso_8601_in_full(until)) {
            headers.insert(answer.vocab.lock_until.clone(), until);
        }
    }
    if lock.legal_hold {
        headers.insert(answer.vocab.legal_hold.clone(), HeaderValue::from_static("ON"));
    }
}
