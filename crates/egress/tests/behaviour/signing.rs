//! Rows O55 and O74: signed requests, checked by the code that checks what clients sign.

use std::time::Duration;

use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock as _, Timestamp};
use headwater_model::origin::{Origin, OriginMethod, OriginRequest, OriginSigning};
use headwater_model::rule::Secret;
use headwater_testkit::origin::{RecordedRequest, Reply, ScriptedOrigin};
use headwater_wire::sign::{SignError, SigningKeys, Target, VerifyContext, detect, verify};
use http::header::{AUTHORIZATION, RANGE};
use http::request::Parts;
use http::{HeaderMap, Request};

use crate::rig::{Rig, following, read};

/// Nothing of this may reach another host.
const SECRETS: [&str; 4] = ["AKIDEXAMPLE", "the-token", "Signature", "private-value"];

fn signing(dialect: Dialect) -> OriginSigning {
    OriginSigning {
        dialect,
        access_key_id: "AKIDEXAMPLE".into(),
        access_key_secret: Secret::new("the-secret"),
        session_token: Some(Secret::new("the-token")),
        region: "eu-west-9".into(),
        bucket: None,
    }
}

fn signed(url: &str, dialect: Dialect) -> OriginRequest {
    OriginRequest { signing: Some(signing(dialect).into()), ..following(url) }
}

fn parts(request: &RecordedRequest) -> Parts {
    let mut builder = Request::builder().method(&*request.method).uri(&*request.target);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    builder.body(()).unwrap().into_parts().0
}

fn check(request: &RecordedRequest, now: Timestamp, target: Target<'_>) -> Result<(), SignError> {
    let (parts, keys) = (parts(request), SigningKeys::new());
    let context = VerifyContext { now, target, strict_region: Some("eu-west-9"), keys: &keys };
    let credentials = detect(&parts)?.expect("signed");
    let verified = verify(&parts, &credentials, "the-secret", &context)?;
    assert_eq!(verified.session_token.as_deref(), Some("the-token"));
    Ok(())
}

#[tokio::test]
async fn both_dialects_sign_what_is_sent() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let keys = [("/bkt/plain", "plain"), ("/bkt//a/%E4%BD%A0%20%2B/", "/a/你 +/"), ("/bkt/x?versionId=a%2Fb&x=", "x")];
    for (dialect, method) in [(Dialect::S3, OriginMethod::Get), (Dialect::Oss, OriginMethod::Head)] {
        for (path, key) in keys {
            let headers = HeaderMap::from_iter([
                (RANGE, "bytes=1-2".parse().unwrap()),
                (AUTHORIZATION, "Basic of-the-client".parse().unwrap()),
            ]);
            let request = OriginRequest { method, headers, ..signed(&origin.url(path), dialect) };
            rig.client.fetch(request).await.unwrap();
            let sent = origin.requests().pop().unwrap();
            assert_eq!(sent.header("range"), Some("bytes=1-2"));
            check(&sent, rig.clock.now(), Target { bucket: Some("bkt"), key: Some(key) }).unwrap();
        }
    }
    let mut virtual_hosted = signing(Dialect::Oss);
    virtual_hosted.bucket = Some("bkt".into());
    let request = OriginRequest { signing: Some(virtual_hosted.into()), ..following(&origin.url("/a/b")) };
    rig.client.fetch(request).await.unwrap();
    let sent = origin.requests().pop().unwrap();
    check(&sent, rig.clock.now(), Target { bucket: Some("bkt"), key: Some("a/b") }).unwrap();
}

#[tokio::test]
async fn each_hop_of_the_same_origin_is_signed_anew() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/bkt/a", Reply::redirect(307, "/bkt/b"));
    origin.on("/bkt/b", Reply::ok("here"));
    let response = rig.client.fetch(signed(&origin.url("/bkt/a"), Dialect::S3)).await.unwrap();
    assert_eq!(read(response).await.unwrap(), b"here");
    for request in origin.requests() {
        check(&request, rig.clock.now(), Target::default()).unwrap();
    }
    let authorizations: Vec<_> =
        origin.requests().iter().map(|sent| sent.header("authorization").unwrap().to_owned()).collect();
    assert_ne!(authorizations[0], authorizations[1]);
}

