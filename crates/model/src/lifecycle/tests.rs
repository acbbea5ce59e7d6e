use super::*;

fn rule(prefix: &str, due: Due) -> LifecycleRule {
    LifecycleRule {
        id: prefix.into(),
        enabled: true,
        prefix: Some(prefix.into()),
        expiration: Some(Expiration { due: Some(due), lone_delete_marker: None }),
        ..LifecycleRule::default()
    }
}

fn of(rules: Vec<LifecycleRule>) -> LifecycleConfiguration {
    LifecycleConfiguration { rules, minimum_by_class: false }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

/// 2023-11-14T22:13:20Z.
const AT: Timestamp = Timestamp(1_700_000_000_000);
const TEN_SECONDS: DayLength = DayLength::of_seconds(10);

#[test]
fn real_days_end_at_midnight_and_short_ones_at_once() {
    // 2023-11-16 and 2023-11-15T00:00:00Z.
    assert_eq!(DayLength::REAL.after(AT, 1), Timestamp::from_seconds(1_700_092_800));
    assert_eq!(DayLength::REAL.after(AT, 0), Timestamp::from_seconds(1_700_006_400));
    assert_eq!(
        DayLength::REAL.after(Timestamp::from_seconds(1_700_006_400), 1),
        Timestamp::from_seconds(1_700_092_800)
    );
    assert_eq!(TEN_SECONDS.after(AT, 3), Timestamp(AT.0 + 30_000));
    assert_eq!(DayLength::of_seconds(86_400), DayLength::REAL);
    assert_eq!(DayLength::REAL.after(Timestamp(i64::MAX), u32::MAX), Timestamp(i64::MAX));
}

#[test]
fn the_earliest_rule_that_covers_an_object_ends_it() {
    let mut off = rule("a", Due::Days(1));
    off.enabled = false;
    let rules = of(vec![off, rule("", Due::Days(9)), rule("a/", Due::Days(3)), rule("a/b", Due::Days(5))]);
    let expiry = |key| {
        let subject = Subject { key, size_bytes: 1, tags: &[] };
        rules.expiry(&subject, AT, TEN_SECONDS).map(|(at, rule)| ((at.0 - AT.0) / 10_000, &*rule.id))
    };
    assert_eq!(expiry("a/b"), Some((3, "a/")));
    assert_eq!(expiry("b"), Some((9, "")));
    assert_eq!(of(Vec::new()).expiry(&Subject { key: "a", size_bytes: 0, tags: &[] }, AT, TEN_SECONDS), None);
}

#[test]
fn dates_end_everything_or_what_is_older() {
    let subject = Subject { key: "k", size_bytes: 0, tags: &[] };
    let later = Timestamp(AT.0 + 1);
    let moment = |due, made| of(vec![rule("", due)]).expiry(&subject, made, DayLength::REAL).map(|(at, _)| at);
    assert_eq!(moment(Due::Date(AT), later), Some(AT));
    assert_eq!(moment(Due::CreatedBefore(later), AT), Some(later));
    assert_eq!(moment(Due::CreatedBefore(AT), AT), None, "made at that moment is not older");
}

#[test]
fn all_conditions_of_a_filter_must_hold() {
    let filter = LifecycleFilter {
        own: FilterTerms { prefix: Some("d/".into()), tags: tags(&[("tom", "1")]), ..FilterTerms::default() },
        and: Some(FilterTerms {
            tags: tags(&[("huck", "2")]),
            larger_than_bytes: Some(10),
            smaller_than_bytes: Some(20),
            ..FilterTerms::default()
        }),
        not: vec![
            FilterNot { prefix: "d/keep".into(), tag: None },
            FilterNot { prefix: "d/".into(), tag: Some(("stay".into(), "yes".into())) },
        ],
    };
    let rule = LifecycleRule { filter: Some(filter), prefix: None, ..rule("", Due::Days(1)) };
    assert!(rule.asks_for_tags());
    assert_eq!(rule.key_prefix(), "d/");
    let both = tags(&[("tom", "1"), ("huck", "2")]);
    let covers = |key, size_bytes, tags: &Tags| rule.covers(&Subject { key, size_bytes, tags });
    assert!(covers("d/x", 15, &both));
    for (key, size_bytes) in [("e/x", 15), ("d/x", 10), ("d/x", 20), ("d/keep/x", 15)] {
        assert!(!covers(key, size_bytes, &both), "{key} {size_bytes}");
    }
    assert!(!covers("d/x", 15, &tags(&[("tom", "1")])));
    assert!(!covers("d/x", 15, &tags(&[("tom", "2"), ("huck", "2")])));
    assert!(!covers("d/x", 15, &tags(&[("tom", "1"), ("huck", "2"), ("stay", "yes")])));
}

#[test]
fn a_walk_needs_only_the_keys_that_rules_speak_of() {
    let shared = |prefixes: &[&str]| {
        of(prefixes.iter().map(|prefix| rule(prefix, Due::Days(1))).collect()).shared_prefix().to_owned()
    };
    assert_eq!(shared(&["logs/a", "logs/b"]), "logs/");
    assert_eq!(shared(&["日志/甲", "日志/乙"]), "日志/");
    assert_eq!(shared(&["a"]), "a");
    assert_eq!(shared(&["a", "b"]), "");
    assert_eq!(shared(&["a", ""]), "");
}

#[test]
fn uploads_end_by_rules_of_their_own() {
    let mut first = rule("u/", Due::Days(1));
    first.abort_uploads = Some(Due::Days(4));
    let rules = of(vec![first, rule("", Due::Days(1))]);
    assert_eq!(rules.upload_expiry("u/1", AT, TEN_SECONDS), Some(Timestamp(AT.0 + 40_000)));
    assert_eq!(rules.upload_expiry("v/1", AT, TEN_SECONDS), None);
}
