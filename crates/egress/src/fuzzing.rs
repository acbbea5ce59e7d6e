//! What foreign bytes reach first, for the fuzzers of `fuzz/`; not a part of the crate's page of names.

use headwater_model::host::Host;
use headwater_model::origin::{Framing, OriginError, OriginMethod};
use http::{HeaderMap, StatusCode, Version};

use crate::framing;
use crate::redirect::{self, Downgrade};
use crate::target::Target;

/// Most fields of a head.
pub const MAX_FIELDS: usize = framing::MAX_FIELDS;
/// Most bytes of a head.
pub const MAX_HEAD_BYTES: usize = framing::MAX_HEAD_BYTES;

/// A URL as it would be requested.
#[derive(Debug, PartialEq, Eq)]
pub struct Requested {
    /// `https`.
    pub secure: bool,
    /// Name in lower case, or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Origin-form.
    pub path: String,
}

/// Takes a URL apart.
pub fn target(url: &str) -> Result<Requested, OriginError> {
    Target::parse(url).map(|target| requested(&target))
}

/// Where a redirect from `url` leads.
pub fn next_target(url: &str, headers: &HeaderMap) -> Result<Requested, OriginError> {
    redirect::next_target(&Target::parse(url)?, headers, Downgrade::Refused).map(|target| requested(&target))
}

/// How the body of an answer to GET ends.
pub fn framing(version: Version, status: StatusCode, headers: &HeaderMap) -> Result<Framing, OriginError> {
    framing::judge(OriginMethod::Get, version, status, headers).map(|plan| plan.framing)
}

fn requested(target: &Target) -> Requested {
    let endpoint = &target.endpoint;
    let host = match &endpoint.host {
        Host::Name(name) => name.to_string(),
        Host::Literal(ip) => ip.to_string(),
    };
    Requested { secure: endpoint.secure, host, port: endpoint.port, path: target.path.to_string() }
}
