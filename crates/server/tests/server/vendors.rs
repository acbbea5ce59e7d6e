//! What clients of one vendor rely on, seen from outside.

use std::io::Read as _;

use headwater_model::bucket::Dialect::{Oss, S3};
use http::{HeaderValue, Method};

use crate::support::{open_bucket, request, signed, start};

fn with(
    mut asked: http::Request<http_body_util::Full<bytes::Bytes>>,
    headers: &[(&'static str, &'static str)],
) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    for (name, value) in headers {
        asked.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    asked
}

#[tokio::test]
async fn texts_are_compressed_for_clients_of_oss_that_accept_it() {
    let running = start(None).await;
    open_bucket(&running).await;
    let text: &'static str = Box::leak("headwater ".repeat(200).into_boxed_str());
    for (path, kind, body) in [
        ("/bkt/t", "text/plain", text),
        ("/bkt/b", "application/octet-stream", text),
        ("/bkt/s", "text/plain", "short"),
    ] {
        running.send(with(request(Method::PUT, path, body), &[("content-type", kind)])).await;
    }
    let gzip = ("accept-encoding", "gzip");
    let (parts, body) = running.send(with(request(Method::GET, "/bkt/t", ""), &[gzip])).await;
    assert_eq!(
        (&parts.headers["content-encoding"], parts.headers.get("content-length")),
        (&HeaderValue::from_static("gzip"), None)
    );
    assert!(parts.headers["etag"].to_str().unwrap().starts_with("W/\"") && !parts.headers.contains_key("content-md5"));
    let mut read = String::new();
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut read).unwrap();
    assert_eq!(read, text);
    assert!(body.len() < text.len());
    for (path, headers) in [
        ("/bkt/t", &[][..]),
        ("/bkt/b", &[gzip]),
        ("/bkt/s", &[gzip]),
        ("/bkt/t", &[gzip, ("range", "bytes=0-1999")]),
        ("/bkt/t", &[gzip, ("x-amz-checksum-mode", "ENABLED")]),
    ] {
        let (parts, body) = running.send(with(request(Method::GET, path, ""), headers)).await;
        assert!(
            !parts.headers.contains_key("content-encoding") && parts.headers.contains_key("content-length"),
            "{path} {headers:?}"
        );
        assert!(body == text || body == "short", "{path}");
    }
}

#[tokio::test]
async fn a_list_that_is_put_makes_the_bucket_at_oss() {
    let running = start(None).await;
    let put = |dialect, header: &'static str, name: &'static str| {
        let path: &'static str = Box::leak(format!("/{name}/?acl").into_boxed_str());
        signed(with(request(Method::PUT, path, ""), &[(header, "public-read")]), dialect, (Some(name), None))
    };
    assert_eq!(running.send(put(S3, "x-amz-acl", "made")).await.0.status, 404);
    let made = running.send(put(Oss, "x-oss-acl", "made")).await.0;
    assert_eq!((made.status.as_u16(), &made.headers["location"]), (200, &HeaderValue::from_static("/made")));
    let (_, body) = running.send(signed(request(Method::GET, "/made/?acl", ""), Oss, (Some("made"), None))).await;
    assert!(String::from_utf8_lossy(&body).contains("<Grant>public-read</Grant>"), "{body:?}");
    let stranger = with(request(Method::PUT, "/mine/?acl", ""), &[("x-oss-acl", "private")]);
    assert_eq!(running.send(stranger).await.0.status, 403, "nobody makes buckets");
}

#[tokio::test]
async fn buckets_are_listed_by_their_tags_and_to_nobody_not_at_all() {
    const TAGS: &str = "<Tagging><TagSet><Tag><Key>env</Key><Value>test</Value></Tag><Tag><Key>team</Key><Value>dev</Value></Tag></TagSet></Tagging>";
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(signed(request(Method::PUT, "/tagged/", ""), Oss, (Some("tagged"), None))).await;
    let (parts, body) =
        running.send(signed(request(Method::PUT, "/tagged/?tagging", TAGS), Oss, (Some("tagged"), None))).await;
    assert!(parts.status.is_success(), "{body:?}");
    for (query, status, found) in [
        ("", 200, &["bkt", "tagged"][..]),
        ("?tag-key=env", 200, &["tagged"]),
        ("?tag-key=env&tag-value=test", 200, &["tagged"]),
        ("?tag-key=env&tag-value=prod", 200, &[]),
        ("?tagging=%22env%22:%22test%22,%22team%22:%22dev%22", 200, &["tagged"]),
        ("?tagging=%22env%22:%22test%22,%22team%22:%22ops%22", 200, &[]),
        ("?tag-value=test", 400, &[]),
        ("?tagging=env", 400, &[]),
        ("?regionList", 200, &["bkt", "tagged"]),
    ] {
        let (parts, body) =
            running.send(signed(request(Method::GET, &format!("/{query}"), ""), Oss, (None, None))).await;
        let body = String::from_utf8_lossy(&body);
        let names: Vec<&str> = body.split("<Name>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!((parts.status.as_u16(), &names[..]), (status, found), "{query}: {body}");
        let told = body.contains("<Tagging><TagSet><Tag><Key>env</Key><Value>test</Value></Tag>");
        assert_eq!(told, query.starts_with("?tag") && !found.is_empty(), "{query}: {body}");
    }
    let (parts, body) = running.send(with(request(Method::GET, "/", ""), &[("x-amz-date", "now")])).await;
    assert!(parts.status == 200 && String::from_utf8_lossy(&body).contains("<Buckets></Buckets>"), "{body:?}");
    assert_eq!(running.send(with(request(Method::GET, "/", ""), &[("x-oss-date", "now")])).await.0.status, 403);
}

#[tokio::test]
async fn the_home_page_answers_for_directories_at_oss_where_nothing_is_stored() {
    let running = start(None).await;
    open_bucket(&running).await;
    let website =
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>";
    running.send(signed(request(Method::PUT, "/bkt/?website", website), Oss, (Some("bkt"), None))).await;
    running.send(request(Method::PUT, "/bkt/index.html", "home")).await;
    running.send(request(Method::PUT, "/bkt/kept/", "kept")).await;
    for (key, status, answer) in [("any/", 200, "home"), ("kept/", 200, "kept"), ("any", 404, "")] {
        let asked = signed(request(Method::GET, &format!("/bkt/{key}"), ""), Oss, (Some("bkt"), Some(key)));
        let (parts, body) = running.send(asked).await;
        assert_eq!(parts.status, status, "{key}");
        assert!(status == 404 || body == answer, "{key}: {body:?}");
    }
}
