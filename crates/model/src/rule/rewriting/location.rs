//! `Location` of a redirect (oss-mirroring 10.1).

use std::borrow::Cow;

use crate::op::MissContext;
use crate::rule::RoutingRule;
use crate::rule::origin_base::authority_to_ascii;
use crate::rule::rewriting::{encoding, rewritten_key};

/// Where a rule that redirects sends the client: always an absolute URL of plain ASCII. Scheme and host that the
/// rule does not name are those of the request; on the request's own host the location stays within the bucket.
pub fn location(rule: &RoutingRule, key: &str, miss: &MissContext) -> String {
    let redirect = rule.redirect.as_ref();
    let given = |field: Option<&'_ Box<str>>| field.filter(|text| !text.is_empty()).cloned();
    let protocol = given(redirect.and_then(|redirect| redirect.protocol.as_ref()));
    let host = given(redirect.and_then(|redirect| redirect.host_name.as_ref()));
    let (host, base_path) = host.as_ref().map_or((&miss.host, &*miss.base_path), |host| (host, ""));

    let mut out = String::new();
    out.push_str(protocol.as_deref().unwrap_or(if miss.secure { "https" } else { "http" }));
    out.push_str("://");
    encoding::push_host(&mut out, &authority_to_ascii(host).unwrap_or(Cow::Borrowed(host)));
    out.push_str(base_path);
    out.push('/');
    encoding::push_key(&mut out, &rewritten_key(rule, key));
    if let Some(query) = miss.query.as_deref().filter(|_| rule.passes_query()) {
        encoding::push_query(&mut out, query);
    }
    out
}
