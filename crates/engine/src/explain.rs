//! Why a key did or did not come: what a request would meet, step by step, without changing anything.
//!
//! Guarantees: the steps are judged by the very functions that requests go through ([`matching::mismatch`],
//! [`rewriting`], [`forwarding`]), so an explanation cannot differ from the behaviour; nothing is stored; values that a
//! rule sets on origin requests are masked, because they may be credentials.

use headwater_egress::OriginStatus;
use headwater_model::access::{Context, Principal};
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::object::ContentHeaders;
use headwater_model::op::{Action, Caller, GetObject, MissContext};
use headwater_model::origin::OriginId;
use headwater_model::precondition::Preconditions;
use headwater_model::rule::matching::{self, Mismatch, Question};
use headwater_model::rule::{RedirectType, RoutingRule, SECRET_MASK, forwarding, rewriting, validate};
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::StoredObject;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::control::Known;
use crate::engine::Engine;
use crate::fill::{MissMethod, Prospect, Tried};
use crate::get::{miss_method, rule_method};
use crate::rights::require_payment;

/// What is asked about.
#[derive(Clone, Debug)]
pub struct ExplainQuery {
    /// The key.
    pub key: Box<str>,
    /// How it is asked for.
    pub method: ExplainMethod,
    /// Header fields of the request.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Its raw query.
    pub query: Option<Box<str>>,
    /// Whether it is not signed.
    pub anonymous: bool,
    /// Whether to ask the origin, without storing what it answers.
    pub try_it: bool,
    /// Rules to judge by in place of those of the bucket.
    pub website: Option<Website>,
}

/// How a key is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExplainMethod {
    /// GET.
    #[default]
    Get,
    /// HEAD.
    Head,
}

/// What a request would meet.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The bucket.
    pub bucket: Box<str>,
    /// The key.
    pub key: Box<str>,
    /// How it was asked for.
    pub method: ExplainMethod,
    /// Why it is refused before anything else, if it is not signed and may not be made so: a reason for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<&'static str>,
    /// The object, if it is here: then no rule is asked.
    pub stored: Option<StoredHere>,
    /// When the key was deleted on purpose, in milliseconds since 1970, if a tombstone stands: then no rule is asked.
    pub tombstone_since_ms: Option<i64>,
    /// The delete marker that stands for the key, if its latest version is one: then no rule is asked.
    pub delete_marker: Option<MarkerHere>,
    /// Every rule in the order in which they are tried.
    pub rules: Vec<RuleVerdict>,
    /// What the rule that applies does.
    pub matched: Option<Matched>,
}

/// An object that is here.
#[derive(Clone, Debug, Serialize)]
pub struct StoredHere {
    /// Its length.
    pub size_bytes: u64,
    /// Its entity tag.
    pub etag: Box<str>,
    /// `Last-Modified` in milliseconds since 1970.
    pub last_modified_ms: i64,
}

/// A delete marker.
#[derive(Clone, Debug, Serialize)]
pub struct MarkerHere {
    /// Its version id.
    pub version: Box<str>,
    /// When the key was deleted, in milliseconds since 1970.
    pub since_ms: i64,
}

/// What became of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleVerdict {
    /// `RuleNumber`.
    pub number: u32,
    /// `RedirectType`; none for a rule of a Lua script only.
    pub kind: Option<&'static str>,
    /// Whether it applies.
    pub verdict: Verdict,
    /// The condition that failed, in the vendor's words.
    pub failed: Option<String>,
}

/// Whether a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Applies,
    /// A condition fails.
    Fails,
    /// An earlier rule ended the walk.
    NotReached,
}

/// What the rule that applies does.
#[derive(Clone, Debug, Serialize)]
pub struct Matched {
    /// `RuleNumber`.
    pub number: u32,
    /// `RedirectType`.
    pub kind: &'static str,
    /// Where the client is sent, for External and AliCDN.
    pub location: Option<String>,
    /// The key that is served in its place, for Internal.
    pub internal_key: Option<String>,
    /// The origins in the order in which they are tried.
    pub origins: Vec<OriginAsk>,
    /// Why no origin is asked: the key has no URL there.
    pub unmappable: Option<String>,
    /// Header fields of the origin request; what the rule sets is masked. The loop marker and a signature come on top.
    pub headers: Vec<(String, String)>,
    /// What runs or is known among the fills, for Mirror.
    pub prospect: Option<Prospect>,
    /// What the origins said, if they were to be tried; nothing was stored.
    pub tried: Option<Vec<Tried>>,
}

/// One origin and what is known about it.
#[derive(Clone, Debug, Serialize)]
pub struct OriginAsk {
    /// The URL.
    pub url: String,
    /// Scheme, host and port, or `local bucket NAME`.
    pub origin: String,
    /// The bucket of this server that is read in place of an origin (`MirrorUsingRole`).
    pub local_bucket: Option<String>,
    /// Why that bucket is not read: a reason code.
    pub refused: Option<&'static str>,
    /// Breaker, limits, last answer; none of a bucket of this server.
    pub status: Option<OriginStatus>,
}

