//! A blob that was written in any order is the one that is written from its beginning.

use headwater_model::Error;
use headwater_model::digest::Digests;
use proptest::prelude::*;
use tokio::sync::Barrier;

use super::*;
use crate::contract::Ahead;
use crate::local::blob::ahead::MAX_WRITES;
use crate::local::blob::layout::BLOCK_BYTES;
use crate::local::digest::BodyDigest;

const BLOCK: usize = BLOCK_BYTES as usize;

async fn begin(fixture: &Fixture, length: usize) -> (BlobWriter, Arc<dyn Ahead>) {
    let writer = fixture.begin(WriteOptions { content_length: Some(length as u64), ..UNBOUNDED }).await;
    let ahead = writer.ahead().expect("of announced length");
    (writer, ahead)
}

/// A piece of a body and how it comes: written ahead in the order of `turn`, or when its place is reached.
#[derive(Clone, Debug)]
struct Piece {
    length: usize,
    turn: Option<u8>,
}

fn piece() -> impl Strategy<Value = Piece> {
    let around = |edge: usize| (edge - 2..edge + 3).boxed();
    let length = prop_oneof![1usize..40, around(BLOCK), around(2 * BLOCK), around(4 * BLOCK), 1..3 * BLOCK];
    (length, any::<Option<u8>>()).prop_map(|(length, turn)| Piece { length, turn })
}

/// Digests, and the file up to its footer, which tells the blob's own id.
async fn end(fixture: &Fixture, mut writer: BlobWriter, length: usize) -> (Digests, Vec<u8>) {
    let digests = writer.finish().await.expect("finished");
    let blob = writer.persist(note()).await.expect("persisted");
    assert!(matches!(fixture.reopened().verify(blob.id), Ok(BlobCheck::Intact(_))));
    let mut file = std::fs::read(fixture.dir.path(blob.id)).expect("the file");
    file.truncate(length + length.div_ceil(BLOCK) * 4);
    (digests, file)
}

async fn compare(pieces: Vec<Piece>) {
    let fixture = Fixture::new();
    let length = pieces.iter().map(|piece| piece.length).sum();
    let body = body(length);
    let mut sequential = fixture.begin(WriteOptions { content_length: Some(length as u64), ..UNBOUNDED }).await;
    write_pieces(&mut sequential, &body).await;
    let expected = end(&fixture, sequential, length).await;
    assert_eq!(expected.0, BodyDigest::of(&body, None));

    let (mut writer, ahead) = begin(&fixture, length).await;
    let mut turns = Vec::new();
    let mut start = 0;
    for piece in &pieces {
        turns.extend(piece.turn.map(|turn| (turn, start, start + piece.length)));
        start += piece.length;
    }
    turns.sort_unstable();
    for (_, start, end) in turns {
        ahead.write_at(start as u64, Bytes::copy_from_slice(&body[start..end])).await.expect("written ahead");
    }
    let mut start = 0;
    for piece in &pieces {
        let end = start + piece.length;
        match piece.turn {
            Some(_) => writer.absorb(piece.length as u64).await.expect("absorbed"),
            None => writer.write(Bytes::copy_from_slice(&body[start..end])).await.expect("written"),
        }
        start = end;
    }
    assert!(end(&fixture, writer, length).await == expected, "{pieces:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_blob_in_any_order_is_the_same_to_the_last_checksum(pieces in prop::collection::vec(piece(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        runtime.block_on(compare(pieces));
    }
}

/// The end of the body waits for those who write in its way, and those who come too late are refused: whatever was
/// accepted is what was digested.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_and_writes_ahead_of_other_bytes_do_not_mix() {
    let fixture = Fixture::new();
    let length = 40 * BLOCK + 5;
    let body = body(length);
    for _ in 0..10 {
        let (mut writer, ahead) = begin(&fixture, length).await;
        let together = Arc::new(Barrier::new(2));
        let rival = tokio::spawn({
            let together = Arc::clone(&together);
            async move {
                together.wait().await;
                for offset in (0..length - BLOCK).step_by(BLOCK / 2) {
                    // Refused behind the end.
                    let _ = ahead.write_at(offset as u64, vec![0xEE; BLOCK].into()).await;
                }
            }
        });
        together.wait().await;
        write_pieces(&mut writer, &body).await;
        rival.await.expect("no panic");
        let (digests, file) = end(&fixture, writer, length).await;
        assert_eq!(digests, BodyDigest::of(&body, None));
        assert!(file[..length] == body);
    }
}

/// A write ahead whose caller went away is over all the same, and more than run at a time wait for their turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_ahead_end_without_their_callers() {
    let fixture = Fixture::new();
    let pieces = 4 * MAX_WRITES;
    let body = body((pieces + 1) * 1000);
    let (mut writer, ahead) = begin(&fixture, body.len()).await;
    let tasks: Vec<_> = (1..=pieces)
        .map(|piece| {
            let (ahead, bytes) = (Arc::clone(&ahead), Bytes::copy_from_slice(&body[piece * 1000..][..1000]));
            tokio::spawn(async move { ahead.write_at(piece as u64 * 1000, bytes).await })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        if number % 2 == 0 {
            task.abort();
            let _ = task.await;
        } else {
            task.await.expect("no panic").expect("written ahead");
        }
    }
    // Over every place: nothing is being written for ever.
    write_pieces(&mut writer, &body).await;
    assert_eq!(writer.finish().await.expect("finished"), BodyDigest::of(&body, None));
}

#[tokio::test]
async fn pieces_beyond_the_limit_are_refused_until_they_grow_together() {
    let fixture = Fixture::new();
    let (mut writer, ahead) = begin(&fixture, 1 << 20).await;
    let mut offset = 1;
    let refused = loop {
        match ahead.write_at(offset, Bytes::from_static(b"x")).await {
            Ok(()) => offset += 2,
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, Error::Internal { source, .. } if source.to_string().contains("pieces")), "{refused}");
    assert_eq!(offset, 1 + 2 * 4096);
    // The end passes most of them.
    writer.write(vec![0; 8000].into()).await.expect("written");
    let tail = writer.tail();
    while tail.state().readable() < 8000 {
        tail.changed(tail.state()).await;
    }
    ahead.write_at(offset, Bytes::from_static(b"x")).await.expect("room again");
}
