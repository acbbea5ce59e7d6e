//! The pages over an engine: what they say, and what is stored.

use headwater_model::clock::Timestamp;
use headwater_model::lifecycle::{
    Due, Expiration, FilterNot, FilterTerms, LifecycleConfiguration, LifecycleFilter, LifecycleRule,
    NoncurrentExpiration, Transition,
};
use headwater_model::op::Op;
use http::{HeaderMap, StatusCode};

use crate::page::Outcome;
use crate::world::{SCRIPT, World, form_of, name, shown, to};

/// Midnight of 2027-01-01.
const NEW_YEAR: Timestamp = Timestamp(1_798_761_600_000);

fn rule(id: &str, prefix: &str, days: u32) -> LifecycleRule {
    LifecycleRule {
        id: id.into(),
        enabled: true,
        prefix: Some(prefix.into()),
        expiration: Some(Expiration { due: Some(Due::Days(days)), lone_delete_marker: None }),
        ..LifecycleRule::default()
    }
}

/// With what no form shows.
fn rich() -> LifecycleRule {
    let own = FilterTerms { larger_than_bytes: Some(10), ..FilterTerms::default() };
    let and = Some(FilterTerms {
        prefix: Some("logs/".into()),
        tags: vec![("a".into(), "1".into())],
        ..FilterTerms::default()
    });
    let not = vec![FilterNot { prefix: "logs/keep/".into(), tag: Some(("b".into(), "2".into())) }];
    let transition = Transition {
        due: Some(Due::Days(3)),
        kept_versions: None,
        storage_class: "IA".into(),
        by_access_time: None,
        return_when_visited: Some(true),
        small_objects_too: None,
    };
    LifecycleRule {
        prefix: None,
        filter: Some(LifecycleFilter { own, and, not }),
        transitions: vec![transition.clone()],
        noncurrent_transitions: vec![transition],
        ..rule("rich", "", 30)
    }
}

async fn put(world: &World, rules: Vec<LifecycleRule>) {
    let lifecycle = LifecycleConfiguration { rules, minimum_by_class: true };
    world.perform(Op::PutBucketLifecycle(name(), Box::new(lifecycle))).await;
}

fn stored(world: &World) -> Vec<LifecycleRule> {
    world.bucket().configuration.lifecycle.as_ref().map(|lifecycle| lifecycle.rules.clone()).unwrap_or_default()
}

async fn save(world: &World, page: &str, typed: &[(&str, &str)]) -> Outcome {
    world.post("lifecycle/save", &form_of(page, "lifecycle/save", typed)).await
}

async fn order(world: &World, page: &str, what: &str) -> Outcome {
    world.post("lifecycle/order", &form_of(page, "lifecycle/order", &[("do", what)])).await
}

