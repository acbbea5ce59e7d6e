//! The pages over an engine: what they say, and what is stored.

use headwater_model::cors::{CorsConfiguration, CorsRule};
use headwater_model::op::Op;
use http::{HeaderMap, StatusCode};

use crate::page::Outcome;
use crate::world::{SCRIPT, World, form_of, name, shown, to};

fn rule(origin: &str) -> CorsRule {
    CorsRule { origins: vec![origin.into()], methods: vec!["GET".into()], ..CorsRule::default() }
}

async fn put(world: &World, rules: Vec<CorsRule>) {
    let cors = CorsConfiguration { rules, response_vary: true };
    world.perform(Op::PutBucketCors(name(), Box::new(cors))).await;
}

fn stored(world: &World) -> Option<CorsConfiguration> {
    world.bucket().configuration.cors.as_deref().cloned()
}

fn origins(world: &World) -> Vec<String> {
    let rules = stored(world).map(|cors| cors.rules).unwrap_or_default();
    rules.iter().map(|rule| rule.origins.join(" ")).collect()
}

async fn save(world: &World, page: &str, typed: &[(&str, &str)]) -> Outcome {
    world.post("cors/save", &form_of(page, "cors/save", typed)).await
}

/// Presses a button in the row of a rule.
async fn order(world: &World, number: usize, what: &str) -> Outcome {
    let (_, page) = world.get("cors").await;
    let row = page.split("<li aria-labelledby").nth(number).unwrap();
    world.post("cors/order", &form_of(row, "cors/order", &[("do", what)])).await
}

#[tokio::test]
async fn a_rule_is_made_changed_and_deleted() {
    let world = World::new().await;
    let (status, page) = world.get("cors").await;
    assert!(status == StatusCode::OK && page.contains("No rules yet"), "{page}");
    let (_, page) = world.get("cors/create").await;
    for words in ["Source", "Allowed Methods", "Allowed Headers", "Exposed Headers", "Cache Timeout"] {
        assert!(page.contains(words), "{words}");
    }
    let typed = [
        ("origins", "https://a.example\r\nhttps://*.b.example\r\n"),
        ("methods", "PUT"),
        ("methods", "GET"),
        ("headers", "X-One\r\n*"),
        ("exposed", "ETag"),
        ("max_age", "600"),
    ];
    assert_eq!(save(&world, &page, &typed).await, to("cors"));
    let mut expected = CorsRule {
        id: None,
        origins: vec!["https://a.example".into(), "https://*.b.example".into()],
        methods: vec!["GET".into(), "PUT".into()],
        headers: vec!["x-one".into(), "*".into()],
        exposed: vec!["ETag".into()],
        max_age_seconds: Some(600),
    };
    assert_eq!(stored(&world).unwrap(), CorsConfiguration { rules: vec![expected.clone()], response_vary: false });
    let lines = world.audited().await;
    assert!(lines.last().unwrap().contains("\"action\":\"put_bucket_cors\""), "{lines:?}");

    let (_, page) = world.get("cors/rules/1").await;
    assert_eq!(save(&world, &page, &[]).await, to("cors"));
    assert_eq!((world.said().as_deref(), world.audited().await.len()), (Some("Nothing was changed."), lines.len()));
    assert_eq!(save(&world, &page, &[("max_age", "")]).await, to("cors"));
    expected.max_age_seconds = None;
    assert_eq!(stored(&world).unwrap().rules, [expected]);

    let (_, page) = world.get("cors").await;
    let sent = form_of(&page, "cors/vary", &[("vary", "on")]);
    assert_eq!(world.post("cors/vary", &sent).await, to("cors"));
    assert!(stored(&world).unwrap().response_vary);

    let (_, page) = world.get("cors/rules/1/delete").await;
    assert!(page.contains("Delete rule 1?") && page.contains("the last one"), "{page}");
    assert_eq!(world.post("cors/order", &form_of(&page, "cors/order", &[("do", "delete")])).await, to("cors"));
    assert_eq!(stored(&world), None);
    assert!(world.audited().await.last().unwrap().contains("delete_bucket_cors"));
}

