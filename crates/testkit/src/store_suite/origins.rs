//! What is kept about origins.

use futures_util::future::join_all;
use headwater_model::Error;
use headwater_model::limits::{MAX_ORIGIN_USAGES, MAX_ORIGINS};
use headwater_model::origin::OriginId;
use headwater_model::settings::{OriginKind, OriginSettings, OriginUsage};

use super::subject::Subject;

fn origin(name: &str) -> OriginId {
    OriginId::parse(&format!("https://{name}.example/")).expect("a valid url")
}

fn settings(max_concurrent: u32) -> OriginSettings {
    let mut settings = OriginSettings { kind: OriginKind::S3, ..OriginSettings::default() };
    settings.limits.max_concurrent = max_concurrent;
    settings
}

fn usage(day: u32, day_bytes: u64) -> OriginUsage {
    OriginUsage { day, day_bytes, month: day / 30, month_bytes: day_bytes * 2 }
}

async fn origins(subject: &Subject) -> Vec<(OriginId, OriginSettings)> {
    subject.store().origins().await.expect("origins")
}

async fn put(subject: &Subject, name: &str, max_concurrent: u32) {
    subject.store().put_origin(&origin(name), settings(max_concurrent)).await.expect("put");
}

async fn usages(subject: &Subject) -> Vec<(OriginId, OriginUsage)> {
    subject.store().origin_usage().await.expect("usage")
}

async fn put_usage(subject: &Subject, usage: Vec<(OriginId, OriginUsage)>) {
    subject.store().put_origin_usage(usage).await.expect("put");
}

/// Settings are listed by name as they were last put, and are gone when deleted.
pub async fn settings_of_origins_are_put_and_deleted(subject: Subject) {
    assert_eq!(origins(&subject).await, []);
    put(&subject, "b", 1).await;
    put(&subject, "a", 2).await;
    put(&subject, "b", 3).await;
    assert_eq!(origins(&subject).await, [(origin("a"), settings(2)), (origin("b"), settings(3))]);
    put_usage(&subject, vec![(origin("a"), usage(30, 1))]).await;
    assert!(subject.store().delete_origin(&origin("a")).await.expect("deleted"));
    assert!(!subject.store().delete_origin(&origin("a")).await.expect("an answer"));
    assert_eq!(origins(&subject).await, [(origin("b"), settings(3))]);
    assert_eq!(usages(&subject).await, [(origin("a"), usage(30, 1))], "what it sent is no setting");
}

/// One more than the limit is refused with its name, while those that are there can be changed.
pub async fn there_are_only_so_many_origins(subject: Subject) {
    let names: Vec<String> = (0..MAX_ORIGINS).map(|number| format!("n{number}")).collect();
    join_all(names.iter().map(|name| put(&subject, name, 1))).await;
    let refused = subject.store().put_origin(&origin("more"), settings(1)).await;
    match refused {
        Err(Error::InvalidArgument { name, value, .. }) => {
            assert_eq!((&*name, &*value), ("origin", "https://more.example:443"));
        }
        other => panic!("{other:?}"),
    }
    put(&subject, "n7", 2).await;
    assert!(subject.store().delete_origin(&origin("n8")).await.expect("deleted"));
    put(&subject, "more", 1).await;
    let listed = origins(&subject).await;
    assert_eq!(listed.len(), MAX_ORIGINS);
    assert!(listed.contains(&(origin("n7"), settings(2))));
}

/// The use of an origin is what was put last; origins that are not named keep theirs.
pub async fn the_use_of_origins_is_put_down(subject: Subject) {
    assert_eq!(usages(&subject).await, []);
    put_usage(&subject, vec![(origin("b"), usage(60, 5)), (origin("a"), usage(60, 1)), (origin("a"), usage(60, 2))])
        .await;
    assert_eq!(usages(&subject).await, [(origin("a"), usage(60, 2)), (origin("b"), usage(60, 5))]);
    put_usage(&subject, vec![(origin("b"), usage(61, 1)), (origin("c"), usage(61, 1))]).await;
    put_usage(&subject, vec![]).await;
    let expected = [(origin("a"), usage(60, 2)), (origin("b"), usage(61, 1)), (origin("c"), usage(61, 1))];
    assert_eq!(usages(&subject).await, expected);
    assert_eq!(origins(&subject).await, [], "use is no setting");
}

/// Beyond the limit the use of the longest ago is forgotten, never that which was just put.
pub async fn the_oldest_use_is_forgotten_first(subject: Subject) {
    let many = |from: usize, count: usize, day: u32| -> Vec<_> {
        (from..from + count).map(|number| (origin(&format!("n{number}")), usage(day, 1))).collect()
    };
    put_usage(&subject, many(0, MAX_ORIGIN_USAGES - 2, 50)).await;
    put_usage(&subject, vec![(origin("old"), usage(40, 1)), (origin("older"), usage(39, 1))]).await;
    put_usage(&subject, vec![(origin("new"), usage(1, 1))]).await;
    let kept = usages(&subject).await;
    let names: Vec<&str> = kept.iter().map(|(origin, _)| origin.as_str()).filter(|name| name.contains("old")).collect();
    assert_eq!((kept.len(), names), (MAX_ORIGIN_USAGES, vec!["https://old.example:443"]));
    assert!(kept.contains(&(origin("new"), usage(1, 1))));

    let refused = subject.store().put_origin_usage(many(0, MAX_ORIGIN_USAGES + 1, 60)).await;
    assert_fails!(refused, Error::InvalidArgument { .. });
    assert!(usages(&subject).await == kept);
    put_usage(&subject, many(MAX_ORIGIN_USAGES, MAX_ORIGIN_USAGES, 51)).await;
    assert!(usages(&subject).await.iter().all(|(_, usage)| usage.day == 51), "all others were earlier");
}

/// Both are there after the store was closed and opened again.
pub async fn origins_survive_reopening(mut subject: Subject) {
    put(&subject, "a", 1).await;
    put(&subject, "b", 2).await;
    assert!(subject.store().delete_origin(&origin("a")).await.expect("deleted"));
    put_usage(&subject, vec![(origin("a"), usage(60, 2))]).await;
    for _ in 0..2 {
        if !subject.reopen().await {
            return;
        }
        assert_eq!(origins(&subject).await, [(origin("b"), settings(2))]);
        assert_eq!(usages(&subject).await, [(origin("a"), usage(60, 2))]);
    }
}
