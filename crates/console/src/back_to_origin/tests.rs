//! The pages over an engine: what they say, and what is stored.

use headwater_model::rule::RoutingRule;
use headwater_model::website::{IndexDocument, Website};
use http::StatusCode;

use super::visit::Visit;
use crate::page::Outcome;
use crate::world::{self, fields, segments, shown, typed_into};

struct World(world::World);

impl World {
    /// With an empty bucket.
    async fn new() -> Self {
        Self(world::World::new().await)
    }

    fn visit(&self) -> Visit<'_> {
        let (administration, requester) = (&self.0.administration, world::World::requester());
        Visit { administration, requester, csrf: "the-token", bucket: self.0.bucket() }
    }

    async fn get(&self, rest: &str) -> Outcome {
        self.visit().answer(false, &segments(rest), &[]).await.expect("there is such a page")
    }

    async fn post(&self, rest: &str, fields: &[(String, String)]) -> Outcome {
        self.visit().answer(true, &segments(rest), fields).await.expect("there is such a page")
    }

    /// With a document that no page made.
    async fn put(&self, website: Website) {
        self.0.put(website).await;
    }

    fn website(&self) -> Option<Website> {
        self.0.website()
    }

    fn urls(&self) -> Vec<String> {
        self.visit().rules().iter().map(|rule| rule.mirror_url().unwrap().to_owned()).collect()
    }

    fn version(&self) -> String {
        self.visit().bucket.rule_version.to_string()
    }
}

fn list() -> Outcome {
    Outcome::To("/buckets/bkt/back-to-origin".to_owned())
}

fn site(rules: Vec<RoutingRule>) -> Website {
    let index = IndexDocument { suffix: "index.html".into(), support_sub_dir: None, kind: None };
    Website { index: Some(index), error: None, rules }
}

fn rule(number: u32, host: &str) -> RoutingRule {
    let mut rule = RoutingRule::mirror_all(number, &format!("https://{host}/"));
    rule.condition.key_prefix = Some(format!("{host}/").into());
    rule
}

