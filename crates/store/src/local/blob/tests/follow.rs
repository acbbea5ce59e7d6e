//! Followers of a body that is being written.

use std::ops::ControlFlow;

use futures_util::FutureExt as _;
use headwater_model::Error;
use tokio::sync::oneshot;

use super::*;
use crate::contract::{Tail, TailState};
use crate::local::blob::chunk::CHUNK_BYTES;

/// Reads from the start until `enough` or until the write ends; returns the bytes and the end.
async fn follow(tail: Arc<dyn Tail>, piece_bytes: u64, enough: u64) -> (Vec<u8>, TailState) {
    let mut bytes = Vec::new();
    let mut state = tail.state();
    loop {
        let from = bytes.len() as u64;
        let step = if from < state.readable() {
            let piece = tail.read(from..state.readable().min(from + piece_bytes)).await.expect("readable");
            assert!(!piece.is_empty() && piece.len() as u64 <= piece_bytes);
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 >= enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        } else if let TailState::Growing(_) = state {
            state = tail.changed(state).await;
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        };
        if step.is_break() {
            return (bytes, state);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fast_slow_and_late_followers_see_the_same_body() {
    let fixture = Fixture::new();
    let body = body((8 << 20) + 12_345);
    let mut writer = fixture.begin(UNBOUNDED).await;
    let fast = tokio::spawn(follow(writer.tail(), CHUNK_BYTES as u64, u64::MAX));
    let slow = tokio::spawn(follow(writer.tail(), 1_500, u64::MAX));
    let (half, rest) = body.split_at(body.len() / 2);
    write_pieces(&mut writer, half).await;
    let late = tokio::spawn(follow(writer.tail(), 16 << 10, u64::MAX));
    write_pieces(&mut writer, rest).await;
    writer.finish().await.expect("finished");
    let after = writer.tail();
    writer.persist(note()).await.expect("persisted");
    let after = follow(after, 100_000, u64::MAX).await;
    for (bytes, end) in [fast.await.expect("fast"), slow.await.expect("slow"), late.await.expect("late"), after] {
        assert_eq!(end, TailState::Finished(body.len() as u64));
        assert!(bytes == body);
    }
}

#[tokio::test]
async fn bytes_are_readable_before_the_next_ones_come() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(UNBOUNDED).await;
    let tail = writer.tail();
    assert_eq!(tail.state(), TailState::Growing(0));
    for length in 1..=3 {
        writer.write(Bytes::from_static(b"x")).await.expect("written");
        assert_eq!(tail.changed(TailState::Growing(length - 1)).await, TailState::Growing(length));
        assert_eq!(tail.read(0..length).await.expect("readable"), vec![b'x'; length as usize]);
    }
    assert!(matches!(tail.read(0..4).await, Err(Error::Internal { .. })), "not written yet");
    assert!(matches!(tail.read(1..1).await, Err(Error::Internal { .. })), "no bytes");
}

#[tokio::test]
async fn a_dropped_writer_breaks_the_body_and_leaves_no_file() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(UNBOUNDED).await;
    let path = fixture.dir.path(writer.id());
    let tail = writer.tail();
    let (first_read, first_was_read) = oneshot::channel();
    let follower = tokio::spawn(async move {
        let seen = follow(Arc::clone(&tail), 1000, 1000).await;
        first_read.send(()).expect("awaited");
        (seen, tail.changed(TailState::Growing(1000)).await, tail)
    });
    writer.write(Bytes::from(body(1000))).await.expect("written");
    first_was_read.await.expect("read");
    drop(writer);
    let (_, end, tail) = follower.await.expect("followed");
    assert_eq!(end, TailState::Broken(1000));
    assert!(tail.read(0..1000).await.expect("still readable") == body(1000));
    while path.exists() {
        tokio::task::yield_now().await; // the unlink runs on another thread
    }
    assert!(fixture.files().is_empty());
}

#[tokio::test]
async fn a_writer_that_loses_after_its_end_leaves_a_finished_body_to_its_followers() {
    let fixture = Fixture::new();
    let body = body(200_000);
    let mut writer = fixture.begin(UNBOUNDED).await;
    write_pieces(&mut writer, &body).await;
    writer.finish().await.expect("finished");
    let tail = writer.tail();
    drop(writer);
    assert_eq!(tail.state(), TailState::Finished(200_000));
    assert!(follow(tail, 50_000, u64::MAX).await.0 == body);
}

#[tokio::test]
async fn removal_after_persisting_does_not_disturb_a_follower() {
    let fixture = Fixture::new();
    let body = body(300_000);
    let mut writer = fixture.begin(UNBOUNDED).await;
    write_pieces(&mut writer, &body).await;
    writer.finish().await.expect("finished");
    let tail = writer.tail();
    let blob = writer.persist(note()).await.expect("persisted");
    assert!(fixture.dir.remove_blocking(blob.id).expect("removed"));
    assert!(follow(tail, u64::MAX / 2, u64::MAX).await.0 == body);
}

#[test]
fn a_worker_that_never_ran_breaks_the_write() {
    let fixture = Fixture::new();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut writer = runtime.block_on(fixture.begin(UNBOUNDED));
    let tail = writer.tail();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    // Jobs given to a runtime that has ended are dropped: the writer must hear of it and not wait for ever.
    let other = tokio::runtime::Runtime::new().expect("another runtime");
    let finished = other.block_on(async {
        {
            let _ended = handle.enter();
            let taken = writer.write(Bytes::from_static(b"x")).now_or_never();
            taken.expect("there is room").expect("taken, not yet written");
        }
        writer.finish().await
    });
    assert!(matches!(finished, Err(Error::Internal { .. })), "{finished:?}");
    assert_eq!(tail.state(), TailState::Broken(0));
}
