//! What a rule makes of a request: the origin request, and what is wanted of the answer.
//!
//! Guarantees: everything about the origin request is decided here, from the rule and the client's request alone; two
//! requests share a fill only if their plans are the [same](Plan::shares_with), so no client ever gets bytes that its
//! own request would not have asked for.

use headwater_egress::{LoopMarker, LoopVerdict};
use headwater_model::bucket::Bucket;
use headwater_model::object::Tags;
use headwater_model::op::GetObject;
use headwater_model::origin::{OriginMethod, OriginRequest, RequestCause};
use headwater_model::rule::{KeyValue, Mirror, RoutingRule, forwarding};
use headwater_model::settings::{DigestMismatch, KeepMode, MigrationSettings};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::candidate::{Candidate, Places};
use super::failure::Failure;

/// What `User-Agent` is when the rule says nothing; only that is replaced by an origin's setting.
const OWN_USER_AGENT: &str = forwarding::USER_AGENT_VALUE;

/// A miss, decided.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where to ask; at least one.
    pub(super) candidates: Vec<Candidate>,
    /// What the rule forwards and sets; the loop marker comes on top.
    forwarded: HeaderMap,
    confidential: Vec<HeaderName>,
    /// The chain of hops, this one included.
    chain: HeaderValue,
    pub(super) rule_number: u32,
    pub(super) rule_version: u64,
    /// `MirrorURLProbe`, if there is another origin to go to.
    pub(super) probe: Option<Box<str>>,
    pub(super) wants: Wants,
}

/// What rule and settings say about answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wants {
    /// MirrorFollowRedirect.
    pub(super) follow_redirects: bool,
    /// MirrorAsyncStatus: a redirect with this status goes to the client, the object is pulled behind it.
    pub(super) async_status: Option<u16>,
    /// MirrorCheckMd5.
    pub(super) check_md5: bool,
    /// MirrorSwitchAllErrors.
    pub(super) switch_all_errors: bool,
    /// MirrorSaveOssMeta, or all metadata is kept.
    pub(super) save_meta: bool,
    /// MirrorUserLastModified, or all metadata is kept.
    pub(super) origin_last_modified: bool,
    /// The stored object has the origin's ETag.
    pub(super) origin_etag: bool,
    /// TransparentMirrorResponseCodes.
    pub(super) transparent: Box<[u16]>,
    /// MirrorTaggings.
    pub(super) tags: Tags,
    /// MirrorReturnHeaders that may be added to an answer.
    pub(super) return_headers: Vec<(HeaderName, HeaderValue)>,
    /// Why nothing is stored, whatever the answer: the rule only relays, or a cookie went to the origin.
    pub(super) unstored: Option<&'static str>,
    /// The bucket's own.
    pub(super) settings: MigrationSettings,
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
        places: Places<'_>,
    ) -> Result<Self, Failure> {
        let miss = &get.miss;
        match marker.judge(&miss.headers) {
            LoopVerdict::Clear => {}
            LoopVerdict::OwnInstance => return Err(Failure::refused("loop")),
            LoopVerdict::TooManyHops => return Err(Failure::refused("too_many_hops")),
        }
        let mirror = rule.mirror().ok_or_else(|| Failure::refused("not_a_mirror_rule"))?;
        let candidates = Candidate::all(rule, bucket, get, places)?;
        let forwarded = forwarding::origin_headers(rule, &miss.headers);
        Ok(Self {
            probe: mirror.url_probe.clone().filter(|_| candidates.len() > 1),
            candidates,
            forwarded: forwarded.headers,
            confidential: forwarded.confidential,
            chain: marker.outgoing(Some(&miss.headers)),
            rule_number: rule.number,
            rule_version: bucket.rule_version,
            wants: Wants::of(mirror, forwarded.carried_cookie, &bucket.migration),
        })
    }

    /// Whether both would ask the same of the origin and treat the answer alike. The chain of hops may differ: it says
    /// who asks, not for what.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        self.rule_version == other.rule_version
            && self.rule_number == other.rule_number
            && self.url() == other.url()
            && self.forwarded == other.forwarded
    }

    /// The URL at the primary origin; those at the others follow from it.
    pub(super) fn url(&self) -> &str {
        &self.candidates[0].url
    }

    /// The fields that go to every candidate, for comparison and for explanations; values of the rule are marked
    /// sensitive.
    pub(super) fn forwarded(&self) -> &HeaderMap {
        &self.forwarded
    }

    /// The request to send to a candidate.
    pub(super) fn request(&self, candidate: usize, method: OriginMethod, cause: RequestCause) -> OriginRequest {
        let candidate = &self.candidates[candidate];
        let mut headers = self.forwarded.clone();
        headers.insert(LoopMarker::FIELD, self.chain.clone());
        let agent = candidate.settings.user_agent.as_deref().and_then(|agent| HeaderValue::try_from(agent).ok());
        if let Some(agent) = agent.filter(|_| headers.get(USER_AGENT).is_some_and(|value| value == OWN_USER_AGENT)) {
            headers.insert(USER_AGENT, agent);
        }
        OriginRequest {
            url: candidate.url.clone(),
            method,
            headers,
            confidential: self.confidential.clone(),
            signing: candidate.signing.clone(),
            cause,
            follow_redirects: self.wants.follow_redirects,
            timeouts: candidate.timeouts(),
        }
    }

    /// Host and port of a candidate, or the bucket of this server, for the log: neither user, path nor query, which may
    /// carry secrets.
    pub(super) fn origin_host(&self, candidate: usize) -> &str {
        self.candidates[candidate].host()
    }
}

