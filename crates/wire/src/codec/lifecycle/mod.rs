//! The lifecycle rules of a bucket as a document.
//!
//! Guarantees: an element that is not known is refused, because ignoring a condition would remove more than was meant;
//! what is kept says all that was said, in words that both faces can show.
//!
//! A rule that one vendor's words cannot express is shown in the nearest: a date before which objects were made as a
//! `Date` on S3, a filter's prefix and tags as those of the rule on OSS.

mod check;
mod read;
mod write;

use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::lifecycle::{LifecycleConfiguration, LifecycleRule};
use headwater_model::limits::{MAX_LIFECYCLE_BYTES, MAX_LIFECYCLE_RULES};
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Request};
use crate::date::http_date;
use crate::xml::read::{malformed, parse_within};

/// S3: which objects are too small for a transition.
const LEAST_SIZE: HeaderName = HeaderName::from_static("x-amz-transition-default-minimum-object-size");
/// Its two values.
const SAME_LEAST_SIZE: &str = "all_storage_classes_128K";
const LEAST_SIZE_BY_CLASS: &str = "varies_by_storage_class";
/// OSS: rules of one action may speak of the same keys.
const ALLOW_OVERLAP: &str = "x-oss-allow-same-action-overlap";

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse_within(body, MAX_LIFECYCLE_BYTES)?;
    let root = document.root("LifecycleConfiguration")?.as_container()?;
    let mut rules = root.elements().map(|rule| read::rule(rule, request)).collect::<Result<Vec<_>>>()?;
    if rules.is_empty() || rules.len() > MAX_LIFECYCLE_RULES {
        return Err(malformed(format!("{} rules instead of 1 to {MAX_LIFECYCLE_RULES}", rules.len())));
    }
    accept_lifecycle(&mut rules)?;
    let allows_overlap =
        request.fields.get(ALLOW_OVERLAP)?.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    if request.is_oss() && !allows_overlap {
        check::overlap(&rules)?;
    }
    let minimum_by_class = minimum_by_class(request)?;
    Ok(Op::PutBucketLifecycle(request.bucket(), Box::new(LifecycleConfiguration { rules, minimum_by_class })))
}

/// Takes rules as PutBucketLifecycle takes them: gives each without a name one, and refuses what contradicts itself.
/// Whether rules may speak of the same keys is not asked.
///
/// # Errors
/// `InvalidArgument` or `InvalidRequest` for the first fault.
pub fn accept_lifecycle(rules: &mut [LifecycleRule]) -> Result<()> {
    check::name_all(rules)?;
    rules.iter().try_for_each(check::rule)
}

/// The first of `others` that OSS would not take beside `rule`, because both do the same to keys that both speak of, and the
/// action by the vendor's name.
pub fn overlapping_lifecycle<'r>(
    rule: &LifecycleRule,
    others: &'r [LifecycleRule],
) -> Option<(&'r LifecycleRule, &'r str)> {
    check::overlapping(rule, others)
}

fn minimum_by_class(request: &Request<'_>) -> Result<bool> {
    let given = request.fields.get(LEAST_SIZE.as_str())?.filter(|_| !request.is_oss());
    match given.map(str::trim) {
        None | Some(SAME_LEAST_SIZE) => Ok(false),
        Some(LEAST_SIZE_BY_CLASS) => Ok(true),
        Some(other) => {
            let message = format!("It is either {SAME_LEAST_SIZE} or {LEAST_SIZE_BY_CLASS}.");
            Err(Error::invalid_argument(LEAST_SIZE.as_str(), other, message))
        }
    }
}

pub(super) fn encode(answer: &Answer<'_>, rules: &LifecycleConfiguration) -> Response<Body> {
    let mut response = answer.xml(write::document(answer.vocab, rules));
    if !answer.is_oss() {
        put_minimum(response.headers_mut(), rules.minimum_by_class);
    }
    response
}

fn put_minimum(headers: &mut HeaderMap, by_class: bool) {
    let value = if by_class { LEAST_SIZE_BY_CLASS } else { SAME_LEAST_SIZE };
    headers.insert(LEAST_SIZE, HeaderValue::from_static(value));
}

/// The header that tells when an object ends, and by which rule.
pub(crate) fn expiry_header(dialect: Dialect, at: Timestamp, rule_id: &str) -> (HeaderName, HeaderValue) {
    let name = match dialect {
        Dialect::Oss => HeaderName::from_static("x-oss-expiration"),
        Dialect::S3 => HeaderName::from_static("x-amz-expiration"),
    };
    let date = http_date(at);
    let date = date.to_str().expect("an http date is visible ascii");
    let value = format!("expiry-date=\"{date}\", rule-id=\"{}\"", crate::escape::encode(rule_id));
    (name, HeaderValue::try_from(value).expect("what is percent-encoded is visible ascii"))
}

/// The answer to PutBucketLifecycle tells on S3 which least size was taken.
pub(super) fn encode_stored(answer: &Answer<'_>) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    if !answer.is_oss() {
        let by_class = answer.field(LEAST_SIZE.as_str()).is_some_and(|value| value.trim() == LEAST_SIZE_BY_CLASS);
        put_minimum(response.headers_mut(), by_class);
    }
    response
}