#[tokio::test]
async fn o55_nothing_of_a_signature_reaches_another_place_or_comes_back() {
    let (origin, other, rig) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await, Rig::new());
    for status in [301, 302, 303, 307, 308] {
        for dialect in [Dialect::S3, Dialect::Oss] {
            origin.on("/bkt/a", Reply::redirect(status, &other.url("/bkt/a?x=1")));
            other.on("/bkt/a?x=1", Reply::redirect(status, &origin.url("/bkt/other-key")));
            origin.on("/bkt/other-key", Reply::status(403));
            let mut request = signed(&origin.url("/bkt/a"), dialect);
            request.headers.insert("x-mine", "private-value".parse().unwrap());
            request.confidential.push("x-mine".parse().unwrap());
            let response = rig.client.fetch(request).await.unwrap();
            assert_eq!(response.status, 403, "an honest failure");
            let back = origin.requests().pop().unwrap();
            assert_eq!(back.target, "/bkt/other-key");
            for sent in other.requests().iter().chain([&back]) {
                let text = format!("{sent:?}");
                assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
                assert!(!text.contains("x-amz-") && !text.contains("x-oss-"), "{text}");
            }
        }
    }
}

fn refused_for_skew(date: &str) -> Reply {
    let document = "<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error>";
    Reply::raw(format!(
        "HTTP/1.1 403 Forbidden\r\ndate: {date}\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{document}",
        document.len()
    ))
}

#[tokio::test]
async fn o74_a_clock_that_differs_costs_one_more_try_once() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let ahead = rig.clock.now().plus(Duration::from_hours(1));
    // An hour after the rig's clock.
    let date = "Tue, 14 Nov 2023 23:13:20 GMT";
    for method in [OriginMethod::Get, OriginMethod::Head] {
        let rig = Rig::new();
        origin.on_fn("/bkt/a", move |request| match check(request, ahead, Target::default()) {
            Ok(()) => Reply::ok("here"),
            Err(SignError::TimeTooSkewed { .. }) if request.method == "GET" => refused_for_skew(date),
            Err(SignError::TimeTooSkewed { .. }) => {
                Reply::raw(format!("HTTP/1.1 403 Forbidden\r\ndate: {date}\r\ncontent-length: 9\r\n\r\n"))
            }
            Err(other) => panic!("{other:?}"),
        });
        let before = origin.requests().len();
        for more in [2, 3] {
            let request = OriginRequest { method, ..signed(&origin.url("/bkt/a"), Dialect::S3) };
            assert_eq!(rig.client.fetch(request).await.unwrap().status, 200);
            assert_eq!(origin.requests().len(), before + more, "the difference is remembered");
        }
    }
}

#[tokio::test]
async fn o74_other_refusals_are_handed_back_whole() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let date = "Tue, 14 Nov 2023 23:13:20 GMT";
    origin.on("/bkt/a", refused_for_skew(date));
    let response = rig.client.fetch(signed(&origin.url("/bkt/a"), Dialect::S3)).await.unwrap();
    assert_eq!(origin.requests().len(), 2, "once and no more");
    assert!(read(response).await.unwrap().starts_with(b"<Error><Code>RequestTimeTooSkewed"));
    for code in ["InvalidObjectState", "ExpiredToken", "AccessDenied"] {
        let document = format!("<Error><Code>{code}</Code></Error>");
        let reply = format!(
            "HTTP/1.1 403 Forbidden\r\ndate: {date}\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{document}",
            document.len()
        );
        origin.on("/bkt/a", Reply::raw(reply));
        let before = origin.requests().len();
        let response = rig.client.fetch(signed(&origin.url("/bkt/a"), Dialect::S3)).await.unwrap();
        assert_eq!(read(response).await.unwrap(), document.as_bytes());
        assert_eq!(origin.requests().len(), before + 1, "{code}");
    }
}
