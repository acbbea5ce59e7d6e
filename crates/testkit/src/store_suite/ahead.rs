//! Writing ahead of the end of a body.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::digest::{ChecksumAlgorithm, Digests};
use headwater_store::{Ahead, Expectation, ObjectWriter, Tail, TailState, WriteIntent};

use super::subject::{Subject, pattern};
use crate::SeededRandom;

/// Length of most bodies: some blocks and an odd rest.
const BODY_BYTES: usize = 400_001;

async fn begun(subject: &Subject, length: usize) -> (Box<dyn ObjectWriter>, Arc<dyn Ahead>) {
    let intent = WriteIntent {
        content_length: Some(length as u64),
        followed: true,
        checksum: Some(ChecksumAlgorithm::Crc32c),
        ..subject.intent("k")
    };
    let writer = subject.store().begin(intent).await.expect("a writer");
    let ahead = writer.ahead().expect("a large followed body of announced length");
    (writer, ahead)
}

async fn write_at(ahead: &dyn Ahead, offset: usize, bytes: &[u8]) {
    ahead.write_at(offset as u64, bytes.to_vec().into()).await.expect("written ahead");
}

async fn read(ahead: &dyn Ahead, start: usize, end: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while start + bytes.len() < end {
        let at = start + bytes.len();
        let piece = ahead.read(at as u64..end as u64).await.expect("readable");
        assert!(!piece.is_empty() && piece.len() <= end - at);
        bytes.extend_from_slice(&piece);
    }
    bytes
}

/// Waits until `bytes` are readable.
async fn grown(tail: &dyn Tail, bytes: usize) {
    let mut state = tail.state();
    while matches!(state, TailState::Growing(readable) if readable < bytes as u64) {
        state = tail.changed(state).await;
    }
    assert!(state.readable() >= bytes as u64, "{state:?}");
}

async fn sealed(subject: &Subject, mut writer: Box<dyn ObjectWriter>) -> Digests {
    let digests = writer.finish().await.expect("finished");
    writer.seal(subject.object(&digests), Expectation::Any).await.expect("sealed");
    digests
}

async fn assert_stored(subject: &Subject, digests: &Digests, body: &[u8]) {
    assert_eq!(*digests, crate::memory_store::digests::of(body, Some(ChecksumAlgorithm::Crc32c)));
    assert!(subject.body("k").await.expect("an object") == body);
}

/// Only they are: what is small, of unknown length or not followed comes in its order.
pub async fn large_bodies_of_known_length_are_written_ahead(subject: Subject) {
    let large = subject.fixture.threshold_bytes() as u64 + 1;
    for (content_length, followed, expected) in
        [(Some(large), true, true), (Some(large), false, false), (None, true, false), (Some(5), true, false)]
    {
        let intent = WriteIntent { content_length, followed, ..subject.intent("k") };
        let writer = subject.store().begin(intent).await.expect("a writer");
        assert_eq!(writer.ahead().is_some(), expected, "{content_length:?} {followed}");
    }
}

/// They are read as soon as they are written, count for nothing until they are absorbed, and then like all others.
pub async fn bytes_written_ahead_are_read_and_absorbed(subject: Subject) {
    let body = pattern(BODY_BYTES, 1);
    let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
    let tail = writer.tail();
    write_at(&*ahead, 300_000, &body[300_000..]).await;
    write_at(&*ahead, 100_000, &body[100_000..180_000]).await;
    write_at(&*ahead, 180_000, &body[180_000..200_000]).await;
    assert_eq!(tail.state(), TailState::Growing(0));
    assert!(read(&*ahead, 100_000, 200_000).await == body[100_000..200_000]);
    assert!(read(&*ahead, 399_999, BODY_BYTES).await == body[399_999..]);
    writer.write(body[..100_000].to_vec().into()).await.expect("written");
    writer.absorb(30_000).await.expect("absorbed");
    writer.absorb(0).await.expect("absorbed");
    writer.absorb(70_000).await.expect("absorbed");
    grown(&*tail, 200_000).await;
    assert_eq!(tail.state(), TailState::Growing(200_000));
    assert!(read(&*ahead, 50_000, 200_000).await == body[50_000..200_000], "also what came in order");
    writer.write(body[200_000..300_000].to_vec().into()).await.expect("written");
    writer.absorb(100_001).await.expect("absorbed");
    let digests = sealed(&subject, writer).await;
    assert_eq!(tail.state(), TailState::Finished(BODY_BYTES as u64));
    assert_stored(&subject, &digests, &body).await;
}

