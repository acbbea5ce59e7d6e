//! Routing rules: which misses of a bucket go where.
//!
//! A [`RoutingRule`] holds a [`Condition`] and what to do when it holds: a [`Redirect`], which for most rules of this
//! product means fetching from an origin ([`Mirror`]).
//!
//! Guarantees: every field that OSS knows is kept as it was sent, also where it has no effect, so that the document
//! is echoed exactly; defaults that OSS fills in itself are filled in when the rule is made
//! ([`Redirect::materialise_defaults`]); secrets never appear in `Debug` output.
//!
//! How: `condition`, `redirect`, `mirror` are the data, `secret` what is never shown of it, `masked` what a mask that comes
//! back stands for; `matching` picks the rule of a request, `site` S3's for a visit of
//! a website, `rewriting` builds the
//! URL of the origin request or the redirect, `forwarding` its header fields, `validate` decides which documents are
//! accepted, `change` changes the list of rules, `warning` tells what in it is probably not meant. All pure; requests are
//! sent elsewhere.

pub mod change;
mod condition;
pub mod forwarding;
mod masked;
pub mod matching;
mod mirror;
mod origin_base;
mod redirect;
pub mod rewriting;
mod secret;
pub mod site;
mod validate;
pub mod warning;

pub use condition::{Condition, IncludeHeader};
pub use mirror::{Alternate, KeyValue, Mirror, MirrorAuth, MirrorHeaders};
pub(crate) use origin_base::scheme_and_authority;
pub use redirect::{Redirect, RedirectType};
pub use secret::{SECRET_MASK, Secret};
pub use validate::validate;

use serde::{Deserialize, Serialize};

/// `RoutingRule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingRule {
    /// `RuleNumber`: rules are tried in ascending order. At least 1, unique in its document.
    pub number: u32,
    /// `Condition`; a document without one means the empty one, which every miss meets.
    pub condition: Condition,
    /// `Redirect`: what to do. A rule has at least one of this and `lua`.
    pub redirect: Option<Redirect>,
    /// `LuaConfig`: kept and echoed, without effect.
    pub lua: Option<LuaConfig>,
}

/// `LuaConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LuaConfig {
    /// `Script`: its name.
    pub script: Option<Box<str>>,
}

impl RoutingRule {
    /// A rule that fetches every missing key from `mirror_url`, with the defaults that OSS fills in.
    pub fn mirror_all(number: u32, mirror_url: &str) -> Self {
        let mirror = Mirror { url: Some(mirror_url.into()), ..Mirror::default() };
        let mut redirect = Redirect { kind: RedirectType::Mirror, mirror, ..Redirect::default() };
        redirect.materialise_defaults();
        let condition = Condition { error_code: Some(404), ..Condition::default() };
        Self { number, condition, redirect: Some(redirect), lua: None }
    }

    /// Whether the rule is in S3's form, which has no numbers: its number is its place.
    pub fn is_of_site(&self) -> bool {
        self.kind().is_some_and(RedirectType::is_of_site)
    }

    /// What the rule does; `None` for a rule of a Lua script only.
    pub fn kind(&self) -> Option<RedirectType> {
        self.redirect.as_ref().map(|redirect| redirect.kind)
    }

    /// The mirror settings of a Mirror rule; `None` for rules of other types, which may carry some without effect.
    pub fn mirror(&self) -> Option<&Mirror> {
        self.redirect.as_ref().filter(|redirect| redirect.kind == RedirectType::Mirror).map(|redirect| &redirect.mirror)
    }

    /// `MirrorURL` of a Mirror rule.
    pub fn mirror_url(&self) -> Option<&str> {
        self.mirror().and_then(|mirror| mirror.url.as_deref())
    }

    /// Status of the answer of a rule that redirects: `HttpRedirectCode`, 301 by default.
    pub fn redirect_code(&self) -> u16 {
        self.redirect.as_ref().and_then(|redirect| redirect.http_redirect_code).unwrap_or(301)
    }

    /// Whether the client's query goes with the request to the origin, or into `Location`.
    pub fn passes_query(&self) -> bool {
        self.redirect.as_ref().is_some_and(Redirect::passes_query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bucket row holds the rules in postcard's encoding, which has no field names: a skipped field or an untagged
    /// enum would corrupt whatever follows.
    #[test]
    fn rules_survive_their_stored_form() {
        let mut rule = RoutingRule::mirror_all(7, "https://origin.example/");
        rule.lua = Some(LuaConfig { script: None });
        let redirect = rule.redirect.as_mut().unwrap();
        redirect.mirror.auth =
            Some(MirrorAuth { access_key_secret: Some(Secret::new("secret")), ..MirrorAuth::default() });
        redirect.mirror.multi_alternates = Some(vec![Alternate { number: 3, ..Alternate::default() }]);
        let bytes = postcard::to_stdvec(&rule).unwrap();
        assert_eq!(postcard::from_bytes::<RoutingRule>(&bytes).unwrap(), rule);
    }

    #[test]
    fn the_types_of_rules_keep_their_stored_numbers() {
        use RedirectType::{AliCdn, AllRequests, External, Internal, Mirror, Site};
        for (number, kind) in (0..).zip([Mirror, External, AliCdn, Internal, Site, AllRequests]) {
            assert_eq!(postcard::to_stdvec(&kind).unwrap(), [number], "{kind:?}");
        }
    }
}
