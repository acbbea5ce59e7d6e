//! The page over an engine: what it says, and what is stored.

use headwater_model::rule::RoutingRule;
use headwater_model::website::{ErrorDocument, IndexDocument, Website};
use http::StatusCode;

use crate::world::{SCRIPT, World, form_of, shown, to};

fn rule(number: u32) -> RoutingRule {
    RoutingRule::mirror_all(number, &format!("https://origin-{number}.example/"))
}

fn index(support_sub_dir: Option<bool>, kind: Option<u8>) -> IndexDocument {
    IndexDocument { suffix: "index.html".into(), support_sub_dir, kind }
}

fn error(http_status: Option<u16>) -> ErrorDocument {
    ErrorDocument { key: "error.html".into(), http_status }
}

async fn send(world: &World, typed: &[(&str, &str)]) -> crate::page::Outcome {
    let (_, page) = world.get("static-pages").await;
    world.post("static-pages", &form_of(&page, "static-pages", typed)).await
}

#[tokio::test]
async fn the_pages_are_set_changed_and_taken_away_and_the_rules_stay() {
    let world = World::new().await;
    let (status, page) = world.get("static-pages").await;
    assert_eq!(status, StatusCode::OK);
    for words in
        ["Default Homepage", "Subfolder Homepage", "Subfolder 404 Rule", "Default 404 Page", "The bucket is private"]
    {
        assert!(page.contains(words), "{words}");
    }
    let typed = [("index", "index.html"), ("error", "error.html")];
    assert_eq!(send(&world, &typed).await, to("static-pages"));
    assert_eq!(world.said().as_deref(), Some("The static pages were saved."));
    let mut expected = Website { index: Some(index(None, None)), error: Some(error(None)), rules: Vec::new() };
    assert_eq!(world.website(), Some(expected.clone()), "what nobody touched is not written");

    expected.rules = vec![rule(3), rule(9)];
    world.put(expected.clone()).await;
    let typed = [("subfolders", "on"), ("subfolder_rule", "2"), ("error_status", "200")];
    assert_eq!(send(&world, &typed).await, to("static-pages"));
    (expected.index, expected.error) = (Some(index(Some(true), Some(2))), Some(error(Some(200))));
    assert_eq!(world.website(), Some(expected.clone()));
    assert_eq!(send(&world, &[("subfolders", "-")]).await, to("static-pages"));
    expected.index = Some(index(Some(false), Some(2)));
    assert_eq!(world.website(), Some(expected));

    assert_eq!(send(&world, &[("index", ""), ("error", "")]).await, to("static-pages"));
    assert_eq!(world.website(), Some(Website { rules: vec![rule(3), rule(9)], ..Website::default() }));
    world.put(Website { error: Some(error(None)), ..Website::default() }).await;
    assert_eq!(send(&world, &[("error", "")]).await, to("static-pages"));
    assert_eq!(world.website(), None, "a document of nothing is none");
}

#[tokio::test]
async fn what_was_sent_as_it_was_shown_changes_nothing() {
    let world = World::new().await;
    world.put(Website { index: Some(index(None, Some(0))), error: Some(error(None)), rules: vec![rule(1)] }).await;
    let (version, website, lines) = (world.bucket().rule_version, world.website(), world.audited().await.len());
    assert_eq!(send(&world, &[]).await, to("static-pages"));
    assert_eq!(world.said().as_deref(), Some("Nothing was changed."));
    assert_eq!((world.bucket().rule_version, world.website()), (version, website));
    assert_eq!(world.audited().await.len(), lines);
    let (_, settings) = world.get("basic-settings").await;
    assert!(settings.contains("Default Homepage index.html, Default 404 Page error.html."), "{settings}");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_names_the_field() {
    let (world, too_long) = (World::new().await, "x".repeat(1025));
    for (typed, field, words) in [
        ([("index", "a/index.html"), ("error", "kept.html")], "index", "Type the name alone, without /."),
        ([("subfolders", "on"), ("error", "kept.html")], "index", "Subfolders need a Default Homepage"),
        ([("error_status", "200"), ("index", "kept.html")], "error", "A status needs a page"),
        ([("subfolder_rule", "7"), ("index", "kept.html")], "subfolder_rule", "Choose Redirect"),
        ([("error", &*too_long), ("index", "kept.html")], "error", "cannot be a file&#39;s name"),
    ] {
        let (status, page) = shown(send(&world, &typed).await);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let fault = format!("id=\"{field}-fault\">");
        assert!(page.split(&fault).nth(1).is_some_and(|rest| rest.contains(words)), "{words}: {page}");
        assert!(page.contains("role=\"alert\"") && page.contains(&format!("href=\"#{field}\"")), "{page}");
        assert!(page.contains("value=\"kept.html\""), "{page}");
        assert_eq!(world.website(), None);
    }
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_is_lost() {
    let world = World::new().await;
    world.put(Website { rules: vec![rule(1)], ..Website::default() }).await;
    let (_, page) = world.get("static-pages").await;
    world.put(Website { rules: vec![rule(2)], error: Some(error(None)), ..Website::default() }).await;
    let sent = form_of(&page, "static-pages", &[("index", "mine.html")]);
    let (status, page) = shown(world.post("static-pages", &sent).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else") && page.contains("value=\"mine.html\""), "{page}");
    assert_eq!(world.website().unwrap().index, None);
    let sent = form_of(&page, "static-pages", &[("error", "error.html")]);
    assert_eq!(world.post("static-pages", &sent).await, to("static-pages"));
    let website = world.website().unwrap();
    assert_eq!(
        (&*website.index.unwrap().suffix, website.rules, website.error),
        ("mine.html", vec![rule(2)], Some(error(None)))
    );
}

#[tokio::test]
async fn text_stays_text() {
    let world = World::new().await;
    let suffix = SCRIPT.replace('/', "").into_boxed_str();
    let index = Some(IndexDocument { suffix, support_sub_dir: None, kind: None });
    world
        .put(Website { index, error: Some(ErrorDocument { key: SCRIPT.into(), http_status: None }), rules: vec![] })
        .await;
    for path in ["static-pages", "basic-settings"] {
        let (_, page) = world.get(path).await;
        assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
    }
    let (status, page) = shown(send(&world, &[("index", SCRIPT), ("error_status", SCRIPT)]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
}
