use headwater_model::bucket::PublicAccessBlock;
use headwater_model::op::Op;
use headwater_model::reply::Reply;
use http::{Method, StatusCode};

use super::blocked_parts;
use crate::browser::{Browser, HOME, cookie, encoded, shown};
use crate::world::fields;

async fn block(browser: &Browser) -> PublicAccessBlock {
    match browser.world.perform(Op::GetAccountPublicAccessBlock).await {
        Reply::PublicAccess(block) => block,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_server_runs_with_is_shown_and_stays_text() {
    let browser = Browser::new().await;
    let (status, page) = browser.get("/settings").await;
    assert_eq!(status, StatusCode::OK);
    for words in [
        "<dd>9.9.9</dd>",
        "<dd>127.0.0.1:9000 (HTTPS)</dd>",
        "<dd>127.0.0.1:9001 (plain HTTP)</dd>",
        "<dd>cn-hangzhou</dd>",
        "<dd>s3.example, &#34;&#39;&#62;&#60;script&#62;x&#60;/script&#62;</dd>",
        "<dd>10.0.0.0/8</dd>",
        "<dt>Drain</dt><dd>30 s</dd>",
        "/audit.log</dd>",
        "<dt>Buckets</dt><dd>1000</dd>",
        "<dt>Single upload, and part of one</dt><dd>5.00 GiB</dd>",
        "aria-current=\"page\">Settings",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains("<script>x"), "{page}");
}

#[tokio::test]
async fn public_access_is_blocked_and_no_longer_blocked_on_every_bucket() {
    let browser = Browser::new().await;
    let (_, page) = browser.get("/settings").await;
    assert!(page.contains("Off: lists") && !page.contains("value=\"off\""), "{page}");
    let done = (StatusCode::SEE_OTHER, "/settings".to_owned());
    let form = "id=\"block_public_access\"";
    assert_eq!(browser.submit(&page, form, &[("block_public_access", "on")]).await, done);
    assert_eq!(block(&browser).await, PublicAccessBlock::ALL);
    let audited = browser.audited().await;
    assert!(audited.contains(r#""action":"put_account_public_access_block""#), "{audited}");
    assert!(audited.contains(r#""target":"server""#) && audited.contains("block_public_policy"), "{audited}");
    let (_, page) = browser.get("/settings").await;
    assert!(page.contains("Public access is blocked on every bucket.") && !page.contains("value=\"on\""), "{page}");

    assert_eq!(browser.submit(&page, form, &[("block_public_access", "on")]).await, done, "as it is");
    assert_eq!(browser.audited().await, audited);
    let (status, refused) = browser.submit(&page, form, &[("block_public_access", "perhaps")]).await;
    assert_eq!((status, refused.contains("role=\"alert\"")), (StatusCode::UNPROCESSABLE_ENTITY, true), "{refused}");
    assert_eq!(block(&browser).await, PublicAccessBlock::ALL);
    assert_eq!(browser.submit(&page, form, &[("block_public_access", "off")]).await, done);
    assert_eq!(block(&browser).await, PublicAccessBlock::default());

    let part = PublicAccessBlock { configured: true, ignore_public_acls: true, ..PublicAccessBlock::default() };
    browser.world.perform(Op::PutAccountPublicAccessBlock(part)).await;
    let (_, page) = browser.get("/settings").await;
    assert!(page.contains("In part, on every bucket: IgnorePublicAcls."), "{page}");
    assert!(page.contains("value=\"on\"") && page.contains("value=\"off\""), "{page}");
}

#[tokio::test]
async fn browsers_of_ones_own_key_are_told_and_all_are_logged_out() {
    let browser = Browser::new().await;
    let other = browser.log_on("192.0.2.7".parse().unwrap(), "root", "secret").await;
    let (_, page) = browser.get("/settings").await;
    for words in ["<td>127.0.0.1</td><td>This one</td>", "<td>192.0.2.7</td><td>Another</td>"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let out = browser.submit(&page, "Log Out Everywhere", &[]).await;
    assert_eq!(out, (StatusCode::SEE_OTHER, "/log-on".to_owned()));
    let request = http::Request::get("/settings").header("cookie", cookie(&other).unwrap());
    let answer = shown(&browser.answer(request.body(bytes::Bytes::new()).unwrap(), HOME).await);
    assert_eq!(answer, (StatusCode::SEE_OTHER, "/log-on?next=%2Fsettings".to_owned()));
    let form = encoded(&fields(&[("block_public_access", "on")]));
    assert_eq!(browser.ask(Method::POST, "/settings", &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(block(&browser).await, PublicAccessBlock::default(), "nobody is logged on");
}

#[test]
fn every_part_of_a_block_has_its_name() {
    assert_eq!(blocked_parts(PublicAccessBlock::ALL).len(), 4);
    assert!(blocked_parts(PublicAccessBlock::default()).is_empty());
}
