//! Signatures of POST policies: the policy, in Base64 as it was sent, is the string to sign.
//!
//! The old form of both vendors is one HMAC-SHA1; V4 signs with the key of a scope. There is no window of time here: the
//! policy itself says until when it holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use subtle::ConstantTimeEq;

use super::detect::parse_credential;
use super::error::{Mismatch, SignError};
use super::keys::{SigningKey, hmac_sha1};
use super::payload::decode_hex;
use super::scheme::Scope;
use super::v4::{AWS, OSS, Style};

/// A signature of a policy, as claimed.
#[derive(Clone)]
pub(crate) struct PolicySignature {
    claim: Claim,
    signature: String,
}

#[derive(Clone)]
enum Claim {
    /// HMAC-SHA1 in Base64: OSS V1, and AWS before V4.
    V1,
    V4 {
        style: &'static Style,
        scope: Scope,
    },
}

impl std::fmt::Debug for PolicySignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PolicySignature(..)")
    }
}

impl PolicySignature {
    pub(crate) fn v1(signature: &str) -> Self {
        Self { claim: Claim::V1, signature: signature.trim().to_owned() }
    }

    /// The access key id and the claim that a credential and a date make.
    pub(crate) fn v4(credential: &str, date: &str, signature: &str, oss: bool) -> Result<(String, Self), SignError> {
        let style = if oss { &OSS } else { &AWS };
        let (id, scope) = parse_credential(credential, style)?;
        if !date.starts_with(&scope.date) {
            return Err(SignError::malformed("Credential", format!("date {:?} is not that of the form", scope.date)));
        }
        Ok((id, Self { claim: Claim::V4 { style, scope }, signature: signature.trim().to_owned() }))
    }

    /// Whether `policy` was signed so with this secret.
    pub(crate) fn verify(&self, policy: &str, secret: &str, strict_region: Option<&str>) -> Result<(), SignError> {
        let matches = match &self.claim {
            Claim::V1 => {
                let provided = BASE64.decode(&self.signature).unwrap_or_default();
                bool::from(provided.ct_eq(&hmac_sha1(secret, policy.as_bytes())[..]))
            }
            Claim::V4 { style, scope } => {
                if let Some(expected) = strict_region.filter(|expected| *expected != scope.region) {
                    return Err(SignError::WrongRegion { signed: scope.region.clone(), expected: expected.into() });
                }
                let key = SigningKey::derive(style.secret_prefix, secret, scope);
                let computed = key.sign(&[policy.as_bytes()]);
                decode_hex(&self.signature).is_some_and(|provided| bool::from(provided.ct_eq(&computed)))
            }
        };
        if matches {
            return Ok(());
        }
        Err(SignError::Mismatch(Box::new(Mismatch {
            string_to_sign: policy.to_owned(),
            canonical_request: None,
            provided: self.signature.clone(),
        })))
    }
}
