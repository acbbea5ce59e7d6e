//! Names of places: regions as each vendor writes them, and URLs that lead back to this server.

use std::borrow::Cow;

use super::Answer;
use crate::address::Style;
use crate::escape::encode;

/// OSS writes a region as a location with its product's name before it.
const OSS_PREFIX: &str = "oss-";

/// A bucket's region in OSS's XML: `oss-cn-hangzhou`.
pub(super) fn oss_location(region: &str) -> Cow<'_, str> {
    if region.starts_with(OSS_PREFIX) { region.into() } else { format!("{OSS_PREFIX}{region}").into() }
}

/// A region without OSS's prefix: `cn-hangzhou`.
pub(super) fn bare_region(location: &str) -> &str {
    location.strip_prefix(OSS_PREFIX).unwrap_or(location)
}

/// An address that leads back here, as a listing of buckets tells it: an SDK takes a name without scheme for `https`.
pub(super) fn service_endpoint<'a>(answer: &'a Answer<'_>) -> Cow<'a, str> {
    let endpoint = answer.endpoint();
    if answer.context.secure { endpoint.into() } else { format!("http://{endpoint}").into() }
}

/// The name beside one of Alibaba's own that its machines use: `oss-cn-hangzhou-internal.aliyuncs.com`. Every other name is
/// its own.
pub(super) fn intranet(endpoint: &str) -> Cow<'_, str> {
    match endpoint.split_once('.') {
        Some((region, rest))
            if region.starts_with(OSS_PREFIX) && !region.ends_with("-internal") && rest.starts_with("aliyuncs.com") =>
        {
            format!("{region}-internal.{rest}").into()
        }
        _ => endpoint.into(),
    }
}

/// The URL of the object that a request names, in the style of the request.
pub(super) fn object_url(answer: &Answer<'_>) -> String {
    let scheme = if answer.context.secure { "https" } else { "http" };
    let (endpoint, bucket, key) = (answer.endpoint(), answer.bucket(), encode(answer.key()));
    match answer.routed.style {
        Style::Path => format!("{scheme}://{endpoint}/{bucket}/{key}"),
        Style::VirtualHosted | Style::Website => format!("{scheme}://{bucket}.{endpoint}/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::intranet;

    #[test]
    fn only_alibabas_names_have_another_within() {
        for (endpoint, within) in [
            ("oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou-internal.aliyuncs.com"),
            ("oss-cn-hangzhou-internal.aliyuncs.com", "oss-cn-hangzhou-internal.aliyuncs.com"),
            ("oss.example.com:9000", "oss.example.com:9000"),
            ("127.0.0.1:9000", "127.0.0.1:9000"),
        ] {
            assert_eq!(intranet(endpoint), within);
        }
    }
}