/// Pieces of every size, in every order, some written and some absorbed, make the object that was meant.
pub async fn a_body_written_in_any_order_is_the_same(subject: Subject) {
    const BLOCK: usize = 64 << 10;
    for seed in 0..24 {
        let mut random = SeededRandom::new(seed);
        let mut below = |limit: usize| {
            let bytes = random.bytes(8);
            (u64::from_le_bytes(bytes.try_into().expect("8 bytes")) % limit as u64) as usize
        };
        // Around the end of a block, and cut around the ends of blocks.
        let length = (2 + below(5)) * BLOCK - 2 + below(5);
        let mut cuts: Vec<usize> =
            (0..below(12))
                .map(|_| {
                    if below(2) == 0 {
                        below(length)
                    } else {
                        (below(length / BLOCK + 1) * BLOCK + below(3)).max(1) - 1
                    }
                })
                .collect();
        cuts.extend([0, length]);
        cuts.retain(|cut| *cut <= length);
        cuts.sort_unstable();
        cuts.dedup();
        let body = pattern(length, seed);
        let mut pieces: Vec<(usize, usize)> = cuts.windows(2).map(|cut| (cut[0], cut[1])).collect();
        let by_end = pieces.clone();
        let absorbed: Vec<bool> = pieces.iter().map(|_| below(3) > 0).collect();
        for at in (1..pieces.len()).rev() {
            pieces.swap(at, below(at + 1));
        }
        let (mut writer, ahead) = begun(&subject, length).await;
        for (start, end) in pieces {
            if absorbed[by_end.iter().position(|piece| *piece == (start, end)).expect("one of them")] {
                write_at(&*ahead, start, &body[start..end]).await;
            }
        }
        for ((start, end), is_ahead) in by_end.into_iter().zip(absorbed) {
            if is_ahead {
                writer.absorb((end - start) as u64).await.expect("absorbed");
            } else {
                writer.write(body[start..end].to_vec().into()).await.expect("written");
            }
        }
        let digests = sealed(&subject, writer).await;
        assert_stored(&subject, &digests, &body).await;
    }
}

/// Behind the end and beyond the announced length nothing is written, what is not there is not read, and the write goes
/// on all the same.
pub async fn writes_ahead_keep_to_their_place(subject: Subject) {
    let body = pattern(BODY_BYTES, 2);
    let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
    writer.write(body[..100_000].to_vec().into()).await.expect("written");
    for offset in [0, 99_999] {
        assert_fails!(ahead.write_at(offset, vec![0; 10].into()).await, Error::Internal { .. });
    }
    for offset in [BODY_BYTES as u64 - 9, u64::MAX - 3, u64::MAX] {
        assert_fails!(ahead.write_at(offset, vec![0; 10].into()).await, Error::EntityTooLarge { .. });
    }
    write_at(&*ahead, 200_000, &body[200_000..300_000]).await;
    write_at(&*ahead, 150_000, b"").await;
    for range in [150_000..150_001, 199_999..200_001, 299_999..300_001, 200_000..200_000, 500_000..600_000] {
        assert_fails!(ahead.read(range).await, Error::Internal { .. });
    }
    writer.write(body[100_000..].to_vec().into()).await.expect("written");
    let digests = sealed(&subject, writer).await;
    assert_stored(&subject, &digests, &body).await;
}

/// Bytes that nobody wrote never become part of a body, nor more than announced.
pub async fn only_what_was_written_ahead_is_absorbed(subject: Subject) {
    for (there, absorbed) in [(0..0, 1), (0..1000, 1001), (1..1000, 500), (0..BODY_BYTES, BODY_BYTES as u64 + 1)] {
        let body = pattern(BODY_BYTES, 3);
        let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
        let tail = writer.tail();
        write_at(&*ahead, there.start, &body[there.clone()]).await;
        assert_fails!(writer.absorb(absorbed).await, Error::Internal { .. } | Error::EntityTooLarge { .. });
        assert_eq!(tail.state(), TailState::Broken(0));
        assert!(writer.finish().await.is_err());
    }
    let mut small = subject.store().begin(subject.intent("k")).await.expect("a writer");
    assert_fails!(small.absorb(1).await, Error::Internal { .. });
}

