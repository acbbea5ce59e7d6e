//! Requests to S3 and OSS origins, signed as they go out.
//!
//! Guarantees: what is signed is what is sent, `Host` and path included; a signature is made for one attempt at one
//! endpoint and is in no request to any other. The path may hold anything that a key may, as long as its encoding is
//! the strict one.
//!
//! How: `headwater_wire::sign`, which is also what checks signatures that come in. Bodies are not covered: there are
//! none.

use std::fmt;

use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::origin::{OriginError, OriginSigning};
use headwater_model::rule::Secret;
use headwater_wire::sign::{self, ContentSha256, Signing, SigningKeys};
use headwater_wire::unescape_path;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Request};

use crate::outgoing::{Outgoing, wire_method};

/// Signs, and keeps derived keys.
#[derive(Debug, Default)]
pub(crate) struct Signer {
    keys: SigningKeys,
}

impl Signer {
    /// The header fields of the request with its signature, made at `now`.
    pub(crate) fn sign(
        &self,
        outgoing: Outgoing<'_>,
        signing: &OriginSigning,
        now: Timestamp,
    ) -> Result<HeaderMap, OriginError> {
        let target = outgoing.target;
        let mut request = Request::new(());
        *request.method_mut() = wire_method(outgoing.method);
        *request.uri_mut() = target.path.clone();
        *request.headers_mut() = outgoing.headers.clone();
        request.headers_mut().remove(AUTHORIZATION);
        request.headers_mut().entry(HOST).or_insert_with(|| target.authority.clone());
        let path = unescape_path(target.path.path()).ok_or_else(|| failed(&"the path is no key"))?;
        let with = Signing {
            dialect: signing.dialect,
            access_key_id: &signing.access_key_id,
            secret: signing.access_key_secret.reveal(),
            session_token: signing.session_token.as_ref().map(Secret::reveal),
            region: &signing.region,
            target: match signing.dialect {
                // SigV4 signs the path as it is.
                Dialect::S3 => sign::Target::default(),
                Dialect::Oss => object(&path, signing.bucket.as_deref()),
            },
            additional_headers: &[],
            now,
            keys: &self.keys,
        };
        let (mut parts, ()) = request.into_parts();
        sign::sign_v4_headers(&mut parts, ContentSha256::Unsigned, &with).map_err(|error| failed(&error))?;
        Ok(parts.headers)
    }
}

fn failed(reason: &dyn fmt::Display) -> OriginError {
    OriginError::BadUrl(format!("cannot sign: {reason}").into())
}

/// Bucket and key of a decoded path; the path begins with the bucket unless that is in the name of the host.
fn object<'p>(path: &'p str, bucket: Option<&'p str>) -> sign::Target<'p> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    let named = |text: &'p str| (!text.is_empty()).then_some(text);
    match (bucket, rest.split_once('/')) {
        (Some(bucket), _) => sign::Target { bucket: Some(bucket), key: named(rest) },
        (None, Some((bucket, key))) => sign::Target { bucket: named(bucket), key: named(key) },
        (None, None) => sign::Target { bucket: named(rest), key: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_host_or_the_path() {
        let target = |bucket, key| sign::Target { bucket, key };
        assert_eq!(object("/a/b", Some("bkt")), target(Some("bkt"), Some("a/b")));
        assert_eq!(object("//a", Some("bkt")), target(Some("bkt"), Some("/a")));
        assert_eq!(object("/", Some("bkt")), target(Some("bkt"), None));
        assert_eq!(object("/bkt/a//b", None), target(Some("bkt"), Some("a//b")));
        assert_eq!(object("/bkt/", None), target(Some("bkt"), None));
        assert_eq!(object("/bkt", None), target(Some("bkt"), None));
        assert_eq!(object("/", None), target(None, None));
    }
}
