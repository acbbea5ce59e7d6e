//! What migration and origin settings make of answers.

use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::origin::{Framing, OriginId};
use headwater_model::settings::{AnswerGuard, DigestMismatch, KeepMode, MigrationSettings, OriginKind, OriginSettings};

use super::origin::Answer;
use super::world::{NOW, World, get, pattern, read, read_broken, relayed, settings};
use crate::fill::{FillOutcome, MissOutcome};

/// Makes the primary of a world speak S3.
fn speak_s3(world: &World) {
    let id = OriginId::parse("http://origin.example/").unwrap();
    world.origins.set(&id, Some(OriginSettings { kind: OriginKind::S3, ..OriginSettings::default() }));
}

#[tokio::test]
async fn decision_3_keep_all_keeps_tag_date_and_user_metadata() {
    let world = World::migrating(MigrationSettings { keep: KeepMode::All, ..settings() }).await;
    let answer = Answer::of(200, pattern(200_000))
        .header("etag", "\"0123456789abcdef0123456789abcdef-3\"")
        .header("last-modified", "Sun, 06 Nov 1994 08:00:00 GMT")
        .header("x-amz-meta-colour", "blue")
        .header("x-oss-meta-shape", "round");
    world.origin.answers(answer);
    let reply = world.get().await;
    assert!(reply.facts.etag, "the tag is the one that will be stored, so it may be told at once");
    read(reply.body).await.unwrap();
    world.seen.outcomes(1).await;
    let meta = world.stored().await.unwrap().meta;
    assert_eq!(meta.etag.as_str(), "0123456789abcdef0123456789abcdef-3");
    assert_eq!(meta.last_modified.seconds(), NOW.seconds() - 49 * 60 - 37);
    assert_eq!(meta.headers.user, [("colour".into(), "blue".into()), ("shape".into(), "round".into())]);
    assert!(meta.md5.is_some(), "our own digest stays");
}

