//! `x-oss-traffic-limit` of OSS: how fast one request may move its object.

use headwater_model::bucket::Dialect;
use headwater_model::{Error, Result};
use http::request::Parts;

use crate::operation::Operation;
use crate::route::Routed;
use crate::xml::read::decimal;

const NAME: &str = "x-oss-traffic-limit";
/// OSS: 100 KiB to 100 MiB a second, in bits.
const RANGE_BITS_PER_S: std::ops::RangeInclusive<u64> = 819_200..=838_860_800;

/// Bytes a second at which the request wants its body, or that of its answer, moved; the parameter of a URL counts as the
/// header. What moves no object has no limit, and neither has S3.
///
/// # Errors
/// [`Error::InvalidArgument`] for a limit that OSS does not take, or if header and parameter differ.
pub fn traffic_limit(routed: &Routed, parts: &Parts) -> Result<Option<u64>> {
    let moves = matches!(
        routed.operation,
        Operation::GetObject | Operation::PutObject | Operation::AppendObject | Operation::UploadPart
    );
    if routed.dialect != Dialect::Oss || !moves {
        return Ok(None);
    }
    let Some(text) = routed.fields(parts).get(NAME)?.or_else(|| routed.queries.get(NAME)) else { return Ok(None) };
    let message = "The traffic limit must be from 819200 to 838860800 bits per second.";
    let bits = decimal::<u64>(text).filter(|bits| RANGE_BITS_PER_S.contains(bits));
    bits.map(|bits| Some(bits / 8)).ok_or_else(|| Error::invalid_argument(NAME, text, message))
}