#[tokio::test]
async fn a_rule_is_made_of_every_field() {
    let world = World::new().await;
    let (status, page) = world.get("lifecycle").await;
    assert!(status == StatusCode::OK && page.contains("No rules yet"), "{page}");
    let (_, page) = world.get("lifecycle/create").await;
    let typed = [
        ("id", "old logs"),
        ("prefix", "logs/"),
        ("tags", "kind=log\r\nempty=\r\n"),
        ("larger_than", "10"),
        ("smaller_than", "2000000"),
        ("expiration", "before"),
        ("expiration_date", "2027-01-01"),
        ("noncurrent_days", "7"),
        ("kept_versions", "2"),
    ];
    assert_eq!(save(&world, &page, &typed).await, to("lifecycle"));
    let own =
        FilterTerms { larger_than_bytes: Some(10), smaller_than_bytes: Some(2_000_000), ..FilterTerms::default() };
    let expected = LifecycleRule {
        id: "old logs".into(),
        enabled: true,
        prefix: Some("logs/".into()),
        tags: vec![("kind".into(), "log".into()), ("empty".into(), "".into())],
        filter: Some(LifecycleFilter { own, ..LifecycleFilter::default() }),
        expiration: Some(Expiration { due: Some(Due::CreatedBefore(NEW_YEAR)), lone_delete_marker: None }),
        noncurrent_expiration: Some(NoncurrentExpiration { days: 7, kept_versions: Some(2) }),
        ..LifecycleRule::default()
    };
    assert_eq!(stored(&world), [expected]);
    let lines = world.audited().await;
    assert!(lines.last().unwrap().contains("\"action\":\"put_bucket_lifecycle\""), "{lines:?}");
    let (_, page) = world.get("lifecycle").await;
    for words in ["old logs", "kind=log", "1.90 MiB", "before 2027-01-01", "7 days after they were replaced"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // A second one for parts, without a name; then one for markers.
    let (_, page) = world.get("lifecycle/create").await;
    assert_eq!(save(&world, &page, &[("parts", "days"), ("parts_days", "3")]).await, to("lifecycle"));
    assert_eq!(save(&world, &page, &[("expiration", "markers"), ("enabled", "-")]).await, to("lifecycle"));
    let rules = stored(&world);
    assert_eq!((&*rules[1].id, rules[1].abort_uploads, rules[1].expiration), ("rule-2", Some(Due::Days(3)), None));
    assert_eq!(rules[2].expiration, Some(Expiration { due: None, lone_delete_marker: Some(true) }));
    assert!(!rules[2].enabled && rules[2].filter.is_none());
}

#[tokio::test]
async fn what_the_form_does_not_show_is_told_and_kept() {
    let world = World::new().await;
    put(&world, vec![rule("first", "a/", 1), rich()]).await;
    let (_, page) = world.get("lifecycle/rules/2").await;
    assert!(page.contains("kept as stored: Transition, NoncurrentVersionTransition, Filter/Not"), "{page}");
    assert!(page.contains("value=\"logs/\"") && page.contains("a=1") && page.contains("value=\"10\""), "{page}");
    let lines = world.audited().await.len();
    assert_eq!(save(&world, &page, &[]).await, to("lifecycle"));
    assert_eq!((world.said().as_deref(), world.audited().await.len()), (Some("Nothing was changed."), lines));
    assert_eq!(stored(&world)[1], rich());

    assert_eq!(save(&world, &page, &[("noncurrent_days", "9")]).await, to("lifecycle"));
    let noncurrent_expiration = Some(NoncurrentExpiration { days: 9, kept_versions: None });
    assert_eq!(stored(&world), [rule("first", "a/", 1), LifecycleRule { noncurrent_expiration, ..rich() }]);
    assert!(
        world.bucket().configuration.lifecycle.as_ref().unwrap().minimum_by_class,
        "the rest of the document stays"
    );

    // Conditions that are changed are stated anew, all of them, and what must not hold stays.
    let (_, page) = world.get("lifecycle/rules/2").await;
    assert_eq!(save(&world, &page, &[("prefix", "logs/b/")]).await, to("lifecycle"));
    let after = stored(&world)[1].clone();
    assert_eq!((after.prefix.as_deref(), &*after.tags), (Some("logs/b/"), &[("a".into(), "1".into())][..]));
    let filter = after.filter.unwrap();
    assert_eq!((filter.own.larger_than_bytes, filter.and), (Some(10), None));
    assert_eq!((filter.not, after.transitions), (rich().filter.unwrap().not, rich().transitions));
}

#[tokio::test]
async fn a_refused_rule_keeps_what_was_typed_and_names_the_field() {
    let world = World::new().await;
    put(&world, vec![rule("taken", "a/", 1)]).await;
    let (_, page) = world.get("lifecycle/create").await;
    let days = ("expiration", "days");
    let one = ("expiration_days", "1");
    for (typed, field, words) in [
        (vec![], "", "The rule does nothing"),
        (vec![days], "expiration_days", "number of days is missing"),
        (vec![days, ("expiration_days", "0")], "expiration_days", "at least 1"),
        (vec![one], "expiration_days", "which is not chosen"),
        (vec![("expiration", "from"), ("expiration_date", "2027-13-01")], "expiration_date", "as in 2026-12-31"),
        (vec![days, one, ("tags", "=x")], "tags", "is no tag"),
        (vec![days, one, ("tags", "a=1\r\na=2")], "tags", "one tag a"),
        (vec![days, one, ("larger_than", "1 MB")], "larger_than", "1 MB is no size"),
        (vec![days, one, ("larger_than", "5"), ("smaller_than", "5")], "smaller_than", "No file is larger"),
        (vec![days, one, ("kept_versions", "3")], "noncurrent_days", "at least 1"),
        (vec![days, one, ("noncurrent_days", "3"), ("kept_versions", "101")], "kept_versions", "from 1 to 100"),
        (vec![("parts", "days"), ("parts_days", "1"), ("tags", "a=1")], "parts", "neither tags nor a size"),
        (vec![("expiration", "markers"), ("tags", "a=1")], "expiration", "Delete markers have no tags"),
        (vec![days, one, ("id", "taken")], "id", "choose another name"),
    ] {
        let mut sent = typed.clone();
        sent.push(("prefix", "kept-as-typed/"));
        let (status, page) = shown(save(&world, &page, &sent).await);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let fault = if field.is_empty() { "role=\"alert\"".to_owned() } else { format!("id=\"{field}-fault\">") };
        let told = page.split(&fault).nth(1).unwrap_or_else(|| panic!("{field}: {page}"));
        assert!(told.split("</p>").take(2).any(|text| text.contains(words)), "{words}: {page}");
        assert!(page.contains("value=\"kept-as-typed/\""), "{page}");
    }
    assert_eq!(stored(&world).len(), 1);
}

#[tokio::test]
async fn rules_that_overlap_are_refused_as_the_api_refuses_them() {
    let world = World::new().await;
    put(&world, vec![rule("all", "a/", 1), rule("inner", "a/b/", 2)]).await;
    let (_, page) = world.get("lifecycle/create").await;
    let days = [("expiration", "days"), ("expiration_days", "3")];
    for prefix in ["a/", "a/c/", ""] {
        let (status, page) = shown(save(&world, &page, &[&days[..], &[("prefix", prefix)]].concat()).await);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("id=\"prefix-fault\">Rule all does the same (Expiration)"), "{page}");
    }
    let apart = [&days[..], &[("prefix", "a/"), ("tags", "kind=log")]].concat();
    assert_eq!(save(&world, &page, &apart).await, to("lifecycle"));
    let other = [("prefix", "a/"), ("parts", "days"), ("parts_days", "3")];
    assert_eq!(save(&world, &page, &other).await, to("lifecycle"));
    // What some client was allowed to store stays as it is, and may be saved unchanged.
    let (_, page) = world.get("lifecycle/rules/2").await;
    assert_eq!(save(&world, &page, &[]).await, to("lifecycle"));
    let (status, _) = shown(save(&world, &page, &[("expiration_days", "9")]).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stored(&world).len(), 4);
}