#[tokio::test]
async fn the_documented_form_makes_the_documented_rule() {
    let world = World::new().await;
    let (status, page) = shown(world.get("create").await);
    assert_eq!(status, StatusCode::OK);
    for words in [
        "Create Rule",
        "Mirroring",
        "Prerequisite",
        "File Name Prefix",
        "Origin URL",
        "Perform MD5 verification",
        "Transfer queryString",
        "Follow Origin to Redirect Request",
        "Keep Forward Slash in Origin URL",
        "Set Transmission Rule of HTTP Header",
        ">OK</button>",
        ">Cancel</button>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let typed = [("by_prefix", "on"), ("prefix", "examplefolder/"), ("host", "www.example.com"), ("do", "ok")];
    assert_eq!(world.post("save", &typed_into(&page, &typed)).await, list());
    let mut expected = RoutingRule::mirror_all(1, "https://www.example.com/");
    expected.condition.key_prefix = Some("examplefolder/".into());
    assert_eq!(world.website(), Some(Website { rules: vec![expected], ..Website::default() }));
    let (_, list) = shown(world.get("").await);
    assert!(list.contains("https://www.example.com/") && list.contains("examplefolder/"), "{list}");
}

#[tokio::test]
async fn what_was_typed_is_shown_again_with_what_is_wrong() {
    let world = World::new().await;
    let (_, page) = shown(world.get("create").await);
    assert!(!page.contains("class=\"fault\""), "nothing is wrong before anything was typed");
    let typed = [("prefix", "\"><script>x"), ("host", "https://a"), ("passes_query", "on"), ("do", "ok")];
    let (status, page) = shown(world.post("save", &typed_into(&page, &typed)).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("id=\"host-fault\"") && page.contains("without scheme"), "{page}");
    assert!(page.contains("value=\"https://a\"") && page.contains("id=\"passes_query\" checked"), "{page}");
    assert!(!page.contains("<script>x"), "text stays text");
    assert_eq!(world.website(), None);
}

#[tokio::test]
async fn an_edit_keeps_what_the_form_does_not_show_and_the_rest_of_the_document() {
    let world = World::new().await;
    let mut rich = rule(7, "a");
    rich.redirect.as_mut().unwrap().mirror.url_slave = Some("https://second.example/".into());
    let before = site(vec![rich, rule(9, "b")]);
    world.put(before.clone()).await;
    let (_, page) = shown(world.get("rules/7").await);
    assert!(page.contains("Not shown here and kept as stored: MirrorURLSlave"), "{page}");
    let outcome = world.post("save", &typed_into(&page, &[("checks_md5", "on"), ("do", "ok")])).await;
    assert_eq!(outcome, list());
    let mut expected = before;
    expected.rules[0].redirect.as_mut().unwrap().mirror.check_md5 = Some(true);
    (expected.rules[0].number, expected.rules[1].number) = (1, 2);
    assert_eq!(world.website(), Some(expected));
}

#[tokio::test]
async fn rules_must_differ_in_prefix_or_suffix() {
    let world = World::new().await;
    let mut twin = rule(3, "a");
    twin.condition
        .include_headers
        .push(headwater_model::rule::IncludeHeader { key: "host".into(), ..Default::default() });
    world.put(site(vec![twin, rule(4, "a")])).await;
    let (_, page) = shown(world.visit().answer(false, &["create"], &fields(&[("copied", "4")])).await.unwrap());
    assert!(page.contains("A copy of rule 4"), "{page}");
    let (status, page) = shown(world.post("save", &typed_into(&page, &[("do", "ok")])).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Rules must differ in File Name Prefix or File Name Suffix"), "{page}");
    assert_eq!(world.post("save", &typed_into(&page, &[("suffix", ".jpg"), ("do", "ok")])).await, list());
    assert_eq!(world.visit().rules().len(), 3);
    // The API made two alike: the other options of each can still be changed.
    let (_, page) = shown(world.get("rules/2").await);
    assert_eq!(world.post("save", &typed_into(&page, &[("checks_md5", "on"), ("do", "ok")])).await, list());
}

#[tokio::test]
async fn one_rule_too_many_is_refused_and_kept_on_the_screen() {
    let world = World::new().await;
    let full: Vec<_> = (1..=20).map(|number| rule(number, &format!("h{number}"))).collect();
    world.put(site(full)).await;
    let (_, page) = shown(world.get("create").await);
    let (status, page) = shown(world.post("save", &typed_into(&page, &[("host", "o.example"), ("do", "ok")])).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("more than 20 rules") && page.contains("value=\"o.example\""), "{page}");
    assert_eq!(world.visit().rules().len(), 20);
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_typed_is_lost() {
    let world = World::new().await;
    world.put(site(vec![rule(1, "a"), rule(2, "b")])).await;
    let (_, page) = shown(world.get("rules/2").await);
    // Somebody else turns the two around.
    world.put(site(vec![rule(1, "b"), rule(2, "a")])).await;
    let (status, page) = shown(world.post("save", &typed_into(&page, &[("host", "c.example"), ("do", "ok")])).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else") && page.contains("value=\"c.example\""), "{page}");
    assert_eq!(world.urls(), ["https://b/", "https://a/"]);
    assert_eq!(world.post("save", &typed_into(&page, &[("do", "ok")])).await, list());
    assert_eq!(world.urls(), ["https://c.example/", "https://a/"], "the rule is found where it went");

    // Somebody else deletes it.
    let (_, page) = shown(world.get("rules/1").await);
    world.put(site(vec![rule(1, "a")])).await;
    let (status, page) = shown(world.post("save", &typed_into(&page, &[("do", "ok")])).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("itself was"), "{page}");
}

#[tokio::test]
async fn the_list_is_reordered_and_emptied_and_the_index_stays() {
    let world = World::new().await;
    world.put(site(vec![rule(1, "a"), rule(2, "b"), rule(3, "c")])).await;
    let order = |what: &'static str, number: &'static str| {
        let sent = fields(&[("do", what), ("number", number), ("version", &world.version())]);
        let world = &world;
        async move { world.post("order", &sent).await }
    };
    assert_eq!(order("up", "2").await, list());
    assert_eq!(order("down", "1").await, list());
    assert_eq!(world.urls(), ["https://a/", "https://b/", "https://c/"]);
    assert_eq!(order("delete", "2").await, list());
    assert_eq!(world.urls(), ["https://a/", "https://c/"]);
    let (status, page) =
        shown(world.post("order", &fields(&[("do", "delete"), ("number", "1"), ("version", "1")])).await);
    assert_eq!((status, page.contains("changed by somebody else")), (StatusCode::CONFLICT, true));

    let (_, page) = shown(world.get("rules/1/delete").await);
    assert!(page.contains("Delete rule 1?") && page.contains("https://a/"), "{page}");
    assert_eq!(shown(world.get("rules/9/delete").await).0, StatusCode::NOT_FOUND);
    assert_eq!(world.visit().answer(false, &["save"], &[]).await, None);
    let (_, page) = shown(world.get("clear").await);
    assert!(page.contains("All 2 rules go") && page.contains("value=\"the-token\""), "{page}");
    let version = world.version();
    let (status, page) = shown(world.post("clear", &fields(&[("confirmation", "other"), ("version", &version)])).await);
    assert_eq!(
        (status, page.contains("not the bucket&#39;s name: type bkt")),
        (StatusCode::UNPROCESSABLE_ENTITY, true)
    );
    assert_eq!(world.post("clear", &fields(&[("confirmation", "bkt"), ("version", &version)])).await, list());
    assert_eq!(world.website(), Some(site(Vec::new())));
}

#[tokio::test]
async fn documents_are_exported_and_imported() {
    let world = World::new().await;
    world.put(site(vec![rule(1, "a"), rule(2, "b")])).await;
    let Outcome::File(document) = world.get("export").await else { panic!("no document") };
    let import = |document: &str, present: &str, version: &str| {
        fields(&[("document", document), ("present", present), ("version", version)])
    };
    let (status, page) = shown(world.get("import").await);
    assert!(status == StatusCode::OK && page.contains("value=\"the-token\""), "{page}");
    let (status, page) = shown(world.post("import", &import("<no", "replace", &world.version())).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("&#60;no"), "{page}");
    let (status, _) = shown(world.post("import", &import(&document, "replace", "0")).await);
    assert_eq!(status, StatusCode::CONFLICT);
    world.put(Website { index: None, ..site(vec![rule(5, "c")]) }).await;
    assert_eq!(world.post("import", &import(&document, "keep", &world.version())).await, list());
    assert_eq!(world.urls(), ["https://c/", "https://a/", "https://b/"]);
    assert_eq!(world.website().unwrap().index, None, "rules only");
    assert_eq!(world.post("import", &import(&document, "replace", &world.version())).await, list());
    assert_eq!(world.urls(), ["https://a/", "https://b/"]);
}

#[tokio::test]
async fn previews_and_tests_store_nothing() {
    let world = World::new().await;
    let (_, page) = shown(world.get("create").await);
    let typed =
        [("prefix", "a/"), ("host", "origin.example"), ("directory", "dir"), ("sample", "a/b c"), ("do", "test")];
    let sent = typed_into(&page, &typed);
    let (_, part) = shown(world.post("preview", &sent).await);
    assert!(part.contains("https://origin.example/dir/a/b%20c") && !part.contains("<html"), "{part}");
    let (status, page) = shown(world.post("save", &sent).await);
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("This rule applies.") && page.contains("a failure of the origin"), "{page}");
    assert!(page.contains("aliyun-oss-mirror"), "the origin request's headers");
    assert!(page.contains("value=\"origin.example\""), "what was typed stays");
    assert_eq!(world.website(), None);
}
