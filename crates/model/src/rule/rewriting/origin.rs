//! The URL of an origin request (oss-mirroring 4.1 to 4.5).

use crate::name::ObjectKey;
use crate::op::MissContext;
use crate::rule::RoutingRule;
use crate::rule::origin_base::OriginBase;
use crate::rule::rewriting::{encoding, rewritten_key};

/// Why a key has no URL at the rule's origin; no request is sent. The messages are OSS's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmappable {
    /// The rule is no Mirror rule, or has no URL.
    #[error("the rule has no origin")]
    NoOrigin,
    /// Nothing of the key is left after its prefix was taken away: the URL would be the origin's directory.
    #[error("the rewritten key is empty")]
    EmptyKey,
    /// The key has a segment `.` or `..`, which origins resolve to another path.
    #[error("the key has a dot segment")]
    DotSegment,
    /// The rule's URL cannot be requested.
    #[error("{0}")]
    BadUrl(Box<str>),
}

/// The URL at the rule's primary origin.
///
/// # Errors
/// [`Unmappable`].
pub fn origin_url(rule: &RoutingRule, key: &ObjectKey, miss: &MissContext) -> Result<String, Unmappable> {
    let url = rule.mirror_url().ok_or(Unmappable::NoOrigin)?;
    Tail::new(rule, key, miss)?.append_to(url)
}

/// The URLs at all of the rule's origins in the order in which they are tried: the primary, `MirrorURLSlave`, then the
/// alternates in ascending number. Key, slashes and query are the same at each.
///
/// # Errors
/// [`Unmappable`].
pub fn origin_urls(rule: &RoutingRule, key: &ObjectKey, miss: &MissContext) -> Result<Vec<String>, Unmappable> {
    let mirror = rule.mirror().ok_or(Unmappable::NoOrigin)?;
    let primary = rule.mirror_url().ok_or(Unmappable::NoOrigin)?;
    let mut numbered: Vec<_> = mirror.multi_alternates.iter().flatten().collect();
    numbered.sort_by_key(|alternate| alternate.number);
    let others = mirror.url_slave.iter().chain(numbered.into_iter().map(|alternate| &alternate.url));
    let tail = Tail::new(rule, key, miss)?;
    std::iter::once(primary).chain(others.map(|url| &**url)).map(|url| tail.append_to(url)).collect()
}

/// What follows an origin's URL.
struct Tail(String);

impl Tail {
    fn new(rule: &RoutingRule, key: &ObjectKey, miss: &MissContext) -> Result<Self, Unmappable> {
        let rewritten = rewritten_key(rule, key.as_str());
        if rewritten.is_empty() {
            return Err(Unmappable::EmptyKey);
        }
        // A replacement can make a dot segment of a key that has none, and hide one that the key has.
        if has_dot_segment(key.as_str()) || has_dot_segment(&rewritten) {
            return Err(Unmappable::DotSegment);
        }
        let mut tail = String::new();
        if rule.mirror().is_some_and(crate::rule::Mirror::passes_original_slashes) {
            tail.extend(std::iter::repeat_n('/', usize::from(miss.extra_slashes)));
        }
        encoding::push_key(&mut tail, &rewritten);
        if let Some(query) = miss.query.as_deref().filter(|_| rule.passes_query()) {
            encoding::push_query(&mut tail, query);
        }
        Ok(Self(tail))
    }

    fn append_to(&self, url: &str) -> Result<String, Unmappable> {
        let base = OriginBase::parse(url).map_err(Unmappable::BadUrl)?;
        let mut out = String::with_capacity(url.len() + self.0.len());
        out.extend([base.scheme, "://", &base.authority]);
        encoding::push_path(&mut out, base.path);
        out.push_str(&self.0);
        Ok(out)
    }
}

fn has_dot_segment(key: &str) -> bool {
    key.split('/').any(|segment| segment == "." || segment == "..")
}
