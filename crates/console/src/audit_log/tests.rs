use headwater_engine::Changed;
use headwater_model::rule::RoutingRule;
use headwater_model::website::Website;
use http::StatusCode;
use serde_json::{Value, json};

use super::{MAX_SHOWN_BYTES, document};
use crate::browser::Browser;
use crate::world::{SCRIPT, World, name};

/// Writes a change down that made `after` of `before`.
async fn write(browser: &Browser, target: &str, before: Value, after: Value) {
    let change = async move { Ok(Changed { before: Some(before), after: Some(after), differs: true }) };
    let administration = &browser.world.administration;
    administration.change(World::requester(), "put_migration_settings", target.to_owned(), change).await.unwrap();
}

#[tokio::test]
async fn changes_are_told_newest_first_with_before_and_after() {
    let browser = Browser::new().await;
    let (status, page) = browser.get("/audit-log").await;
    assert_eq!((status, page.contains("No change is written down yet.")), (StatusCode::OK, true), "{page}");
    let website = Website { rules: vec![RoutingRule::mirror_all(1, "https://a/")], ..Website::default() };
    let administration = &browser.world.administration;
    administration.change_website(World::requester(), name(), Some(website), None).await.unwrap();
    write(&browser, "bucket later", json!({"a": 1}), json!({"a": 2})).await;
    let (_, page) = browser.get("/audit-log").await;
    for words in [
        "<code>put_website</code>",
        "bucket bkt",
        "&#60;MirrorURL&#62;https://a/&#60;/MirrorURL&#62;",
        "<td>root</td>",
        "<td>127.0.0.1</td>",
        "Request request",
        "2023-11-14T22:13:20.000Z",
        "headwater doctor --data DIR",
        "&#34;a&#34;: 1",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(page.find("bucket later").unwrap() < page.find("bucket bkt").unwrap(), "{page}");
}

#[tokio::test]
async fn what_is_shown_is_filtered_and_limited() {
    let browser = Browser::new().await;
    for number in 0..150 {
        write(&browser, &format!("bucket b{number:03}"), Value::Null, json!({"hidden": format!("Inner{number:03}")}))
            .await;
    }
    let rows = |page: &str| page.matches("<code>put_migration_settings</code>").count();
    let (_, page) = browser.get("/audit-log").await;
    assert_eq!((rows(&page), page.contains("bucket b149"), page.contains("bucket b049")), (100, true, false));
    let (_, page) = browser.get("/audit-log?limit=1000").await;
    assert_eq!((rows(&page), page.contains("value=\"1000\" selected")), (150, true));
    assert_eq!(rows(&browser.get("/audit-log?limit=7").await.1), 100, "two sizes of pages there are");
    let (_, page) = browser.get("/audit-log?limit=1000&search=iNNer042").await;
    assert_eq!((rows(&page), page.contains("bucket b042")), (1, true), "{page}");
    let (_, page) = browser.get("/audit-log?search=inner042").await;
    assert!(page.contains("None of the last 100 changes contains"), "{page}");
}

#[tokio::test]
async fn what_others_wrote_stays_text() {
    let browser = Browser::new().await;
    write(&browser, SCRIPT, json!({SCRIPT: SCRIPT}), json!(format!("</pre>{SCRIPT}"))).await;
    for path in ["/audit-log", "/audit-log?search=%22%27%3E%3Cscript%3Ex", "/audit-log?search=%3Cscript%3Enothing"] {
        let (_, page) = browser.get(path).await;
        assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
    }
}

#[test]
fn long_documents_are_cut_between_characters() {
    let long = document(&"é".repeat(MAX_SHOWN_BYTES).into()).unwrap();
    assert!(long.len() < MAX_SHOWN_BYTES + 40 && long.ends_with("… The file has the rest."));
    assert_eq!(document(&Value::Null), None);
    assert_eq!(document(&json!({"a": [1]})).unwrap(), "{\n  \"a\": [\n    1\n  ]\n}");
}
