//! RestoreObject: for how long, and how soon.
//!
//! What is asked for is checked and not kept: every object is readable at once. Restoring what a query selects is another
//! thing, and refused by name.

use headwater_model::op::Op;
use headwater_model::{Error, Result};

use super::{Request, not_implemented, version};
use crate::xml::parse;

/// Days for which the vendors restore at most: of OSS's deepest class. S3 documents no limit but that of its integers.
const MAX_DAYS_OSS: u32 = 365;
const MAX_DAYS_S3: u32 = 2_147_483_647;
const TIERS: [&str; 3] = ["Expedited", "Standard", "Bulk"];

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    // OSS restores for a day, or until the next query, when nothing is said.
    if !body.is_empty() || !request.is_oss() {
        check(request, body)?;
    }
    Ok(Op::RestoreObject(version::target(request)?))
}

fn check(request: &Request<'_>, body: &[u8]) -> Result<()> {
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
    let Some(parameters) = restore.container(parameters)? else { return Ok(()) };
    let tier = parameters.required_text("Tier")?.trim();
    if TIERS.contains(&tier) {
        return Ok(());
    }
    Err(Error::invalid_argument("Tier", tier, format!("It must be one of {}.", TIERS.join(", "))))
}