#[tokio::test]
async fn decision_8_a_wrong_content_md5_cuts_where_the_bucket_says_so() {
    let wrong = "1B2M2Y8AsgTpgAmY7PhCfg==";
    let settings = MigrationSettings { on_digest_mismatch: DigestMismatch::Abort, ..settings() };
    let world = World::made(
        |mirror| mirror.check_md5 = Some(true),
        settings,
        super::faulty_store::Faults::default(),
        crate::fill::FillLimits::default(),
    )
    .await;
    let (answer, feed) = Answer::fed(Framing::Length(300_000));
    world.origin.answers(answer.header("content-md5", wrong));
    let reply = world.get().await;
    feed.chunk(pattern(300_000));
    drop(feed);
    let (bytes, failure) = read_broken(reply.body).await;
    assert!(bytes.len() <= 300_000 - HOLD_BACK_BYTES as usize);
    assert_eq!(failure.reason, "md5_mismatch");
    for _ in 0..2 {
        world.origin.answers(Answer::of(200, "small").header("content-md5", wrong));
    }
    assert_eq!(world.failure().await.reason, "md5_mismatch");
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn o59_a_tag_of_an_s3_origin_that_is_an_md5_is_verified() {
    let wrong = "\"d41d8cd98f00b204e9800998ecf8427e\"";
    let world = World::new().await;
    world.origin.answers(Answer::of(200, "x").header("etag", wrong));
    world.get().await;
    world.seen.outcomes(1).await;
    world.delete().await;

    speak_s3(&world);
    for _ in 0..2 {
        world.origin.answers(Answer::of(200, "x").header("etag", wrong));
    }
    assert_eq!(world.failure().await.reason, "checksum_mismatch");
    let (answer, feed) = Answer::fed(Framing::Length(300_000));
    world.origin.answers(answer.header("etag", wrong));
    let reply = world.get().await;
    feed.chunk(pattern(300_000));
    drop(feed);
    assert_eq!(read_broken(reply.body).await.1.reason, "checksum_mismatch");
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn o15_a_403_means_absent_where_the_origin_is_known_for_it() {
    let world = World::new().await;
    let id = OriginId::parse("http://origin.example/").unwrap();
    world.origins.set(&id, Some(OriginSettings { treat_403_as_404: true, ..OriginSettings::default() }));
    world.origin.answers(Answer::of(403, "AccessDenied"));
    assert!(matches!(world.ask(&get()).await.unwrap(), MissOutcome::NotFound { origin_status: 403 }));
}

#[tokio::test]
async fn o26_guards_refuse_what_is_not_the_object() {
    let guard = AnswerGuard {
        content_types: vec!["image/".into(), "video/".into()],
        min_bytes: 3,
        required_header: Some("x-real".into()),
    };
    let world = World::migrating(MigrationSettings { guard, ..settings() }).await;
    let image = |body: &'static str| Answer::of(200, body).header("content-type", "Image/png");
    for (answer, reason) in [
        (Answer::of(200, "login").header("content-type", "text/html"), "guard_content_type"),
        (Answer::of(200, "no type"), "guard_content_type"),
        (image("ab").header("x-real", "1"), "guard_min_bytes"),
        (image("abc"), "guard_required_header"),
    ] {
        world.origin.answers(answer);
        assert_eq!(world.failure().await.reason, reason);
    }
    world.origin.answers(image("abc").header("x-real", "1"));
    world.get().await;
}

#[tokio::test]
async fn o26_an_error_document_of_a_store_is_not_the_object() {
    let document = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>";
    let answer = || Answer::of(200, document).header("content-type", "application/xml");
    let world = World::new().await;
    speak_s3(&world);
    world.origin.answers(answer());
    assert_eq!(world.failure().await.reason, "error_document");
    world.origin.answers(Answer::of(200, "<Errors/>").header("content-type", "application/xml"));
    world.get().await;
}

#[tokio::test]
async fn o27_and_o70_and_o29_are_the_buckets_choice() {
    let choice =
        MigrationSettings { refuse_empty: true, obey_no_store: true, store_unproven_length: true, ..settings() };
    let world = World::migrating(choice).await;
    world.origin.answers(Answer::of(200, ""));
    assert_eq!(world.failure().await.reason, "empty_object");
    world.origin.answers(Answer::of(200, "x").header("cache-control", "max-age=1, no-store"));
    world.get().await;
    world.origin.answers(Answer::of(200, pattern(100_000)).framing(Framing::Close));
    read(world.get().await.body).await.unwrap();
    let outcomes = world.seen.outcomes(3).await;
    assert_eq!(outcomes[1..], [FillOutcome::PassedThrough("no_store"), FillOutcome::Committed]);
}

#[tokio::test]
async fn o29_a_digest_proves_the_length_of_a_body_that_ends_with_its_connection() {
    let world = World::new().await;
    let answer = Answer::of(200, "123456789").framing(Framing::Close).header("x-amz-checksum-crc32c", "4waSgw==");
    world.origin.answers(answer);
    read(world.get().await.body).await.unwrap();
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
}

#[tokio::test]
async fn o72_user_metadata_over_the_limit_may_be_left_out() {
    let world = World::made(
        |mirror| mirror.save_oss_meta = Some(true),
        MigrationSettings { drop_oversized_meta: true, ..settings() },
        super::faulty_store::Faults::default(),
        crate::fill::FillLimits::default(),
    )
    .await;
    world.origin.answers(Answer::of(200, "x").header("x-oss-meta-a", &"v".repeat(9000)));
    world.get().await;
    world.seen.outcomes(1).await;
    assert!(world.stored().await.unwrap().meta.headers.user.is_empty());
}

#[tokio::test]
async fn an_async_status_goes_to_the_client_and_the_object_comes_behind() {
    let world = World::with_rule(|mirror| mirror.async_status = Some(303)).await;
    world.origin.answers(Answer::of(303, "").header("location", "http://cdn.example/k"));
    world.origin.answers(Answer::of(200, pattern(100_000)));
    let reply = relayed(world.ask(&get()).await);
    assert_eq!((reply.status, reply.location.as_deref()), (303, Some("http://cdn.example/k")));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(100_000));
    let requests = world.origin.requests();
    assert_eq!((requests[0].follow_redirects, requests[1].follow_redirects), (false, true));
}

#[tokio::test]
async fn tags_and_return_headers_of_the_rule() {
    let pair = |key: &str, value: &str| headwater_model::rule::KeyValue { key: key.into(), value: value.into() };
    let world = World::with_rule(|mirror| {
        mirror.taggings = Some(vec![pair("from", "old place")]);
        mirror.return_headers =
            Some(vec![pair("x-origin", "mirror"), pair("Content-Length", "1"), pair("x-oss-tag", "forged")]);
    })
    .await;
    world.origin.answers(Answer::of(200, "x"));
    let reply = world.get().await;
    assert_eq!(reply.added, [("x-origin".parse().unwrap(), "mirror".parse().unwrap())]);
    world.seen.outcomes(1).await;
    assert_eq!(world.stored().await.unwrap().meta.tags, [("from".into(), "old place".into())]);
}
