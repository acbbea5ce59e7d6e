//! Reading what is still being written.

use std::sync::Arc;

use headwater_model::Error;
use headwater_store::{Expectation, ObjectWriter, Tail, TailState, WriteIntent};

use super::subject::{Subject, pattern};

async fn followed(subject: &Subject, key: &str) -> (Box<dyn ObjectWriter>, Arc<dyn Tail>) {
    let intent = WriteIntent { followed: true, ..subject.intent(key) };
    let writer = subject.store().begin(intent).await.expect("a writer");
    let tail = writer.tail();
    (writer, tail)
}

/// Waits until `bytes` can be read or the state is final.
async fn readable(tail: &dyn Tail, bytes: u64) -> TailState {
    let mut state = tail.state();
    while matches!(state, TailState::Growing(written) if written < bytes) {
        state = tail.changed(state).await;
    }
    state
}

/// The bytes from `start` to `end`, in as many reads as it takes.
async fn read(tail: &dyn Tail, mut start: u64, end: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while start < end {
        let piece = tail.read(start..end).await.expect("readable");
        assert!(!piece.is_empty() && piece.len() as u64 <= end - start);
        start += piece.len() as u64;
        bytes.extend_from_slice(&piece);
    }
    bytes
}

/// Reads from the beginning to the final state, as the bytes come.
pub(super) async fn drain(tail: &dyn Tail) -> (Vec<u8>, TailState) {
    let mut bytes = Vec::new();
    loop {
        let state = readable(tail, bytes.len() as u64 + 1).await;
        let part = read(tail, bytes.len() as u64, state.readable()).await;
        bytes.extend_from_slice(&part);
        if !matches!(state, TailState::Growing(_)) {
            return (bytes, state);
        }
    }
}

/// What was written can be read before the write is over, and the end is told.
pub async fn a_tail_follows_the_writer(subject: Subject) {
    let body = pattern(600_000, 1);
    let (mut writer, tail) = followed(&subject, "k").await;
    assert_eq!(tail.state(), TailState::Growing(0));
    let mut written = 0;
    for chunk in body.chunks(70_001) {
        writer.write(chunk.to_vec().into()).await.expect("written");
        let former = written as u64;
        written += chunk.len();
        let state = readable(&*tail, written as u64).await;
        assert_eq!(state, TailState::Growing(written as u64));
        assert!(read(&*tail, former, written as u64).await == chunk);
    }
    assert!(read(&*tail, 69_999, 70_003).await == body[69_999..70_003], "across two writes");
    writer.finish().await.expect("finished");
    assert_eq!(tail.state(), TailState::Finished(600_000));
    assert!(read(&*tail, 0, 600_000).await == body);

    let (mut empty, tail) = followed(&subject, "k").await;
    empty.finish().await.expect("finished");
    assert_eq!(tail.state(), TailState::Finished(0));
}

/// A reader that waits is woken by bytes, by the end and by a failure; one that is behind does not wait.
pub async fn a_tail_wakes_its_reader(subject: Subject) {
    let (mut writer, tail) = followed(&subject, "k").await;
    let waiting = |seen: TailState| {
        let tail = Arc::clone(&tail);
        tokio::spawn(async move { tail.changed(seen).await })
    };
    let woken = waiting(TailState::Growing(0));
    writer.write(vec![1; 5].into()).await.expect("written");
    let state = woken.await.expect("no panic");
    assert!(matches!(state, TailState::Growing(1..=5)), "{state:?}");
    assert_eq!(readable(&*tail, 5).await, TailState::Growing(5));
    assert_eq!(tail.changed(TailState::Growing(0)).await, TailState::Growing(5));
    let woken = waiting(TailState::Growing(5));
    writer.finish().await.expect("finished");
    assert_eq!(woken.await.expect("no panic"), TailState::Finished(5));

    let (writer, tail) = followed(&subject, "k").await;
    let woken = tokio::spawn(async move { tail.changed(TailState::Growing(0)).await });
    drop(writer);
    assert_eq!(woken.await.expect("no panic"), TailState::Broken(0));
}

/// Readers that begin at once and later, and one that never reads, all get the same, and none slows the writer.
pub async fn readers_go_at_their_own_pace(subject: Subject) {
    let body = pattern(2_000_000, 2);
    let (mut writer, idle) = followed(&subject, "k").await;
    let follow = |tail: Arc<dyn Tail>| tokio::spawn(async move { drain(&*tail).await });
    let early = follow(writer.tail());
    let mut late = None;
    for (number, chunk) in body.chunks(100_000).enumerate() {
        if number == 10 {
            late = Some(follow(writer.tail()));
        }
        writer.write(chunk.to_vec().into()).await.expect("written");
    }
    let digests = writer.finish().await.expect("finished");
    writer.seal(subject.object(&digests), Expectation::Any).await.expect("sealed");
    for reader in [early, late.expect("begun"), follow(idle)] {
        let (bytes, state) = reader.await.expect("no panic");
        assert_eq!(state, TailState::Finished(2_000_000));
        assert!(bytes == body);
    }
}

/// A write that was dropped or refused before its end is broken, and what came before stays readable.
pub async fn a_tail_tells_that_the_writer_gave_up(subject: Subject) {
    for size in [10, 300_000] {
        let body = pattern(size, 3);
        let (mut writer, tail) = followed(&subject, "k").await;
        writer.write(body.clone().into()).await.expect("written");
        readable(&*tail, size as u64).await;
        drop(writer);
        let (bytes, state) = drain(&*tail).await;
        assert_eq!(state, TailState::Broken(size as u64));
        assert!(bytes == body);

        let intent = WriteIntent { followed: true, content_length: Some(size as u64 + 1), ..subject.intent("k") };
        let mut writer = subject.store().begin(intent).await.expect("a writer");
        let tail = writer.tail();
        writer.write(body.clone().into()).await.expect("written");
        assert_fails!(writer.finish().await, Error::IncompleteBody);
        assert!(matches!(tail.state(), TailState::Broken(_)), "{:?}", tail.state());
        drop(writer);
        assert!(matches!(drain(&*tail).await, (bytes, TailState::Broken(_)) if body.starts_with(&bytes)));
    }
}

/// A finished body stays readable by those who follow it: sealed, refused, dropped or deleted.
pub async fn a_tail_outlives_the_end_of_the_write(subject: Subject) {
    for size in [10, 300_000] {
        for end in ["sealed", "refused", "dropped", "deleted"] {
            let body = pattern(size, 4);
            let (mut writer, tail) = followed(&subject, "k").await;
            writer.write(body.clone().into()).await.expect("written");
            let digests = writer.finish().await.expect("finished");
            let object = subject.object(&digests);
            match end {
                "sealed" => drop(writer.seal(object, Expectation::Any).await.expect("sealed")),
                "refused" => {
                    subject.put("k", b"local").await;
                    assert_fails!(writer.seal(object, Expectation::Absent).await, Error::ObjectExists { .. });
                }
                "dropped" => drop(writer),
                _ => {
                    writer.seal(object, Expectation::Any).await.expect("sealed");
                    subject.delete("k").await;
                }
            }
            let (bytes, state) = drain(&*tail).await;
            assert_eq!(state, TailState::Finished(size as u64), "{end}");
            assert!(bytes == body, "{end}");
        }
    }
}