impl Engine {
    /// Explains what a request would meet.
    ///
    /// # Errors
    /// `NoSuchBucket`, `InvalidObjectName`, `InvalidArgument` for a header field that cannot be or a wrong document;
    /// for [`ExplainQuery::try_it`] `SlowDown`, and `MirrorFailed` where no origin can be asked.
    pub async fn explain(&self, bucket: &BucketName, query: ExplainQuery) -> Result<Explanation> {
        let known = self.known(bucket)?;
        let (key, stored) = self.find_as_asked(&known, &query.key).await?;
        let denied =
            if query.anonymous { self.denied_to_strangers(&known.bucket, &key, stored.as_ref()) } else { None };
        let tombstone_since_ms = self.store.gone(&known.reference, &key).await?.map(|deleted| deleted.0);
        let marker = self.store.marker(&known.reference, &key).await?;
        let delete_marker = marker
            .map(|marker| MarkerHere { version: marker.version.to_string().into(), since_ms: marker.last_modified.0 });
        if let Some(website) = &query.website {
            validate(website)?;
        }
        let website = query.website.clone().or_else(|| known.bucket.website.as_deref().cloned()).unwrap_or_default();
        let miss = miss_of(&query, &key)?;
        let method = if query.method == ExplainMethod::Head { MissMethod::Head } else { MissMethod::Get };
        let question = Question {
            method: rule_method(&known.bucket, method),
            key: key.as_str(),
            error_status: 404,
            headers: &miss.headers,
        };
        let rule = matching::first_match(&website.rules, &question);
        let mut matched = rule.map(|rule| self.matched(rule, (&known.bucket, &key), &miss));
        if let (Some(rule), Some(matched)) = (rule.filter(|rule| rule.mirror().is_some()), &mut matched) {
            let get = read_of(bucket, &key, miss.clone());
            let asked = miss_method(&known.bucket, method);
            matched.prospect = Some(self.fills.prospect(&known.bucket, rule, &get, asked));
            if query.try_it && matched.unmappable.is_none() {
                // Boxed: a future of an explanation is rare, and should not make those of requests larger.
                matched.tried = Some(Box::pin(self.fills.try_origins(&known.bucket, rule, &get, asked)).await?);
            }
        }
        Ok(Explanation {
            bucket: bucket.as_str().into(),
            key: query.key,
            method: query.method,
            denied,
            stored: stored.as_ref().map(StoredHere::of),
            tombstone_since_ms,
            delete_marker,
            rules: verdicts(&website.rules, &question),
            matched,
        })
    }

    /// The key as a GET looks it up: on the OSS face first as it stands, then without its leading slashes.
    async fn find_as_asked(&self, known: &Known, asked: &str) -> Result<(ObjectKey, Option<StoredObject>)> {
        let literal = ObjectKey::parse(asked)?;
        if let Some(object) = self.store.open(&known.reference, &literal).await? {
            return Ok((literal, Some(object)));
        }
        let folded = asked.trim_start_matches('/');
        if known.bucket.dialect == Dialect::S3 || folded.is_empty() || folded.len() == asked.len() {
            return Ok((literal, None));
        }
        let key = ObjectKey::parse(folded)?;
        let found = self.store.open(&known.reference, &key).await?;
        Ok((key, found))
    }

