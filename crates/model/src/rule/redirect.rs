//! What a rule does.

use serde::{Deserialize, Serialize};

use crate::rule::{Mirror, MirrorHeaders};

/// `RedirectType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedirectType {
    /// Fetch the object from an origin.
    Mirror,
    /// Answer 3xx. What a rule without `RedirectType` means.
    #[default]
    External,
    /// As External, for Alibaba's CDN.
    AliCdn,
    /// Serve another key of the same bucket.
    Internal,
    /// S3's rule, which names no type: the website's own host names answer 3xx, also for what is stored; the API's host
    /// names do not know it.
    Site,
    /// S3's `RedirectAllRequestsTo`: as [`Self::Site`] for every request, and the only content of its document.
    AllRequests,
}

impl RedirectType {
    /// The vendor's word: `Mirror`, `External`, `AliCDN`, `Internal`. S3's rules are called by what OSS has nearest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mirror => "Mirror",
            Self::External | Self::Site | Self::AllRequests => "External",
            Self::AliCdn => "AliCDN",
            Self::Internal => "Internal",
        }
    }

    /// Reads the vendor's word in exactly its letter case; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Mirror, Self::External, Self::AliCdn, Self::Internal].into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is one of S3's, for the website's own host names.
    pub fn is_of_site(self) -> bool {
        matches!(self, Self::Site | Self::AllRequests)
    }
}

/// `Redirect`. Fields that the type does not use are kept and echoed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// `RedirectType`.
    pub kind: RedirectType,
    /// `PassQueryString`.
    pub pass_query_string: Option<bool>,
    /// `Protocol` of the redirect: `http` or `https`; absent or empty means the request's own.
    pub protocol: Option<Box<str>>,
    /// `HostName` of the redirect, perhaps with a port; absent or empty means the request's own.
    pub host_name: Option<Box<str>>,
    /// `HttpRedirectCode`; absent means 301.
    pub http_redirect_code: Option<u16>,
    /// `ReplaceKeyWith`: the whole new key, in which `${key}` stands for the requested one. Not for Mirror.
    pub replace_key_with: Option<Box<str>>,
    /// `ReplaceKeyPrefixWith`.
    pub replace_key_prefix_with: Option<Box<str>>,
    /// `EnableReplacePrefix`.
    pub enable_replace_prefix: Option<bool>,
    /// The elements whose names begin with `Mirror`, and `TransparentMirrorResponseCodes`.
    pub mirror: Mirror,
}

impl Redirect {
    /// Whether the client's query is passed on. On Mirror rules `MirrorPassQueryString` has precedence.
    pub fn passes_query(&self) -> bool {
        let own = match self.kind {
            RedirectType::Mirror => self.mirror.pass_query_string,
            _ => None,
        };
        own.or(self.pass_query_string).unwrap_or(false)
    }

    /// Fills in what OSS fills in for a Mirror rule when it stores one; rules of other types stay as they are.
    /// Repeating it changes nothing.
    pub fn materialise_defaults(&mut self) {
        if self.kind != RedirectType::Mirror {
            return;
        }
        let passes_query = self.passes_query();
        self.pass_query_string = Some(passes_query);
        let mirror = &mut self.mirror;
        mirror.pass_query_string = Some(passes_query);
        mirror.follow_redirect.get_or_insert(true);
        mirror.headers.get_or_insert_with(MirrorHeaders::default).pass_all.get_or_insert(false);
        for off_by_default in [
            &mut mirror.check_md5,
            &mut mirror.pass_original_slashes,
            &mut mirror.using_role,
            &mut mirror.user_last_modified,
            &mut mirror.is_express_tunnel,
            &mut mirror.allow_head_object,
        ] {
            off_by_default.get_or_insert(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_21_the_mirror_flag_decides_and_both_are_echoed_equal() {
        for (pass, mirror_pass, effective) in [
            (None, None, false),
            (Some(true), None, true),
            (Some(false), None, false),
            (None, Some(true), true),
            (None, Some(false), false),
            (Some(true), Some(false), false),
            (Some(false), Some(true), true),
        ] {
            let mirror = Mirror { pass_query_string: mirror_pass, ..Mirror::default() };
            let mut redirect =
                Redirect { kind: RedirectType::Mirror, pass_query_string: pass, mirror, ..Redirect::default() };
            assert_eq!(redirect.passes_query(), effective, "{pass:?} {mirror_pass:?}");
            redirect.materialise_defaults();
            assert_eq!(redirect.passes_query(), effective);
            assert_eq!(redirect.pass_query_string, Some(effective));
            assert_eq!(redirect.mirror.pass_query_string, Some(effective));
        }
    }

    #[test]
    fn defaults_are_filled_in_for_mirror_rules_only() {
        let mut external = Redirect::default();
        external.materialise_defaults();
        assert_eq!(external, Redirect::default());

        let mirror = Mirror { follow_redirect: Some(false), ..Mirror::default() };
        let mut redirect = Redirect { kind: RedirectType::Mirror, mirror, ..Redirect::default() };
        redirect.materialise_defaults();
        let mirror = &redirect.mirror;
        assert_eq!(mirror.follow_redirect, Some(false), "what was sent stays");
        assert_eq!(mirror.headers.as_ref().unwrap().pass_all, Some(false));
        assert_eq!((mirror.check_md5, mirror.allow_head_object), (Some(false), Some(false)));
        assert_eq!((&mirror.url_slave, &mirror.url_probe), (&None, &None), "absent stays absent");
        assert_eq!((mirror.sni, mirror.save_oss_meta, mirror.proxy_pass), (None, None, None));
        let once = redirect.clone();
        redirect.materialise_defaults();
        assert_eq!(redirect, once);
    }

    #[test]
    fn type_names_are_read_in_their_letter_case() {
        for kind in ["Mirror", "External", "AliCDN", "Internal"] {
            assert_eq!(RedirectType::parse(kind).unwrap().as_str(), kind);
        }
        assert_eq!(RedirectType::parse("mirror"), None);
    }
}
