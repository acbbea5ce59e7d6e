//! What of the origin's answer is kept, and what of the client's request reaches the origin.

use headwater_model::clock::Timestamp;
use headwater_model::object::Provenance;
use headwater_model::origin::Framing;
use headwater_model::precondition::TagCondition;
use headwater_model::reply::Served;

use super::origin::Answer;
use super::world::{NOW, World, get, get_with, object, pattern, read};
use crate::fill::FillOutcome;

const SIZE: usize = 200_000;
/// MD5 of `hello` in base64, and that of something else.
const HELLO_MD5: &str = "XUFAKrxLKna5cZ2REBfFkg==";
const OTHER_MD5: &str = "1B2M2Y8AsgTpgAmY7PhCfg==";

#[tokio::test]
async fn row_13_an_encoded_body_is_kept_as_it_came() {
    let world = World::new().await;
    let bytes = b"\x1f\x8b\x08 not even gzip";
    world.origin.answers(Answer::of(200, &bytes[..]).header("content-encoding", "gzip"));
    let reply = world.get().await;
    assert_eq!(reply.meta.headers.content.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(read(reply.body).await.unwrap(), bytes);
    world.seen.outcomes(1).await;
    assert_eq!(world.stored().await.unwrap().meta.headers.content.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(world.stored_bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn row_14_seven_headers_are_kept_and_others_are_not() {
    let world = World::new().await;
    let answer = Answer::of(200, "x")
        .header("cache-control", "max-age=1")
        .header("set-cookie", "a=b")
        .header("etag", "\"origin\"")
        .header("last-modified", "Sat, 05 Nov 1994 08:49:37 GMT")
        .header("x-oss-meta-a", "1");
    world.origin.answers(answer);
    let meta = world.get().await.meta;
    assert_eq!(meta.headers.content.cache_control.as_deref(), Some("max-age=1"));
    assert!(meta.headers.user.is_empty());
    assert_eq!((meta.last_modified, meta.provenance), (NOW, Provenance::Mirrored));
    assert_ne!(meta.etag.as_str(), "origin");
}

#[tokio::test]
async fn row_15_user_metadata_is_kept_where_the_rule_says_so_up_to_8_kib() {
    let world = World::with_rule(|mirror| mirror.save_oss_meta = Some(true)).await;
    world.origin.answers(Answer::of(200, "x").header("x-oss-meta-a", &"v".repeat(9 << 10)));
    let failure = world.failure().await;
    assert_eq!((&*failure.message, failure.retry_after), ("Meta is too large.", None));
    world.origin.answers(Answer::of(200, "x").header("x-oss-meta-a", "1"));
    assert_eq!(world.get().await.meta.headers.user, [("a".into(), "1".into())]);
}

#[tokio::test]
async fn row_16_content_md5_decides_about_storing_where_the_rule_checks_it() {
    for (check, header, outcome) in [
        (true, Some(HELLO_MD5), FillOutcome::Committed),
        (true, None, FillOutcome::Committed),
        (true, Some(OTHER_MD5), FillOutcome::PassedThrough("md5_mismatch")),
        (true, Some("not base64"), FillOutcome::PassedThrough("md5_malformed")),
        (false, Some(OTHER_MD5), FillOutcome::Committed),
        (false, Some("not base64"), FillOutcome::Committed),
    ] {
        let world = World::with_rule(|mirror| mirror.check_md5 = Some(check)).await;
        let mut answer = Answer::of(200, "hello");
        if let Some(header) = header {
            answer = answer.header("content-md5", header);
        }
        world.origin.answers(answer);
        let reply = world.get().await;
        let stored = outcome == FillOutcome::Committed;
        assert_eq!(reply.facts.etag, stored, "an ETag only if it is the one that is stored");
        assert_eq!(read(reply.body).await.unwrap(), b"hello", "delivered either way");
        assert_eq!(world.seen.outcomes(1).await, [outcome], "{check} {header:?}");
        assert_eq!(world.stored().await.is_some(), stored);
    }
}

#[tokio::test]
async fn row_16_a_long_body_with_a_wrong_md5_is_delivered_and_not_stored() {
    let world = World::with_rule(|mirror| mirror.check_md5 = Some(true)).await;
    world.origin.answers(Answer::of(200, pattern(SIZE)).header("content-md5", OTHER_MD5));
    assert_eq!(read(world.get().await.body).await.unwrap(), pattern(SIZE));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::PassedThrough("md5_mismatch")]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn decision_13_a_checked_md5_gives_the_etag_before_the_body() {
    for check in [true, false] {
        let world = World::with_rule(|mirror| mirror.check_md5 = Some(check)).await;
        let (answer, _feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer.header("content-md5", OTHER_MD5));
        let reply = world.get().await;
        assert_eq!(reply.facts.etag, check, "what is not checked is not told");
        if check {
            assert_eq!(reply.meta.etag.as_str(), "d41d8cd98f00b204e9800998ecf8427e");
        }
    }
}

#[tokio::test]
async fn row_17_by_default_nothing_of_the_client_reaches_the_origin() {
    let world = World::new().await;
    let mut get = get();
    for (name, value) in [("cookie", "s=1"), ("x-a", "1"), ("accept-language", "de"), ("range", "bytes=0-1")] {
        get.miss.headers.insert(name, value.parse().unwrap());
    }
    get.miss.query = Some("a=b".into());
    world.origin.answers(Answer::of(200, "x"));
    world.ask(&get).await.unwrap();
    let request = &world.origin.requests()[0];
    assert_eq!(&*request.url, "http://origin.example/k");
    let mut names: Vec<&str> = request.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "cdn-loop", "user-agent"]);
    assert_eq!(request.headers["user-agent"], "aliyun-oss-mirror");
}

#[tokio::test]
async fn decision_9_what_was_fetched_with_a_cookie_is_not_stored() {
    let world = World::with_rule(|mirror| mirror.headers.as_mut().unwrap().pass = vec!["cookie".into()]).await;
    world.origin.answers(Answer::of(200, "for you only"));
    let reply = object(world.ask(&get_with("cookie", "s=1")).await);
    assert_eq!(reply.served, Served::PassThrough);
    assert_eq!(world.origin.requests()[0].headers["cookie"], "s=1");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::PassedThrough("cookie_forwarded")]);
    assert!(world.stored().await.is_none());

    world.origin.answers(Answer::of(200, "for everybody"));
    assert_eq!(world.get().await.served, Served::Miss);
}

