//! The page over an engine: what it tells, and that it stores nothing.

use headwater_model::rule::{KeyValue, MirrorHeaders, RoutingRule};
use headwater_model::website::Website;
use http::StatusCode;

use crate::world::{SCRIPT, World, form_of, shown};

async fn world() -> World {
    let world = World::new().await;
    let mut first = RoutingRule::mirror_all(1, "https://one.example/");
    first.condition.key_prefix = Some("a/".into());
    let mut second = RoutingRule::mirror_all(2, "https://two.example/base/");
    let mirror = &mut second.redirect.as_mut().unwrap().mirror;
    mirror.pass_query_string = Some(true);
    let set = vec![KeyValue { key: "x-token".into(), value: "hidden-value".into() }];
    mirror.headers = Some(MirrorHeaders { pass: vec!["x-passed".into()], set, ..MirrorHeaders::default() });
    world.put(Website { rules: vec![first, second], ..Website::default() }).await;
    world
}

#[tokio::test]
async fn the_steps_are_told_and_no_origin_is_asked() {
    let world = world().await;
    let (status, page) = world.get("explain").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("method=\"get\" action=\"/buckets/bkt/explain\"") && !page.contains("Steps"), "{page}");
    let query = [("key", "b/c d"), ("method", "GET"), ("headers", "X-Passed: seen\r\n"), ("query", "?v=1")];
    let (status, page) = world.get_with("explain", &query).await;
    assert_eq!(status, StatusCode::OK);
    for words in [
        "GET bkt/b/c d",
        "not here",
        "does not apply: KeyPrefixEquals &#34;a/&#34; is not how the key begins",
        "Mirror, applies",
        "https://two.example/base/b/c%20d?v=1",
        "never asked since the start",
        "x-passed: seen",
        "x-token: ******",
        "value=\"b/c d\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("hidden-value") && !page.contains("tried"), "{page}");
    let form = page.split("<form method=\"get\"").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(!form.contains("csrf"), "a token has no place in an address");
    let (_, page) = world.get_with("explain", &[("key", "x"), ("method", "HEAD")]).await;
    assert!(page.contains("HEAD bkt/x") && page.contains("MirrorAllowHeadObject is off"), "{page}");
}

#[tokio::test]
async fn the_origin_is_asked_by_a_form_that_was_sent() {
    let world = world().await;
    let query = [("key", "b/c"), ("headers", "x-passed: one\nx-two: 2"), ("anonymous", "on")];
    let (_, page) = world.get_with("explain", &query).await;
    assert!(page.contains("403 (") && page.contains("none of the following happens"), "{page}");
    let sent = form_of(&page, "explain", &[]);
    for (name, value) in [("key", "b/c"), ("headers", "x-passed: one\nx-two: 2"), ("anonymous", "on")] {
        assert!(sent.contains(&(name.to_owned(), value.to_owned())), "{sent:?}");
    }
    let (status, page) = shown(world.post("explain", &sent).await);
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<dt>tried</dt>") && page.contains("no answer: failed: "), "{page}");
    assert!(world.audited().await.is_empty(), "nothing is changed");
}

#[tokio::test]
async fn a_wrong_request_is_told_at_its_field_and_kept() {
    let world = world().await;
    let too_long = "x".repeat(1025);
    for (typed, field, words) in [
        ([("key", ""), ("query", "kept=1")], "key", "Type the name of a file"),
        ([("key", &*too_long), ("query", "kept=1")], "key", "cannot be a file"),
        ([("headers", "no header"), ("query", "kept=1")], "headers", "type Name: value"),
        ([("headers", "a b: c"), ("query", "kept=1")], "headers", "type Name: value"),
        ([("query", "kept=1 2"), ("key", "a")], "query", "percent-encoded"),
    ] {
        let (status, page) = world.get_with("explain", &typed).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let fault = page.split(&format!("id=\"{field}-fault\">")).nth(1);
        assert!(fault.is_some_and(|rest| rest.split("</p>").next().unwrap().contains(words)), "{words}: {page}");
        assert!(page.contains("role=\"alert\"") && page.contains("value=\"kept=1"), "{page}");
    }
}

#[tokio::test]
async fn text_stays_text() {
    let world = world().await;
    let mut rule = RoutingRule::mirror_all(1, "https://one.example/");
    rule.condition.key_prefix = Some(SCRIPT.into());
    world.put(Website { rules: vec![rule], ..Website::default() }).await;
    let headers = format!("x-a: {SCRIPT}");
    for query in [
        vec![("key", SCRIPT), ("headers", &*headers), ("query", SCRIPT), ("method", SCRIPT)],
        vec![("key", "another"), ("headers", SCRIPT)],
        vec![("key", "another")],
    ] {
        let (_, page) = world.get_with("explain", &query).await;
        assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
    }
}