impl Wants {
    /// Whether a wrong `Content-MD5` ends the answer in place of only keeping it from being stored.
    pub(super) fn aborts_on_mismatch(&self) -> bool {
        self.settings.on_digest_mismatch == DigestMismatch::Abort
    }

    fn of(mirror: &Mirror, carried_cookie: bool, settings: &MigrationSettings) -> Self {
        let unstored = match (mirror.proxy_pass == Some(true), carried_cookie && !settings.store_with_cookie) {
            (true, _) => Some("proxy_pass"),
            (false, true) => Some("cookie_forwarded"),
            (false, false) => None,
        };
        let keeps_all = settings.keep == KeepMode::All;
        Self {
            follow_redirects: mirror.follows_redirects(),
            async_status: mirror.async_status.filter(|status| (300..400).contains(status)),
            check_md5: mirror.checks_md5(),
            switch_all_errors: mirror.switch_all_errors == Some(true),
            save_meta: mirror.save_oss_meta == Some(true) || keeps_all,
            origin_last_modified: mirror.keeps_last_modified() || keeps_all,
            origin_etag: keeps_all,
            tags: mirror.taggings.iter().flatten().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            return_headers: mirror.return_headers.iter().flatten().filter_map(return_header).collect(),
            settings: settings.clone(),
            transparent: transparent_codes(mirror.transparent_response_codes.as_deref().unwrap_or_default()),
            unstored,
        }
    }
}

/// A field that a rule may add to answers: neither framing nor the vendors' own (oss-mirroring 6.8).
fn return_header(field: &KeyValue) -> Option<(HeaderName, HeaderValue)> {
    const OURS: [&str; 8] =
        ["connection", "content-length", "content-range", "date", "etag", "server", "transfer-encoding", "trailer"];
    let (name, value) = (HeaderName::try_from(&*field.key).ok()?, HeaderValue::try_from(&*field.value).ok()?);
    let text = name.as_str();
    let is_ours = OURS.contains(&text) || text.starts_with("x-oss-") || text.starts_with("x-amz-");
    (!is_ours).then_some((name, value))
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
        let mut bucket = crate::fill::tests::world::bucket();
        bucket.rule_version = version;
        let rule = RoutingRule::mirror_all(number, url);
        let origins = headwater_egress::Origins::new(std::sync::Arc::new(headwater_testkit::ManualClock::default()));
        let (names, buckets) = Default::default();
        let places = Places { origins: &origins, names: &names, buckets: &buckets };
        Plan::of(&rule, &bucket, &crate::fill::tests::world::get(), &LoopMarker::new("here"), places).unwrap()
    }

    #[test]
    fn plans_share_a_fill_only_if_they_ask_the_same_under_the_same_rule() {
        let first = plan("http://a/", 1, 1);
        let mut other_chain = plan("http://a/", 1, 1);
        other_chain.chain = HeaderValue::from_static("b");
        assert!(first.shares_with(&other_chain), "who asks is not what is asked");
        for other in [plan("http://b/", 1, 1), plan("http://a/", 2, 1), plan("http://a/", 1, 2)] {
            assert!(!first.shares_with(&other));
        }
        let mut forwarding = plan("http://a/", 1, 1);
        forwarding.forwarded.insert("x-a", HeaderValue::from_static("1"));
        assert!(!first.shares_with(&forwarding));
    }

    #[test]
    fn the_log_gets_the_host_and_no_secrets() {
        assert_eq!(plan("http://host:81/path/", 1, 1).origin_host(0), "host:81");
    }

    #[test]
    fn row_34_only_errors_can_be_transparent() {
        assert_eq!(*transparent_codes(" 400,404 ,x,,200,302,599,600"), [400, 404, 599]);
        assert!(transparent_codes("").is_empty());
    }
}
