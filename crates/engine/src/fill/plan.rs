//! What a rule makes of a request: the origin request, and what is wanted of the answer.
//!
//! Guarantees: everything about the origin request is decided here, from the rule and the client's request alone; two
//! requests share a fill only if their plans are the [same](Plan::shares_with), so no client ever gets bytes that its
//! own request would not have asked for.

use headwater_egress::{LoopMarker, LoopVerdict};
use headwater_model::bucket::Bucket;
use headwater_model::op::GetObject;
use headwater_model::origin::{OriginMethod, OriginRequest, OriginTimeouts, RequestCause};
use headwater_model::rule::{Mirror, RoutingRule, forwarding, rewriting};
use http::{HeaderMap, HeaderName};

use super::failure::Failure;

/// A miss, decided.
#[derive(Debug)]
pub(super) struct Plan {
    url: Box<str>,
    /// What the rule forwards and sets; the loop marker comes on top.
    forwarded: HeaderMap,
    confidential: Vec<HeaderName>,
    /// The chain of hops, this one included.
    chain: http::HeaderValue,
    rule_number: u32,
    pub(super) rule_version: u64,
    pub(super) wants: Wants,
}

/// What the rule says about answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wants {
    /// MirrorFollowRedirect.
    pub(super) follow_redirects: bool,
    /// MirrorCheckMd5.
    pub(super) check_md5: bool,
    /// MirrorSaveOssMeta.
    pub(super) save_meta: bool,
    /// MirrorUserLastModified.
    pub(super) origin_last_modified: bool,
    /// TransparentMirrorResponseCodes.
    pub(super) transparent: Box<[u16]>,
    /// Why nothing is stored, whatever the answer: the rule only relays, or a cookie went to the origin.
    pub(super) unstored: Option<&'static str>,
}

impl Plan {
    /// Applies `rule` to a request that it matched.
    ///
    /// # Errors
    /// A failure of the rule: the key cannot be mapped, or the request came round in a circle. Nothing was asked.
    pub(super) fn of(
        rule: &RoutingRule,
        bucket: &Bucket,
        get: &GetObject,
        marker: &LoopMarker,
    ) -> Result<Self, Failure> {
        let miss = &get.miss;
        match marker.judge(&miss.headers) {
            LoopVerdict::Clear => {}
            LoopVerdict::OwnInstance => return Err(Failure::refused("loop")),
            LoopVerdict::TooManyHops => return Err(Failure::refused("too_many_hops")),
        }
        let mirror = rule.mirror().ok_or_else(|| Failure::refused("not_a_mirror_rule"))?;
        let url = rewriting::origin_url(rule, &get.key, miss).map_err(|_| Failure::refused("unmappable_key"))?;
        let forwarded = forwarding::origin_headers(rule, &miss.headers);
        Ok(Self {
            url: url.into(),
            forwarded: forwarded.headers,
            confidential: forwarded.confidential,
            chain: marker.outgoing(Some(&miss.headers)),
            rule_number: rule.number,
            rule_version: bucket.rule_version,
            wants: Wants::of(mirror, forwarded.carried_cookie),
        })
    }

    /// Whether both would ask the same of the origin and treat the answer alike. The chain of hops may differ: it says
    /// who asks, not for what.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        self.rule_version == other.rule_version
            && self.rule_number == other.rule_number
            && self.url == other.url
            && self.forwarded == other.forwarded
    }

    /// The request to send.
    pub(super) fn request(&self, method: OriginMethod, timeouts: OriginTimeouts) -> OriginRequest {
        let mut headers = self.forwarded.clone();
        headers.insert(LoopMarker::FIELD, self.chain.clone());
        OriginRequest {
            url: self.url.clone(),
            method,
            headers,
            confidential: self.confidential.clone(),
            signing: None,
            cause: RequestCause::Miss,
            follow_redirects: self.wants.follow_redirects,
            timeouts,
        }
    }

    /// Host and port of the origin, for the log: neither user, path nor query, which may carry secrets.
    pub(super) fn origin_host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }
}

impl Wants {
    fn of(mirror: &Mirror, carried_cookie: bool) -> Self {
        let unstored = match (mirror.proxy_pass == Some(true), carried_cookie) {
            (true, _) => Some("proxy_pass"),
            (false, true) => Some("cookie_forwarded"),
            (false, false) => None,
        };
        Self {
            follow_redirects: mirror.follows_redirects(),
            check_md5: mirror.checks_md5(),
            save_meta: mirror.save_oss_meta == Some(true),
            origin_last_modified: mirror.keeps_last_modified(),
            transparent: transparent_codes(mirror.transparent_response_codes.as_deref().unwrap_or_default()),
            unstored,
        }
    }
}

/// `400,404`: statuses whose answer goes to the client. Only errors can be listed with effect: the object's own
/// statuses and redirects have a meaning that the list cannot take away.
fn transparent_codes(list: &str) -> Box<[u16]> {
    list.split(',').filter_map(|code| code.trim().parse().ok()).filter(|code| (400..600).contains(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(url: &str, number: u32, version: u64) -> Plan {
        let rule = RoutingRule::mirror_all(number, url);
        let wants = Wants::of(rule.mirror().unwrap(), false);
        Plan {
            url: format!("{url}k?secret").into(),
            forwarded: HeaderMap::new(),
            confidential: Vec::new(),
            chain: http::HeaderValue::from_static("a"),
            rule_number: number,
            rule_version: version,
            wants,
        }
    }

    #[test]
    fn plans_share_a_fill_only_if_they_ask_the_same_under_the_same_rule() {
        let first = plan("http://a/", 1, 1);
        let mut other_chain = plan("http://a/", 1, 1);
        other_chain.chain = http::HeaderValue::from_static("b");
        assert!(first.shares_with(&other_chain), "who asks is not what is asked");
        for other in [plan("http://b/", 1, 1), plan("http://a/", 2, 1), plan("http://a/", 1, 2)] {
            assert!(!first.shares_with(&other));
        }
        let mut forwarding = plan("http://a/", 1, 1);
        forwarding.forwarded.insert("x-a", http::HeaderValue::from_static("1"));
        assert!(!first.shares_with(&forwarding));
    }

    #[test]
    fn the_log_gets_the_host_and_no_secrets() {
        assert_eq!(plan("http://host:81/path/", 1, 1).origin_host(), "host:81");
        assert_eq!(plan("https://user:p%40ss@host/", 1, 1).origin_host(), "host");
    }

    #[test]
    fn row_34_only_errors_can_be_transparent() {
        assert_eq!(*transparent_codes(" 400,404 ,x,,200,302,599,600"), [400, 404, 599]);
        assert!(transparent_codes("").is_empty());
    }
}
