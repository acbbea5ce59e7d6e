//! The signature schemes, and what a request claims under one of them.

use std::fmt;

use super::payload::decode_hex;
use super::v4::Style;

/// A way to sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `Authorization: OSS <id>:<signature>` (HMAC-SHA1).
    OssV1Header,
    /// `?OSSAccessKeyId=…&Expires=…&Signature=…`.
    OssV1Query,
    /// `Authorization: OSS2 AccessKeyId:…,Signature:…` (HMAC-SHA256).
    OssV2Header,
    /// `?x-oss-signature-version=OSS2&x-oss-access-key-id=…`.
    OssV2Query,
    /// `Authorization: AWS <id>:<signature>` (HMAC-SHA1).
    SigV2Header,
    /// `?AWSAccessKeyId=…&Expires=…&Signature=…`.
    SigV2Query,
    /// `Authorization: OSS4-HMAC-SHA256 …`.
    OssV4Header,
    /// `?x-oss-signature-version=OSS4-HMAC-SHA256&…`.
    OssV4Query,
    /// `Authorization: AWS4-HMAC-SHA256 …`.
    SigV4Header,
    /// `?X-Amz-Algorithm=AWS4-HMAC-SHA256&…`.
    SigV4Query,
}

impl Scheme {
    /// Whether the scheme is Alibaba's: the request speaks the OSS dialect.
    pub fn is_oss(self) -> bool {
        !matches!(self, Self::SigV4Header | Self::SigV4Query | Self::SigV2Header | Self::SigV2Query)
    }

    /// Whether the signature is in the query, so that whoever has the URL may use it.
    pub fn is_presigned(self) -> bool {
        matches!(self, Self::OssV1Query | Self::OssV2Query | Self::OssV4Query | Self::SigV2Query | Self::SigV4Query)
    }
}

/// What a request claims about its signer: parsed, not yet verified.
#[derive(Clone)]
pub struct Credentials {
    /// The scheme used.
    pub scheme: Scheme,
    /// The access key id; never empty.
    pub access_key_id: String,
    /// The security token of temporary credentials, if one was sent.
    pub session_token: Option<String>,
    pub(super) claim: Claim,
}

impl Credentials {
    /// The bytes of the signature that is claimed, for the V4 schemes.
    pub fn v4_signature(&self) -> Option<[u8; 32]> {
        match &self.claim {
            Claim::V1(_) | Claim::V2(_) | Claim::SigV2(_) => None,
            Claim::V4(claim) => decode_hex(&claim.signature),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Signature and token would let a reader of the log repeat the request.
        let Self { scheme, access_key_id, .. } = self;
        f.debug_struct("Credentials").field("scheme", scheme).field("id", access_key_id).finish_non_exhaustive()
    }
}

/// The parts of a claim that only the scheme's own verifier understands.
#[derive(Clone)]
pub(super) enum Claim {
    V1(V1Claim),
    V2(V2Claim),
    SigV2(V1Claim),
    V4(V4Claim),
}

#[derive(Clone)]
pub(super) struct V1Claim {
    /// Base64 of HMAC-SHA1.
    pub(super) signature: String,
    /// The `Expires` parameter of a presigned URL, as sent: it is the Date line of the string to sign.
    pub(super) expires: Option<String>,
}

#[derive(Clone)]
pub(super) struct V2Claim {
    /// Base64 of HMAC-SHA256.
    pub(super) signature: String,
    /// Names joined by `;`, as sent.
    pub(super) additional_headers: String,
    /// `x-oss-expires` of a URL, as sent: it is the Date line of the string to sign.
    pub(super) expires: Option<String>,
}

#[derive(Clone)]
pub(super) struct V4Claim {
    pub(super) style: &'static Style,
    pub(super) scope: Scope,
    /// SigV4: the signed header names; OSS V4: the additional ones. Joined by `;`, as sent.
    pub(super) header_names: String,
    /// Lower-case hex of HMAC-SHA256.
    pub(super) signature: String,
    pub(super) presigned: Option<PresignedTimes>,
}

/// The window of a V4 presigned URL, as sent.
#[derive(Clone)]
pub(super) struct PresignedTimes {
    pub(super) date: String,
    pub(super) expires: String,
}

/// A V4 credential scope: `date/region/service/terminator`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `yyyymmdd`.
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) terminator: &'static str,
}

impl Scope {
    pub(super) fn to_text(&self) -> String {
        [self.date.as_str(), &self.region, &self.service, self.terminator].join("/")
    }
}
