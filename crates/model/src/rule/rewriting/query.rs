//! What of a client's query may leave (oss-mirroring 3.4).

use std::borrow::Cow;

/// How the URL was signed: decides whose parameter `Expires` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlSignature {
    /// By version 1 of OSS or version 2 of S3: `Expires` belongs to the signature.
    WithExpires,
    /// Not at all, or by a version 4: `Expires`, if there is one, is the client's.
    Other,
}

/// The parameters of URL signatures, in both vendors' versions, but `Expires`.
const SIGNATURE_PARAMETERS: [&str; 17] = [
    "OSSAccessKeyId",
    "Signature",
    "security-token",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-additional-headers",
    "x-oss-security-token",
    "AWSAccessKeyId",
    "x-amz-security-token",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];
/// All parameters that begin so belong to a version 4 signature.
const SIGNATURE_PREFIX: &str = "x-oss-signature";
/// `response-content-type` and its like change our answer, not the origin's.
const OVERRIDE_PREFIX: &str = "response-";

/// The raw query without what was meant for us: the parameters of URL signatures, and `response-*`. Order, duplicates
/// and encoding of the others stay. `None` if nothing is left.
pub fn forwardable_query(raw: &str, signature: UrlSignature) -> Option<String> {
    let kept: Vec<&str> = raw.split('&').filter(|pair| !is_ours(pair, signature)).collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then_some(kept)
}

fn is_ours(pair: &str, signature: UrlSignature) -> bool {
    let name = decoded(pair.split_once('=').map_or(pair, |(name, _)| name));
    let name = &*name;
    SIGNATURE_PARAMETERS.contains(&name)
        || name.starts_with(SIGNATURE_PREFIX)
        || name.starts_with(OVERRIDE_PREFIX)
        || (name == "Expires" && signature == UrlSignature::WithExpires)
}

/// The name as the verifier of signatures reads it, so that an encoded name is no way around the list. Bytes that are
/// not UTF-8 cannot be in a name of the list.
fn decoded(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| *first == b'%');
        let digits = escape.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