/// The bytes of `write` count, whatever was in their place.
pub async fn what_comes_in_order_replaces_what_was_written_ahead(subject: Subject) {
    let body = pattern(BODY_BYTES, 4);
    let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
    write_at(&*ahead, 50_000, &vec![0xEE; 200_000]).await;
    write_at(&*ahead, 250_000, &body[250_000..]).await;
    write_at(&*ahead, 200_000, &body[200_000..260_000]).await;
    writer.write(body[..200_000].to_vec().into()).await.expect("written");
    writer.absorb(BODY_BYTES as u64 - 200_000).await.expect("absorbed");
    let digests = sealed(&subject, writer).await;
    assert_stored(&subject, &digests, &body).await;
}

/// Writes ahead from several tasks, and an end that runs into them.
pub async fn writers_from_all_sides_make_one_body(subject: Subject) {
    for seed in 0..8 {
        let body = Arc::new(pattern(BODY_BYTES, seed));
        let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
        let follower = tokio::spawn({
            let tail = writer.tail();
            async move { grown(&*tail, BODY_BYTES).await }
        });
        let tasks: Vec<_> = (0..4)
            .map(|side| {
                let (body, ahead) = (Arc::clone(&body), Arc::clone(&ahead));
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    for start in (side * 7001..BODY_BYTES).step_by(28_004) {
                        let end = (start + 7001).min(BODY_BYTES);
                        // The end may have passed by now.
                        if ahead.write_at(start as u64, body[start..end].to_vec().into()).await.is_ok() {
                            taken.push(start);
                        }
                    }
                    taken
                })
            })
            .collect();
        let passed = 130_000;
        for chunk in body[..passed].chunks(10_007) {
            writer.write(chunk.to_vec().into()).await.expect("written");
        }
        let mut end = passed;
        for task in tasks {
            let taken = task.await.expect("no panic");
            assert!(taken.len() >= 9, "what lies ahead of the end is taken: {taken:?}");
        }
        while end < BODY_BYTES {
            let length = (100_003).min(BODY_BYTES - end);
            // The piece that the end cut in two may have been refused.
            let whole = end.next_multiple_of(7001);
            if end == passed && whole > end {
                writer.write(body[end..whole].to_vec().into()).await.expect("written");
                end = whole;
                continue;
            }
            writer.absorb(length as u64).await.expect("absorbed");
            end += length;
        }
        let digests = sealed(&subject, writer).await;
        follower.await.expect("no panic");
        assert_stored(&subject, &digests, &body).await;
    }
}

/// What is there stays readable after the write, however it ended, and nothing is written any more.
pub async fn ahead_outlives_the_end_of_the_write(subject: Subject) {
    let body = pattern(BODY_BYTES, 5);
    for end in ["sealed", "refused", "dropped", "broken"] {
        let (mut writer, ahead) = begun(&subject, BODY_BYTES).await;
        write_at(&*ahead, 100_000, &body[100_000..]).await;
        writer.write(body[..100_000].to_vec().into()).await.expect("written");
        match end {
            "sealed" | "refused" => {
                writer.absorb(300_001).await.expect("absorbed");
                let digests = writer.finish().await.expect("finished");
                let expect = if end == "sealed" { Expectation::Any } else { Expectation::Absent };
                let sealed = writer.seal(subject.object(&digests), expect).await;
                assert_eq!(sealed.is_ok(), end == "sealed");
            }
            "dropped" => drop(writer),
            _ => assert_fails!(writer.finish().await, Error::IncompleteBody),
        }
        assert!(read(&*ahead, 100_000, BODY_BYTES).await == body[100_000..], "{end}");
        assert_fails!(ahead.write_at(200_000, vec![0; 9].into()).await, Error::Internal { .. });
        assert_fails!(ahead.read(BODY_BYTES as u64..BODY_BYTES as u64 + 1).await, Error::Internal { .. });
        assert!(subject.body("k").await.expect("an object") == body, "{end}");
    }
}
