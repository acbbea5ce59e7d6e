//! OSS's retention policy of a bucket (BucketWorm) as documents and headers.

use headwater_model::body::Body;
use headwater_model::op::Op;
use headwater_model::worm::{BucketWorm, MAX_WORM_DAYS, WormId, WormState};
use headwater_model::{Error, Result};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Request};
use crate::date::iso_8601;
use crate::response::open_root;
use crate::xml::parse;

const WORM_ID: HeaderName = HeaderName::from_static("x-oss-worm-id");

pub(super) fn decode_initiate(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    Ok(Op::InitiateBucketWorm(request.bucket(), days(body, "InitiateWormConfiguration")?))
}

pub(super) fn decode_extend(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let id = worm_id(request)?;
    Ok(Op::ExtendBucketWorm(request.bucket(), id, days(body, "ExtendWormConfiguration")?))
}

pub(super) fn decode_complete(request: &Request<'_>) -> Result<Op> {
    Ok(Op::CompleteBucketWorm(request.bucket(), worm_id(request)?))
}

/// A text that cannot be an id is one that no policy has.
fn worm_id(request: &Request<'_>) -> Result<Box<str>> {
    let id = request.query("wormId").filter(|id| !id.is_empty());
    id.map(Into::into)
        .ok_or_else(|| Error::invalid_argument("wormId", "", "The ID of the retention policy is missing."))
}

fn days(body: &[u8], root: &'static str) -> Result<u32> {
    const NAME: &str = "RetentionPeriodInDays";
    let document = parse(body)?;
    let text = document.root(root)?.as_container()?.required_text(NAME)?.trim();
    let days = text.parse().ok().filter(|days| (1..=MAX_WORM_DAYS).contains(days));
    days.ok_or_else(|| Error::invalid_argument(NAME, text, format!("It must be between 1 and {MAX_WORM_DAYS}.")))
}

pub(super) fn encode(answer: &Answer<'_>, worm: &BucketWorm, state: WormState) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "WormConfiguration");
    xml.element("WormId", worm.id);
    xml.element(
        "State",
        match state {
            WormState::InProgress => "InProgress",
            WormState::Locked => "Locked",
            WormState::Expired => "Expired",
        },
    );
    xml.element("RetentionPeriodInDays", worm.days);
    xml.element("CreationDate", iso_8601(worm.created));
    xml.close();
    answer.xml(xml)
}

pub(super) fn encode_initiated(answer: &Answer<'_>, id: WormId) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let id = HeaderValue::try_from(id.to_string()).expect("hex digits are visible ascii");
    response.headers_mut().insert(WORM_ID, id);
    response
}
