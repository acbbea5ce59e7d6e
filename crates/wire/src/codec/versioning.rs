//! Whether a bucket keeps versions: `VersioningConfiguration`, the same at both vendors.

use headwater_model::Result;
use headwater_model::body::Body;
use headwater_model::op::Op;
use headwater_model::version::Versioning;
use http::Response;

use super::{Answer, Request, not_implemented};
use crate::response::open_root;
use crate::xml::parse;
use crate::xml::read::malformed;

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let configuration = document.root("VersioningConfiguration")?.as_container()?;
    match configuration.text("MfaDelete")?.map(str::trim) {
        None | Some("" | "Disabled") => {}
        Some("Enabled") => return Err(not_implemented("MfaDelete")),
        Some(_) => return Err(malformed("MfaDelete is neither Enabled nor Disabled")),
    }
    let versioning = match configuration.required_text("Status")?.trim() {
        "Enabled" => Versioning::Enabled,
        "Suspended" => Versioning::Suspended,
        _ => return Err(malformed("Status is neither Enabled nor Suspended")),
    };
    Ok(Op::PutBucketVersioning(request.bucket(), versioning))
}

/// A bucket that never kept versions has no status.
pub(super) fn encode(answer: &Answer<'_>, versioning: Versioning) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "VersioningConfiguration");
    xml.optional("Status", status(versioning));
    xml.close();
    answer.xml(xml)
}

pub(super) fn status(versioning: Versioning) -> Option<&'static str> {
    match versioning {
        Versioning::Unversioned => None,
        Versioning::Enabled => Some("Enabled"),
        Versioning::Suspended => Some("Suspended"),
    }
}