#[tokio::test]
async fn row_20_the_rule_can_set_the_host() {
    let set = headwater_model::rule::KeyValue { key: "host".into(), value: "other.example".into() };
    let world = World::with_rule(|mirror| mirror.headers.as_mut().unwrap().set = vec![set]).await;
    world.origin.answers(Answer::of(200, "x"));
    world.get().await;
    assert_eq!(world.origin.requests()[0].headers["host"], "other.example");
}

#[tokio::test]
async fn row_45_a_rule_that_only_relays_stores_nothing_and_asks_each_time() {
    let world = World::with_rule(|mirror| mirror.proxy_pass = Some(true)).await;
    for size_bytes in [5, SIZE, SIZE] {
        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        let reply = world.get().await;
        assert_eq!(reply.served, Served::PassThrough);
        assert_eq!(read(reply.body).await.unwrap(), pattern(size_bytes));
    }
    assert_eq!(world.seen.outcomes(3).await, [FillOutcome::PassedThrough("proxy_pass"); 3]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn row_46_last_modified_is_the_fills_beginning_or_the_origins() {
    let date = "Sat, 05 Nov 1994 08:49:37 GMT";
    for (keeps, header, expected) in [
        (false, date, NOW),
        (true, date, Timestamp(NOW.0 - 86_400_000)),
        (true, "Mon, 07 Nov 1994 08:49:37 GMT", NOW),
        (true, "soon", NOW),
    ] {
        let world = World::with_rule(|mirror| mirror.user_last_modified = Some(keeps)).await;
        let (answer, feed) = Answer::fed(Framing::Length(5));
        world.origin.answers(answer.header("last-modified", header));
        feed.chunk("hello");
        drop(feed);
        let reply = world.get().await;
        world.clock.advance(std::time::Duration::from_secs(10));
        assert_eq!(reply.meta.last_modified, expected, "{header}");
        world.seen.outcomes(1).await;
        assert_eq!(world.stored().await.unwrap().meta.last_modified, expected, "committed as it was told");
    }
}

#[tokio::test]
async fn row_48_conditions_do_not_apply_to_a_miss() {
    let world = World::new().await;
    let mut conditional = get();
    conditional.conditions.if_none_match = Some(TagCondition::Any);
    conditional.conditions.if_modified_since = Some(Timestamp(i64::MAX));
    conditional.overrides.content_type = Some("text/override".into());
    world.origin.answers(Answer::of(200, "hello"));
    let reply = object(world.ask(&conditional).await);
    assert_eq!(reply.overrides.content_type.as_deref(), Some("text/override"));
    assert_eq!(read(reply.body).await.unwrap(), b"hello");
    world.seen.outcomes(1).await;
    assert_eq!(world.stored().await.unwrap().meta.headers.content.content_type, None, "overrides are not stored");
}
