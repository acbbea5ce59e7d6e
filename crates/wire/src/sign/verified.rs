//! The proof of a signature, and what it covers.

use std::fmt;

use super::payload::PayloadMode;
use super::scheme::Scheme;
use super::subresource::SubResources;

/// A request whose signature holds. Only this module's parent makes one.
#[derive(Clone)]
pub struct Verified {
    /// The scheme that was verified.
    pub scheme: Scheme,
    /// The access key id that signed.
    pub access_key_id: String,
    /// The security token sent with it; judging it is the caller's.
    pub session_token: Option<String>,
    /// How the body is to be checked.
    pub payload: PayloadMode,
    /// The sub-resources of OSS V1 and AWS V2; `None` where the whole query is signed.
    pub(super) sub_resources: Option<SubResources>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the session token, which is a secret of its bearer.
        let Self { scheme, access_key_id, payload, .. } = self;
        let mut shown = f.debug_struct("Verified");
        shown.field("scheme", scheme).field("id", access_key_id).field("payload", payload).finish_non_exhaustive()
    }
}

impl Verified {
    /// Whether the signature covers the query parameter `name` (decoded, exact case): always, except in OSS V1 and
    /// AWS V2, which sign only sub-resources.
    pub fn covers_query(&self, name: &str) -> bool {
        self.sub_resources.is_none_or(|signed| {
            let own = match signed {
                SubResources::Aws => super::sigv2::covers_parameter,
                SubResources::Listed | SubResources::ListedAndPrefixed => super::oss_v1::is_auth_parameter,
            };
            signed.contains(name) || (self.scheme.is_presigned() && own(name))
        })
    }
}
