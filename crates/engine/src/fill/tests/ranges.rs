//! Ranges of an object that is still on its way.

use std::sync::LazyLock;

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::origin::Framing;

use super::origin::Answer;
use super::world::{World, get_range, object, pattern, read, read_broken, read_some};
use crate::fill::FillOutcome;

const SIZE: usize = 1 << 20;

#[tokio::test]
async fn row_39_a_range_is_served_as_soon_as_its_bytes_pass_and_the_whole_is_stored() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let reply = object(world.ask(&get_range("bytes=1000-99999")).await);
    assert_eq!((reply.range.clone(), reply.meta.size_bytes), (Some(1000..100_000), SIZE as u64));
    feed.chunk(pattern(SIZE).slice(..100_000));
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE)[1000..100_000], "it ends while the fill runs");
    feed.chunk(pattern(SIZE).slice(100_000..));
    drop(feed);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(SIZE));
    let requests = world.origin.requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].headers.contains_key("range"));
}

#[tokio::test]
async fn row_39_a_range_to_the_end_waits_for_the_verification() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer.header("x-oss-hash-crc64ecma", "1"));
    let mut reply = object(world.ask(&get_range("bytes=-100000")).await);
    assert_eq!(reply.range.clone(), Some(SIZE as u64 - 100_000..SIZE as u64));
    feed.chunk(pattern(SIZE));
    let held_back = 100_000 - (64 << 10);
    assert_eq!(read_some(&mut reply.body, held_back).await.len(), held_back);
    drop(feed);
    let (rest, failure) = read_broken(reply.body).await;
    assert_eq!((rest.len(), failure.reason), (0, "checksum_mismatch"));
}

#[tokio::test]
async fn row_39_a_range_of_a_small_object() {
    let world = World::new().await;
    world.origin.answers(Answer::of(200, "0123456789"));
    let reply = object(world.ask(&get_range("bytes=2-4")).await);
    assert_eq!(reply.range, Some(2..5));
    assert_eq!(read(reply.body).await.unwrap(), b"234");
    world.seen.outcomes(1).await;
    assert_eq!(world.stored_bytes().await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn row_39_without_a_length_a_range_waits_for_it() {
    let world = World::new().await;
    world.origin.answers(Answer::of(200, pattern(SIZE)).framing(Framing::Delimited));
    let reply = object(world.ask(&get_range("bytes=-10")).await);
    assert_eq!(reply.range, Some(SIZE as u64 - 10..SIZE as u64));
    assert_eq!(reply.meta.size_bytes, SIZE as u64);
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE)[SIZE - 10..]);
}

#[tokio::test]
async fn row_39_a_length_that_comes_only_by_reading_on_gives_the_whole() {
    let world = World::with_rule(|mirror| mirror.proxy_pass = Some(true)).await;
    world.origin.answers(Answer::of(200, pattern(SIZE)).framing(Framing::Delimited));
    let reply = object(world.ask(&get_range("bytes=-10")).await);
    assert_eq!(reply.range, None);
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn row_39_a_range_of_a_pass_through() {
    let world = World::with_rule(|mirror| mirror.proxy_pass = Some(true)).await;
    world.origin.answers(Answer::of(200, pattern(SIZE)));
    let reply = object(world.ask(&get_range("bytes=700000-800000")).await);
    assert_eq!(reply.range, Some(700_000..800_001));
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE)[700_000..=800_000]);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Failed("abandoned")], "the rest is for nobody");
}

#[tokio::test]
async fn row_39_an_unsatisfiable_range_is_the_whole_unless_strict() {
    for size_bytes in [10, SIZE] {
        let world = World::new().await;
        let beyond = format!("bytes={size_bytes}-");
        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        let reply = object(world.ask(&get_range(&beyond)).await);
        assert_eq!(reply.range, None);
        assert_eq!(read(reply.body).await.unwrap().len(), size_bytes);
        world.seen.outcomes(1).await;
        world.delete().await;

        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        let mut strict = get_range(&beyond);
        strict.strict_range = true;
        let error = world.ask(&strict).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRange { size_bytes: total, .. } if total == size_bytes as u64));
        assert_eq!(world.seen.outcomes(2).await[1], FillOutcome::Committed, "it is stored all the same");
    }
}