    /// Why a request that nobody signed may not read the key. Where a policy asks for the address that a request comes
    /// from, it is taken to come from nowhere.
    fn denied_to_strangers(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        stored: Option<&StoredObject>,
    ) -> Option<&'static str> {
        let context = Context::internal(self.clock.now());
        let stranger = Caller { principal: Principal::Anonymous, dialect: bucket.dialect, context };
        let right = self.right(&stranger, Action::GetObject, bucket, key);
        match right.check(stored.map(|object| &*object.meta)).and_then(|()| require_payment(&stranger, bucket)) {
            Err(Error::AccessDenied { reason }) => Some(reason),
            _ => None,
        }
    }

    fn matched(&self, rule: &RoutingRule, missing: (&Bucket, &ObjectKey), miss: &MissContext) -> Matched {
        let (_, key) = missing;
        let kind = rule.kind().unwrap_or_default();
        let mut matched = Matched {
            number: rule.number,
            kind: kind.as_str(),
            location: None,
            internal_key: None,
            origins: Vec::new(),
            unmappable: None,
            headers: Vec::new(),
            prospect: None,
            tried: None,
        };
        match kind {
            RedirectType::External | RedirectType::AliCdn | RedirectType::Site | RedirectType::AllRequests => {
                let location = rewriting::location(rule, key.as_str(), miss);
                // Without a name in the rule it is the host that the client asked, which nobody told.
                let known = location.strip_prefix("http:///").or_else(|| location.strip_prefix("https:///"));
                matched.location = Some(known.map(|path| format!("/{path}")).unwrap_or(location));
            }
            RedirectType::Internal => {
                matched.internal_key = Some(rewriting::rewritten_key(rule, key.as_str()).into_owned());
            }
            RedirectType::Mirror => {
                match rewriting::origin_urls(rule, key, miss) {
                    Ok(urls) => {
                        matched.origins = urls.into_iter().filter_map(|url| self.ask(rule, missing, url)).collect();
                    }
                    Err(reason) => matched.unmappable = Some(reason.to_string()),
                }
                matched.headers = shown(&forwarding::origin_headers(rule, &miss.headers).headers);
            }
        }
        matched
    }

    fn ask(&self, rule: &RoutingRule, missing: (&Bucket, &ObjectKey), url: String) -> Option<OriginAsk> {
        let id = OriginId::parse(&url).ok()?;
        Some(match self.fills.local_source(rule, (&url, &id), missing) {
            Some(local) => OriginAsk {
                url,
                origin: local.label().to_owned(),
                local_bucket: Some(local.bucket_name().to_owned()),
                refused: local.refusal(),
                status: None,
            },
            None => OriginAsk {
                url,
                origin: id.as_str().to_owned(),
                local_bucket: None,
                refused: None,
                status: Some(self.origins.status(&id)),
            },
        })
    }
}

impl StoredHere {
    fn of(object: &StoredObject) -> Self {
        Self {
            size_bytes: object.meta.size_bytes,
            etag: object.meta.etag.as_str().into(),
            last_modified_ms: object.meta.last_modified.0,
        }
    }
}

/// What rules see of the request in question.
fn miss_of(query: &ExplainQuery, key: &ObjectKey) -> Result<MissContext> {
    let headers = headers(&query.headers)?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().into();
    // Folded slashes only, so far fewer than a key has bytes.
    let extra_slashes = (query.key.len() - key.as_str().len()) as u16;
    Ok(MissContext { headers, query: query.query.clone(), host, extra_slashes, ..MissContext::default() })
}

/// A plain read of the key.
fn read_of(bucket: &BucketName, key: &ObjectKey, miss: MissContext) -> GetObject {
    GetObject {
        bucket: bucket.clone(),
        key: key.clone(),
        range: None,
        strict_range: false,
        version: None,
        part: None,
        conditions: Preconditions::default(),
        overrides: ContentHeaders::default(),
        miss,
        customer_key: None,
    }
}

/// What a rule sets is marked sensitive where it is set.
fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| {
        if value.is_sensitive() {
            SECRET_MASK.to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
    };
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn headers(given: &[(Box<str>, Box<str>)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let refuse = || Error::invalid_argument("headers", name, "this cannot be a header field");
        let name = HeaderName::try_from(&**name).map_err(|_| refuse())?;
        headers.append(name, HeaderValue::try_from(&**value).map_err(|_| refuse())?);
    }
    Ok(headers)
}

fn verdicts(rules: &[RoutingRule], question: &Question<'_>) -> Vec<RuleVerdict> {
    let mut ended = false;
    let verdict = |rule: &RoutingRule| {
        let mismatch = matching::mismatch(rule, question);
        let verdict = match (ended, &mismatch) {
            (true, _) => Verdict::NotReached,
            (false, None) => Verdict::Applies,
            (false, Some(_)) => Verdict::Fails,
        };
        let failed = mismatch.as_ref().filter(|_| !ended).map(words);
        ended |= matches!(mismatch, None | Some(Mismatch::HeadNotAllowed));
        RuleVerdict { number: rule.number, kind: rule.kind().map(RedirectType::as_str), verdict, failed }
    };
    rules.iter().map(verdict).collect()
}

fn words(mismatch: &Mismatch<'_>) -> String {
    match mismatch {
        Mismatch::NoRedirect => "the rule has no Redirect".to_owned(),
        Mismatch::OfSite => "the rule is in S3's form, for visits of the website only".to_owned(),
        Mismatch::ErrorCode { expected } => {
            format!("HttpErrorCodeReturnedEquals is {expected}, a missing key is 404")
        }
        Mismatch::KeyPrefix(prefix) => format!("KeyPrefixEquals {prefix:?} is not how the key begins"),
        Mismatch::KeySuffix(suffix) => format!("KeySuffixEquals {suffix:?} is not how the key ends"),
        Mismatch::IncludeHeader(header) => {
            format!("IncludeHeader: no value of {} passes its tests", header.key)
        }
        Mismatch::HeadNotAllowed => {
            "MirrorAllowHeadObject is off: a HEAD is answered with 404, and no further rule is tried".to_owned()
        }
    }
}
