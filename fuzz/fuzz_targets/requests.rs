//! Any request to either API, read to its operation: no panic, never an answer of our own fault, and a key that goes
//! into a listing's or a copy's words means itself.
//!
//! Input: a head as text and a body (`headwater_fuzz::request`). Covers XML bodies, keys, copy sources, dates and ranges in
//! headers, parameters. The digest that a vendor demands of an XML body is put in, so that the body is read.

#![no_main]

use std::time::Duration;

use headwater_fuzz::request;
use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_wire::{
    Addressing, BodyNeed, ErrorContext, PolicyFields, RequestFacts, decode, encode_error, request_host, route,
};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

fn answer(dialect: Dialect, error: &Error, parts: &http::request::Parts) {
    let context = ErrorContext {
        request_id: "1A48FDCB2FDE1A0B3623142F",
        elapsed: Duration::ZERO,
        host: request_host(parts),
        method: &parts.method,
        path: parts.uri.path(),
        bucket: None,
        key: None,
        owner: true,
        site: false,
    };
    let status = encode_error(dialect, error, &context).status();
    assert_ne!(status, 500, "{error:?}");
}

fuzz_target!(|input: &[u8]| {
    let Some((mut parts, body)) = request(input) else { return };
    for default_dialect in [Dialect::Oss, Dialect::S3] {
        let addressing = Addressing {
            domains: vec!["s3.test".into()],
            website_domains: vec!["web.test".into()],
            default_dialect,
            region: "r".into(),
        };
        let routed = match route(&parts, &addressing, &|_| None) {
            Ok(routed) => routed,
            Err(refusal) => {
                answer(refusal.dialect, &refusal.error, &parts);
                continue;
            }
        };
        let _ = PolicyFields::new(&routed, &parts);
        let _ = routed.decisive_queries().count();
        let xml = match routed.body_need() {
            BodyNeed::Xml => {
                let digest = headwater_fuzz::content_md5(body);
                parts.headers.insert("content-md5", HeaderValue::try_from(digest).expect("base64"));
                Some(body)
            }
            _ => None,
        };
        let facts = RequestFacts { signed: true, secure: true, has_website: true };
        if let Err(error) = decode(&routed, &parts, xml, &facts) {
            answer(routed.dialect, &error, &parts);
        }
    }
});
