//! What a verifier must be told beside the request itself.

use headwater_model::clock::Timestamp;

use super::keys::SigningKeys;

/// The bucket and key a request addresses, after path style and virtual-hosted style have been told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// The bucket's name; `None` for a call to the service.
    pub bucket: Option<&'a str>,
    /// The object's key, percent-decoded, without the separating slash; `None` for a call to a bucket.
    pub key: Option<&'a str>,
}

/// What verification needs beside the request and the secret.
#[derive(Clone, Copy, Debug)]
pub struct VerifyContext<'a> {
    /// The server's time; compared in whole seconds, the resolution of every signed date.
    pub now: Timestamp,
    /// What the request addresses. The OSS schemes sign it; SigV4 signs the path as sent and ignores this.
    pub target: Target<'a>,
    /// The one region that V4 scopes may name; `None` accepts the region as signed.
    pub strict_region: Option<&'a str>,
    /// Derived keys of earlier requests.
    pub keys: &'a SigningKeys,
}
