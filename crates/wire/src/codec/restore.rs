//! RestoreObject: for how long, and how soon.
//!
//! What is asked for is checked and not kept: every object is readable at once. Restoring what a query selects is another
//! thing, and refused by name.

use headwater_model::body::Body;
use headwater_model::op::{Op, RestoreTier};
use headwater_model::{Error, Result};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Request, not_implemented, version};
use crate::xml::parse;

/// Days for which the vendors restore at most: of OSS's deepest class. S3 documents no limit but that of its integers.
const MAX_DAYS_OSS: u32 = 365;
const MAX_DAYS_S3: u32 = 2_147_483_647;
const PRIORITY: HeaderName = HeaderName::from_static("x-oss-object-restore-priority");

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    // OSS restores for a day, or until the next query, when nothing is said.
    let tier = if body.is_empty() && request.is_oss() { None } else { tier(request, body)? };
    Ok(Op::RestoreObject(version::target(request)?, tier.filter(|_| request.is_oss())))
}

/// 202, as of an object that was never restored: what was asked before is not kept.
pub(super) fn encode(answer: &Answer<'_>, tier: Option<RestoreTier>) -> Response<Body> {
    let mut response = answer.empty(StatusCode::ACCEPTED);
    if let Some(tier) = tier.filter(|_| answer.is_oss()) {
        response.headers_mut().insert(PRIORITY, HeaderValue::from_static(tier.name()));
    }
    response
}

/// The tier that a document names, after checking all of it.
fn tier(request: &Request<'_>, body: &[u8]) -> Result<Option<RestoreTier>> {
    let document = parse(body)?;
    let restore = document.root("RestoreRequest")?.as_container()?;
    for other in ["Type", "SelectParameters", "OutputLocation"] {
        if restore.child(other).is_some() {
            return Err(not_implemented(other));
        }
    }
    let max_days = if request.is_oss() { MAX_DAYS_OSS } else { MAX_DAYS_S3 };
    let days = restore.required_text("Days")?.trim();
    if days.parse::<u32>().ok().is_none_or(|days| !(1..=max_days).contains(&days)) {
        return Err(Error::invalid_argument("Days", days, format!("It must be between 1 and {max_days}.")));
    }
    let parameters = if request.is_oss() { "JobParameters" } else { "GlacierJobParameters" };
    let Some(parameters) = restore.container(parameters)? else { return Ok(None) };
    let name = parameters.required_text("Tier")?.trim();
    let tier = RestoreTier::ALL.into_iter().find(|tier| tier.name() == name);
    let names = || RestoreTier::ALL.map(RestoreTier::name).join(", ");
    tier.map(Some).ok_or_else(|| Error::invalid_argument("Tier", name, format!("It must be one of {}.", names())))
}