#[tokio::test]
async fn a_refused_rule_keeps_what_was_typed_and_names_the_field() {
    let world = World::new().await;
    let (_, page) = world.get("cors/create").await;
    let right = [("origins", "*"), ("methods", "GET"), ("exposed", "kept-as-typed")];
    for (field, value, words) in [
        ("origins", "", "at least one origin"),
        ("origins", "www.example.com", "type https://www.example.com"),
        ("origins", "https://a.example/", "has a path"),
        ("origins", "https://*.*", "more than one *"),
        ("methods", "-", "at least one method"),
        ("headers", "a b", "cannot be a header"),
        ("headers", "**", "cannot be a header"),
        ("max_age", "1 day", "whole seconds"),
    ] {
        let mut typed: Vec<_> = right.into_iter().filter(|(name, _)| *name != field).collect();
        typed.push((field, value));
        let (status, page) = shown(save(&world, &page, &typed).await);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let fault = page.split(&format!("id=\"{field}-fault\">")).nth(1);
        assert!(fault.is_some_and(|rest| rest.split("</p>").next().unwrap().contains(words)), "{words}: {page}");
        assert!(page.contains("role=\"alert\"") && page.contains("kept-as-typed"), "{page}");
    }
    let (status, _) = shown(save(&world, &page, &[("origins", "*"), ("methods", "GET"), ("exposed", "*")]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stored(&world), None);
}

#[tokio::test]
async fn an_edit_keeps_the_name_the_other_rules_and_what_only_the_api_takes() {
    let world = World::new().await;
    let odd =
        CorsRule { id: Some("odd".into()), methods: vec!["PUT".into(), "GET".into()], ..rule("http://a.example/") };
    put(&world, vec![odd.clone(), rule("*")]).await;
    let (_, page) = world.get("cors/rules/1").await;
    assert_eq!(save(&world, &page, &[("max_age", "5")]).await, to("cors"));
    let expected = vec![CorsRule { max_age_seconds: Some(5), ..odd }, rule("*")];
    assert_eq!(stored(&world).unwrap(), CorsConfiguration { rules: expected, response_vary: true });
    assert_eq!(world.get("cors/rules/3").await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.get("cors/rules/3/delete").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rules_are_moved_and_deleted_in_their_order() {
    let world = World::new().await;
    put(&world, ["https://a", "https://b", "https://c"].map(rule).to_vec()).await;
    assert_eq!(order(&world, 3, "up").await, to("cors"));
    assert_eq!(origins(&world), ["https://a", "https://c", "https://b"]);
    assert_eq!(order(&world, 1, "down").await, to("cors"));
    assert_eq!(origins(&world), ["https://c", "https://a", "https://b"]);
    assert_eq!(order(&world, 1, "up").await, to("cors"));
    assert_eq!(world.said().as_deref(), Some("Nothing was changed."));
    let (_, page) = world.get("cors/rules/2/delete").await;
    // Somebody else puts another rule before it: the right one goes.
    put(&world, ["https://z", "https://c", "https://a", "https://b"].map(rule).to_vec()).await;
    assert_eq!(world.post("cors/order", &form_of(&page, "cors/order", &[("do", "delete")])).await, to("cors"));
    assert_eq!(origins(&world), ["https://z", "https://c", "https://b"]);
    let (status, page) = shown(world.post("cors/order", &form_of(&page, "cors/order", &[("do", "delete")])).await);
    assert_eq!((status, page.contains("changed by somebody else")), (StatusCode::CONFLICT, true));
    assert_eq!(origins(&world).len(), 3);
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_typed_is_lost() {
    let world = World::new().await;
    put(&world, vec![rule("https://a"), rule("https://b")]).await;
    let (_, page) = world.get("cors/rules/2").await;
    put(&world, vec![rule("https://a"), rule("https://other")]).await;
    let (status, page) = shown(save(&world, &page, &[("origins", "https://mine")]).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else") && page.contains("https://mine"), "{page}");
    assert_eq!(origins(&world), ["https://a", "https://other"]);
    assert_eq!(save(&world, &page, &[]).await, to("cors"));
    assert_eq!(origins(&world), ["https://a", "https://mine"]);

    let (_, page) = world.get("cors/rules/2").await;
    put(&world, vec![rule("https://a")]).await;
    let (status, page) = shown(save(&world, &page, &[("origins", "https://new")]).await);
    assert!(status == StatusCode::CONFLICT && page.contains("OK adds it anew"), "{page}");
    assert_eq!(save(&world, &page, &[]).await, to("cors"));
    assert_eq!(origins(&world), ["https://a", "https://new"]);
}

#[tokio::test]
async fn a_change_between_reading_and_saving_is_not_overwritten() {
    let world = World::new().await;
    put(&world, vec![rule("https://a")]).await;
    let (_, page) = world.get("cors/create").await;
    let visit = world.visit();
    put(&world, vec![rule("https://other")]).await;
    let sent = form_of(&page, "cors/save", &[("origins", "https://mine"), ("methods", "GET")]);
    let (status, page) = shown(visit.answer(true, &["cors", "save"], &sent, &HeaderMap::new()).await.unwrap());
    assert!(status == StatusCode::CONFLICT && page.contains("https://mine"), "{page}");
    assert_eq!(origins(&world), ["https://other"]);
    let (_, page) = world.get("cors/rules/1/delete").await;
    let visit = world.visit();
    put(&world, vec![rule("https://a"), rule("https://b")]).await;
    let sent = form_of(&page, "cors/order", &[("do", "delete")]);
    assert_eq!(
        shown(visit.answer(true, &["cors", "order"], &sent, &HeaderMap::new()).await.unwrap()).0,
        StatusCode::CONFLICT
    );
    assert_eq!(origins(&world), ["https://a", "https://b"]);
}

#[tokio::test]
async fn one_rule_too_many_is_refused() {
    let world = World::new().await;
    put(&world, (0..20).map(|number| rule(&format!("https://{number}"))).collect()).await;
    let (_, page) = world.get("cors/create").await;
    let (status, page) = shown(save(&world, &page, &[("origins", "https://kept"), ("methods", "GET")]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("at most 20 rules") && page.contains("https://kept"), "{page}");
}

#[tokio::test]
async fn text_stays_text() {
    let world = World::new().await;
    let text = || vec![SCRIPT.into()];
    let rule = CorsRule {
        id: Some(SCRIPT.into()),
        origins: text(),
        methods: text(),
        headers: text(),
        exposed: text(),
        max_age_seconds: None,
    };
    put(&world, vec![rule.clone(), rule]).await;
    for path in ["cors", "cors/rules/1", "cors/rules/1/delete"] {
        let (_, page) = world.get(path).await;
        assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
    }
    let (_, page) = world.get("cors/create").await;
    let typed = [("origins", SCRIPT), ("headers", SCRIPT), ("exposed", SCRIPT), ("max_age", SCRIPT), ("rule", SCRIPT)];
    let (status, page) = shown(save(&world, &page, &typed).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
}
