//! Who signed a request, checked; and requests of our own, signed.
//!
//! Guarantees: [`verify`] returns a [`Verified`] only for a request whose signature covers the method, the path, every
//! query parameter that [`Verified::covers_query`] affirms and the headers that the scheme signs, at a time within the
//! scheme's window. Signatures are compared in constant time, as bytes. `x-amz-*` and `x-oss-*`
//! headers never travel unsigned beside a signature.
//!
//! How: [`detect`] reads which scheme and access key the request claims, without judging it; the caller looks the
//! secret up; [`verify`] rebuilds the canonical form from the untouched request and compares. The two V4 schemes are
//! one algorithm with different words (`v4`); the older ones stand alone (`oss_v1`, `oss_v2`, `sigv2`). A body in `aws-chunked` coding is
//! checked while it arrives by [`ChunkedDecoder`]. The functions that sign share the canonical forms with those that
//! verify.
//!
//! ```text
//! detect(parts) ── None ─────────► anonymous
//!    │ Credentials{access_key_id}
//!    ├─ known key ───► verify(parts, credentials, secret, context) ──► Verified{payload} ─► ChunkedDecoder / digest
//!    └─ unknown key ─► verify_unknown(…), then the vendor's InvalidAccessKeyId
//! ```
//!
//! Deliberately not here: looking secrets up, judging session tokens and permissions, digests of plain bodies (the
//! expected one is in [`PayloadMode`]), AWS SigV4A (refused by name), what a POST policy demands (`form`).

mod chunked;
mod context;
mod detect;
mod error;
mod header;
mod keys;
mod oss_v1;
mod oss_v2;
mod payload;
mod percent;
mod policy;
mod produce;
mod query;
mod scheme;
mod sigv2;
mod subresource;
mod time;
mod v4;
mod verified;

#[cfg(test)]
mod tests;

pub use chunked::{ChunkError, ChunkedDecoder, MAX_SIGNED_CHUNK_BYTES, MAX_TRAILER_BYTES};
pub use context::{Target, VerifyContext};
pub use detect::detect;
pub use error::{Mismatch, SignError};
pub use keys::{SigningKey, SigningKeys};
pub use payload::{ChunkSeed, ContentSha256, PayloadMode, decoded_content_length};
pub(crate) use policy::PolicySignature;
pub use produce::{Signing, presign_oss_v1, presign_v4, sign_oss_v1_headers, sign_v4_headers};
pub use scheme::{Credentials, Scheme};
pub use verified::Verified;

use http::request::Parts;

use scheme::Claim;

/// Stands in for the secret of an access key that does not exist.
const UNKNOWN_SECRET: &str = "no-such-access-key-no-such-access-key-00";

/// Checks `parts` against the signature that `credentials` (from [`detect`] on the same request) claims.
///
/// `parts.uri` and `parts.headers` must be as received. [`SigningKeys`] in the context saves the key derivation of a
/// repeated (access key, day, region).
pub fn verify(
    parts: &Parts,
    credentials: &Credentials,
    secret: &str,
    context: &VerifyContext<'_>,
) -> Result<Verified, SignError> {
    match &credentials.claim {
        Claim::SigV2(claim) => sigv2::verify(parts, credentials, claim, secret, context),
        Claim::V2(claim) => oss_v2::verify(parts, credentials, claim, secret, context),
        Claim::V1(claim) => oss_v1::verify(parts, credentials, claim, secret, context),
        Claim::V4(claim) => v4::verify(parts, credentials, claim, secret, context),
    }
}

/// Does the work of [`verify`] for an access key that does not exist, so that the time of the answer does not tell.
///
/// The answer is the caller's (the vendors' `InvalidAccessKeyId`), except where the request is refused whatever its
/// key: malformed, expired, out of time.
pub fn verify_unknown(parts: &Parts, credentials: &Credentials, context: &VerifyContext<'_>) -> Result<(), SignError> {
    match verify(parts, credentials, UNKNOWN_SECRET, context) {
        // Whoever guesses the stand-in has signed for a key that does not exist: still unknown.
        Ok(_) | Err(SignError::Mismatch(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
