//! Tags of the origin's object (bucket setting `keep_tags`).

use std::time::Duration;

use headwater_model::bucket::Dialect;
use headwater_model::object::Tags;
use headwater_model::origin::{Framing, OriginError, RequestCause};
use headwater_model::rule::{KeyValue, Mirror, MirrorAuth, Secret};
use headwater_model::settings::MigrationSettings;

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{World, get, pattern, read, settings};
use crate::fill::{FillLimits, FillOutcome, MissMethod};

const UNAVAILABLE: FillOutcome = FillOutcome::PassedThrough("tags_unavailable");

/// A rule that signs, in a bucket that keeps tags.
async fn world(change: impl FnOnce(&mut Mirror)) -> World {
    let signing = |mirror: &mut Mirror| {
        mirror.auth = Some(MirrorAuth {
            auth_type: Some("S3V4".into()),
            region: None,
            access_key_id: Some("id".into()),
            access_key_secret: Some(Secret::new("secret")),
        });
        change(mirror);
    };
    let settings = MigrationSettings { keep_tags: true, ..settings() };
    World::made(signing, settings, Faults::default(), FillLimits::default()).await
}

fn document(tags: &[(&str, &str)]) -> String {
    let one = |(key, value): &(&str, &str)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.iter().map(one).collect::<String>())
}

fn pairs(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[tokio::test]
async fn tags_are_stored_with_the_object_and_nobody_waits_for_them() {
    for size in [10, 1 << 20] {
        let world = world(|mirror| {
            mirror.taggings = Some(vec![KeyValue { key: "team".into(), value: "of the rule".into() }]);
            mirror.pass_query_string = Some(true);
        })
        .await;
        world.origin.answers(Answer::of(200, pattern(size)));
        let tags = document(&[("team", "of the origin"), ("stage", "prod")]);
        let (answer, feed) = Answer::fed(Framing::Length(tags.len() as u64));
        world.origin.answers(answer);
        let mut query = get();
        query.miss.query = Some("a=1".into());
        let reply = super::world::object(world.ask(&query).await);
        assert!(reply.meta.tags.is_empty(), "what is not known is not told");
        assert_eq!(read(reply.body).await.unwrap(), pattern(size));
        assert!(world.stored().await.is_none());
        feed.chunk(tags);
        drop(feed);
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
        let stored = world.stored().await.unwrap().meta;
        assert_eq!(stored.tags, pairs(&[("team", "of the rule"), ("stage", "prod")]));
        let [object, tagging] = &world.origin.requests()[..] else { panic!("two requests") };
        assert_eq!(&*object.url, "http://origin.example/k?a=1");
        assert_eq!(&*tagging.url, "http://origin.example/k?tagging");
        assert_eq!(
            (tagging.cause, &tagging.headers["accept-encoding"]),
            (RequestCause::Resume, &"identity".parse().unwrap())
        );
        assert_eq!(tagging.signing.as_ref().unwrap().dialect, Dialect::S3);
        assert_eq!(tagging.signing, object.signing);
    }
}

#[tokio::test]
async fn an_object_without_tags_is_stored_without() {
    let answers = [
        Answer::of(200, document(&[])),
        Answer::of(404, ""),
        Answer::of(501, "<Error><Code>NotImplemented</Code></Error>"),
        Answer::of(400, "<Error><Code>NoSuchTagSet</Code></Error>"),
    ];
    for answer in answers {
        let world = world(|_| {}).await;
        world.origin.answers(Answer::of(200, "body"));
        world.origin.answers(answer);
        assert_eq!(read(world.get().await.body).await.unwrap(), b"body");
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
        assert!(world.stored().await.unwrap().meta.tags.is_empty());
    }
}

#[tokio::test]
async fn an_object_whose_tags_cannot_be_had_is_delivered_and_not_stored() {
    let many: Vec<(String, &str)> = (0..11).map(|number| (number.to_string(), "v")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (&**key, *value)).collect();
    let answers = [
        ("denied", Answer::of(403, "<Error><Code>AccessDenied</Code></Error>")),
        ("failing", Answer::of(500, "")),
        ("another document", Answer::of(200, "<html/>")),
        ("too many", Answer::of(200, document(&many))),
        ("too many with that of the rule", Answer::of(200, document(&many[..10]))),
        ("too long", Answer::of(200, vec![b' '; 70_000])),
        ("redirected", Answer::of(302, "")),
    ];
    for (what, answer) in answers {
        let world = world(|mirror| {
            mirror.taggings = Some(vec![KeyValue { key: "team".into(), value: "a".into() }]);
        })
        .await;
        world.origin.answers(Answer::of(200, "body"));
        world.origin.answers(answer);
        assert_eq!(read(world.get().await.body).await.unwrap(), b"body", "{what}");
        assert_eq!(world.seen.outcomes(1).await, [UNAVAILABLE], "{what}");
        assert!(world.stored().await.is_none(), "{what}");
        assert_eq!(world.fills.running(), 0, "{what}");
    }
    let world = world(|_| {}).await;
    world.origin.answers(Answer::of(200, pattern(1 << 20)));
    world.origin.fails(OriginError::FirstByteTimeout);
    assert_eq!(read(world.get().await.body).await.unwrap(), pattern(1 << 20));
    assert_eq!(world.seen.outcomes(1).await, [UNAVAILABLE]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn tags_that_never_come_are_given_up() {
    let world = world(|_| {}).await;
    world.origin.answers(Answer::of(200, "body"));
    world.origin.never_answers();
    assert_eq!(read(world.get().await.body).await.unwrap(), b"body");
    world.clock.sleepers(1).await;
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.seen.outcomes(1).await, [UNAVAILABLE]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn tags_are_asked_for_only_where_they_would_be_stored() {
    // One answer each: another request would find none, and panic.
    let unsigned = world(|mirror| mirror.auth = None).await;
    let relayed = world(|mirror| mirror.proxy_pass = Some(true)).await;
    for (world, outcome) in [(unsigned, FillOutcome::Committed), (relayed, FillOutcome::PassedThrough("proxy_pass"))] {
        world.origin.answers(Answer::of(200, "body"));
        assert_eq!(read(world.get().await.body).await.unwrap(), b"body");
        assert_eq!(world.seen.outcomes(1).await, [outcome]);
        assert_eq!(world.origin.requests().len(), 1);
    }
    let absent = world(|_| {}).await;
    absent.origin.answers(Answer::of(404, ""));
    absent.ask(&get()).await.unwrap();
    absent.origin.answers(Answer::of(200, "").header("content-length", "3"));
    absent.fills.miss(&absent.bucket, &absent.rule, &get(), MissMethod::Head).await.unwrap();
    assert_eq!(absent.origin.requests().len(), 2);
}