/// Long enough for a far range.
const LONG: usize = 27 << 20;
const FAR: usize = 17 << 20;
const TAG: &str = "\"v1\"";

/// The long object, made once: debug builds take a second for it.
fn long() -> Bytes {
    static BODY: LazyLock<Bytes> = LazyLock::new(|| pattern(LONG));
    BODY.clone()
}

/// The bytes `first..=last` of a long object as a 206.
fn part(first: usize, last: usize, tag: &str) -> Answer {
    let range = format!("bytes {first}-{last}/{LONG}");
    Answer::of(206, long().slice(first..=last)).header("content-range", &range).header("etag", tag)
}

#[tokio::test]
async fn a_far_range_is_fetched_before_its_turn_and_the_fill_skips_it() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(LONG as u64));
    world.origin.answers(answer.header("etag", TAG).header("x-oss-hash-crc64ecma", &crc64(&long())));
    let whole = world.get().await;
    feed.chunk(long().slice(..1 << 20));

    let island = FAR..FAR + (8 << 20);
    world.origin.answers(part(island.start, island.end - 1, TAG));
    let reply = object(world.ask(&get_range(&format!("bytes={FAR}-{}", FAR + 999))).await);
    assert_eq!(read(reply.body).await.unwrap(), long()[FAR..FAR + 1000], "it does not wait for its turn");
    assert_eq!(world.origin.requests()[1].headers["range"], format!("bytes={}-{}", island.start, island.end - 1));
    assert_eq!(world.origin.requests()[1].headers["if-match"], TAG);

    world.origin.answers(part(island.end, LONG - 1, TAG));
    for chunk in long()[1 << 20..].chunks(1 << 20) {
        feed.chunk(long().slice_ref(chunk));
    }
    assert!(read(whole.body).await.unwrap() == long());
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert!(world.stored_bytes().await.unwrap() == long());
    assert_eq!(world.origin.requests()[2].headers["range"], format!("bytes={}-", island.end));
    assert_eq!(*world.seen.rescued.borrow(), 0, "nothing was lost");
}

#[tokio::test]
async fn a_far_range_of_another_version_is_not_taken_and_waits_for_its_turn() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(LONG as u64));
    world.origin.answers(answer.header("etag", TAG));
    world.get().await;
    let other = Answer::of(412, "");
    world.origin.answers(other);
    let mut reply = object(world.ask(&get_range(&format!("bytes={FAR}-{}", FAR + 999))).await);
    let body = &mut reply.body;
    let reading = async move { read_some(body, 1000).await };
    let feeding = async {
        world.origin.asked(2).await;
        // The fill goes on where the island would have begun.
        world.origin.answers(part(FAR, LONG - 1, TAG));
        for chunk in long().chunks(1 << 20) {
            feed.chunk(long().slice_ref(chunk));
        }
    };
    let (bytes, ()) = tokio::join!(reading, feeding);
    assert_eq!(bytes, long()[FAR..FAR + 1000]);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert!(world.stored_bytes().await.unwrap() == long());
}

#[tokio::test]
async fn a_far_range_of_what_nothing_pins_waits_for_its_turn() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(LONG as u64));
    world.origin.answers(answer);
    let reply = object(world.ask(&get_range(&format!("bytes={FAR}-{}", FAR + 999))).await);
    feed.chunk(long());
    drop(feed);
    assert_eq!(read(reply.body).await.unwrap(), long()[FAR..FAR + 1000]);
    assert_eq!(world.origin.requests().len(), 1);
}

fn crc64(bytes: &[u8]) -> String {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Xz);
    digest.update(bytes);
    digest.finalize().to_string()
}
