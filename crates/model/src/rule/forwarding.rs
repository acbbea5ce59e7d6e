//! The header fields of an origin request (oss-mirroring 3.2 and 3.3).
//!
//! Guarantees: nothing that the client sent reaches the origin unless the rule says so, and what must never be
//! forwarded is not, whatever the rule says. `Host` is the origin's own unless the rule sets one.
//!
//! How: our own fields first, over them what the rule passes of the client's, over both what it sets. Not done here:
//! the loop marker and signatures, which the sender appends.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, COOKIE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::rule::{MirrorHeaders, RoutingRule};

/// `User-Agent` of origin requests; operators of origins allow-list it by this exact text.
pub const USER_AGENT_VALUE: &str = "aliyun-oss-mirror";

/// Fields for an origin request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forwarded {
    /// All fields to send but framing, connection management, the loop marker, and `Host` unless the rule sets it.
    pub headers: HeaderMap,
    /// Fields that must not follow a redirect to another scheme, host or port: those that the rule sets, because they may
    /// be credentials, and the client's cookies.
    pub confidential: Vec<HeaderName>,
    /// Whether cookies of the client are among the fields: the answer may be meant for that client alone and is not
    /// stored.
    pub carried_cookie: bool,
}

/// The fields for a rule and the client's fields.
pub fn origin_headers(rule: &RoutingRule, client: &HeaderMap) -> Forwarded {
    let mut forwarded = Forwarded { headers: own_headers(), ..Forwarded::default() };
    let Some(settings) = rule.mirror().and_then(|mirror| mirror.headers.as_ref()) else { return forwarded };

    let passed = passed_headers(settings, client);
    forwarded.carried_cookie = passed.contains_key(COOKIE);
    for name in passed.keys() {
        forwarded.headers.remove(name);
    }
    // An iterator that owns a map gives the name with the first value of each field only.
    let mut last_name = None;
    for (name, value) in passed {
        last_name = name.or(last_name);
        if let Some(name) = &last_name {
            forwarded.headers.append(name, value);
        }
    }
    for field in &settings.set {
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(&*field.key), HeaderValue::try_from(&*field.value))
        else {
            continue;
        };
        if name != HOST && is_never_forwarded(&name) {
            continue;
        }
        value.set_sensitive(true);
        forwarded.carried_cookie &= name != COOKIE;
        forwarded.headers.insert(&name, value);
        forwarded.confidential.push(name);
    }
    if forwarded.carried_cookie {
        forwarded.confidential.push(COOKIE);
    }
    forwarded
}

/// Whether an origin gets to see a client's field of this name that a rule passes (`Pass`), or one that it sets (`Set`).
/// Text that can be no name is another fault, and passes.
pub fn is_sent(name: &str, by: SentBy) -> bool {
    let Ok(name) = HeaderName::try_from(name) else { return true };
    match by {
        SentBy::Pass => !is_kept_from_clients(&name),
        SentBy::Set => name == HOST || !is_never_forwarded(&name),
    }
}

/// Which list of a rule names a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentBy {
    /// `Pass`.
    Pass,
    /// `Set`.
    Set,
}

/// What is sent when the rule says nothing. `identity`, because a compressed body would be stored as it came.
fn own_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_VALUE));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

/// The client's fields that the rule passes; `Remove` beats `Pass`.
fn passed_headers(settings: &MirrorHeaders, client: &HeaderMap) -> HeaderMap {
    let names =
        |list: &[Box<str>], name: &HeaderName| list.iter().any(|entry| entry.eq_ignore_ascii_case(name.as_str()));
    let mut passed = HeaderMap::new();
    for name in client.keys() {
        let by_name = names(&settings.pass, name);
        // `PassAll` does not mean content coding: what is stored would be compressed for everybody.
        let by_default = settings.pass_all == Some(true) && name != ACCEPT_ENCODING;
        let wanted = (by_name || by_default) && !names(&settings.remove, name);
        if wanted && !is_kept_from_clients(name) {
            for value in client.get_all(name) {
                passed.append(name, value.clone());
            }
        }
    }
    // What the client declared to be for its own connection only.
    let declared = client.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    for name in declared.flat_map(|value| value.split(',')) {
        passed.remove(name.trim());
    }
    passed
}

/// Fields of a client that stay here. `x-amz-*` are those of our own S3 face, session tokens among them; a rule may
/// still set such a field for an origin that wants it.
fn is_kept_from_clients(name: &HeaderName) -> bool {
    is_never_forwarded(name) || name.as_str().starts_with("x-amz-")
}

/// Fields that no rule can send: those of OSS itself, credentials, framing, hop-by-hop fields (RFC 9110 section 7.6.1),
/// and conditions, because a 304 cannot be stored. `Host` is among them for clients; a rule may set it.
fn is_never_forwarded(name: &HeaderName) -> bool {
    const PREFIXES: [&str; 5] = ["x-oss-", "oss-", "x-drs-", "proxy-", "if-"];
    const NAMES: [&str; 14] = [
        "authorization",
        "authorization2",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "keep-alive",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let name = name.as_str();
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