#[tokio::test]
async fn a_rule_is_disabled_enabled_and_deleted() {
    let world = World::new().await;
    put(&world, vec![rule("one", "a/", 1), rule("two", "b/", 1)]).await;
    let (_, page) = world.get("lifecycle").await;
    let row = page.split("<li aria-labelledby").nth(2).unwrap();
    assert_eq!(order(&world, row, "disable").await, to("lifecycle"));
    assert_eq!(stored(&world).iter().map(|rule| rule.enabled).collect::<Vec<_>>(), [true, false]);
    let (status, _) = shown(order(&world, row, "enable").await);
    assert_eq!(status, StatusCode::CONFLICT, "the rule is another than the page showed");
    let (_, page) = world.get("lifecycle").await;
    assert_eq!(order(&world, page.split("<li aria-labelledby").nth(2).unwrap(), "enable").await, to("lifecycle"));
    assert!(stored(&world)[1].enabled);

    let (_, page) = world.get("lifecycle/rules/1/delete").await;
    assert!(page.contains("Delete rule one?") && page.contains("Files end 1 day after"), "{page}");
    assert_eq!(order(&world, &page, "delete").await, to("lifecycle"));
    assert_eq!(stored(&world), [rule("two", "b/", 1)]);
    let (_, page) = world.get("lifecycle/rules/1/delete").await;
    assert_eq!(order(&world, &page, "delete").await, to("lifecycle"));
    assert!(world.bucket().configuration.lifecycle.is_none());
    assert!(world.audited().await.last().unwrap().contains("delete_bucket_lifecycle"));
    assert_eq!(world.get("lifecycle/rules/1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_concurrent_change_is_told_and_nothing_is_lost() {
    let world = World::new().await;
    put(&world, vec![rule("one", "a/", 1), rule("two", "b/", 1)]).await;
    let (_, page) = world.get("lifecycle/rules/2").await;
    put(&world, vec![rule("two", "b/", 5), rule("one", "a/", 9)]).await;
    let (status, page) = shown(save(&world, &page, &[("expiration_days", "7")]).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("changed by somebody else") && page.contains("value=\"7\""), "{page}");
    assert_eq!(stored(&world)[0], rule("two", "b/", 5));
    assert_eq!(save(&world, &page, &[]).await, to("lifecycle"));
    assert_eq!(stored(&world), [rule("two", "b/", 7), rule("one", "a/", 9)], "what others changed stays");

    let (_, page) = world.get("lifecycle/rules/1").await;
    put(&world, vec![rule("one", "a/", 9)]).await;
    let (status, page) = shown(save(&world, &page, &[("expiration_days", "8")]).await);
    assert!(status == StatusCode::CONFLICT && page.contains("OK adds it anew"), "{page}");
    assert_eq!(save(&world, &page, &[]).await, to("lifecycle"));
    assert_eq!(stored(&world), [rule("one", "a/", 9), rule("two", "b/", 8)]);
}

#[tokio::test]
async fn a_change_between_reading_and_saving_is_not_overwritten() {
    let world = World::new().await;
    put(&world, vec![rule("one", "a/", 1)]).await;
    let (_, page) = world.get("lifecycle/create").await;
    let sent = form_of(&page, "lifecycle/save", &[("parts", "days"), ("parts_days", "77")]);
    let (_, list) = world.get("lifecycle").await;
    let toggle = form_of(&list, "lifecycle/order", &[("do", "disable")]);
    for (path, sent) in [("save", sent), ("order", toggle)] {
        put(&world, vec![rule("one", "a/", 1)]).await;
        let visit = world.visit();
        put(&world, vec![rule("other", "b/", 1)]).await;
        assert_eq!(
            shown(visit.answer(true, &["lifecycle", path], &sent, &HeaderMap::new()).await.unwrap()).0,
            StatusCode::CONFLICT
        );
        assert_eq!(stored(&world), [rule("other", "b/", 1)]);
    }
}

#[tokio::test]
async fn text_stays_text() {
    let world = World::new().await;
    let mut strange = rule(SCRIPT, SCRIPT, 1);
    strange.tags.push((SCRIPT.into(), SCRIPT.into()));
    let not = FilterNot { prefix: SCRIPT.into(), tag: Some((SCRIPT.into(), SCRIPT.into())) };
    strange.filter = Some(LifecycleFilter { not: vec![not], ..LifecycleFilter::default() });
    let storage_class = SCRIPT.into();
    strange.transitions.push(Transition { storage_class, ..rich().transitions.remove(0) });
    put(&world, vec![strange]).await;
    for path in ["lifecycle", "lifecycle/rules/1", "lifecycle/rules/1/delete"] {
        let (_, page) = world.get(path).await;
        assert!(!page.contains("<script>x") && page.contains("&#60;script&#62;x"), "{page}");
    }
    let (_, page) = world.get("lifecycle/create").await;
    let fields = ["id", "prefix", "tags", "larger_than", "smaller_than", "expiration_days", "expiration_date"];
    let more = ["noncurrent_days", "kept_versions", "parts_days", "parts_date"];
    let typed: Vec<_> = fields.iter().chain(&more).map(|field| (*field, SCRIPT)).collect();
    let (status, page) = shown(save(&world, &page, &typed).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.contains("<script>x"), "{page}");
    assert!(page.matches("&#60;script&#62;x").count() >= typed.len(), "{page}");
}
