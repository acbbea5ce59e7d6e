//! A website of S3 as browsers see it.

use headwater_model::bucket::Dialect::{Oss, S3};
use http::{HeaderValue, Method, header};

use crate::support::{Running, request, signed, start};

const RULES: &str = "<WebsiteConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
    <RoutingRules><RoutingRule><Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition>\
    <Redirect><ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>\
    </WebsiteConfiguration>";

async fn put_website(running: &Running, document: &'static str) -> (u16, String) {
    let put = signed(request(Method::PUT, "/site/?website", document), S3, (Some("site"), None));
    let (parts, body) = running.send(put).await;
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into())
}

async fn visit(running: &Running, method: Method, path: &str) -> (http::response::Parts, String) {
    let mut visit = request(method, path, "");
    visit.headers_mut().insert(header::HOST, HeaderValue::from_static("site.web.test"));
    let (parts, body) = running.send(visit).await;
    (parts, String::from_utf8_lossy(&body).into())
}

async fn with_bucket() -> Running {
    let running = start(None).await;
    let create = signed(request(Method::PUT, "/site/", ""), S3, (Some("site"), None));
    assert_eq!(running.send(create).await.0.status, 200);
    running
}

#[tokio::test]
async fn errors_are_pages_and_redirects_are_empty() {
    let running = with_bucket().await;
    let (parts, page) = visit(&running, Method::GET, "/").await;
    assert_eq!(parts.status, 404);
    assert!(page.contains("<li>Code: NoSuchWebsiteConfiguration</li>"), "{page}");
    assert_eq!(put_website(&running, RULES).await.0, 200);
    // A private bucket: rules answer nonetheless, and what is missing is no stranger's business.
    let (parts, body) = visit(&running, Method::GET, "/docs/a").await;
    assert_eq!((parts.status.as_u16(), &*body), (301, ""));
    assert_eq!(parts.headers["location"], "http://site.web.test/documents/a");
    for path in ["/", "/nope"] {
        let (parts, page) = visit(&running, Method::GET, path).await;
        assert_eq!(parts.status, 403, "{path}");
        assert_eq!(parts.headers["x-amz-error-code"], "AccessDenied");
        assert_eq!(parts.headers["content-type"], "text/html; charset=utf-8");
        assert!(page.starts_with("<html>") && page.contains("<h1>403 Forbidden</h1>"), "{page}");
        let (head, nothing) = visit(&running, Method::HEAD, path).await;
        assert_eq!((head.status.as_u16(), &*nothing), (403, ""));
        assert_eq!(head.headers["content-length"].to_str().unwrap(), page.len().to_string());
    }
    let (parts, page) = visit(&running, Method::PUT, "/k").await;
    assert_eq!(parts.status, 405);
    assert!(page.contains("<li>Code: MethodNotAllowed</li>"), "{page}");
}

#[tokio::test]
async fn the_document_of_either_face_is_one() {
    let running = with_bucket().await;
    assert_eq!(put_website(&running, RULES).await.0, 200);
    let shown = async |dialect| {
        let get = signed(request(Method::GET, "/site/?website", ""), dialect, (Some("site"), None));
        String::from_utf8(running.send(get).await.1.to_vec()).unwrap()
    };
    assert!(shown(S3).await.ends_with(RULES));
    assert!(shown(Oss).await.contains("<RuleNumber>1</RuleNumber>"));
    let (status, refusal) = put_website(
        &running,
        "<WebsiteConfiguration><ErrorDocument><Key>e.html</Key></ErrorDocument></WebsiteConfiguration>",
    )
    .await;
    assert_eq!(status, 400);
    assert!(
        refusal.contains("<Code>InvalidArgument</Code><Message>A value for IndexDocument Suffix must"),
        "{refusal}"
    );
    assert!(shown(S3).await.ends_with(RULES), "a refused document changes nothing");
}
