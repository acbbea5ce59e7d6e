//! What every index promises, one function a promise.
//!
//! [`index_conformance!`](crate::index_conformance) makes a test of each function; [`reopening_keeps_what_was_committed`]
//! is for indexes that persist; [`model`] compares random operations with [`headwater_index::memory::MemoryIndex`].

pub mod model;

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::{Commit, Expect, Index, KeyRange, Outcome, Row};
use tokio::task::JoinSet;

/// Tests of every promise. `$make` is an expression that makes a pair: an `Arc<dyn Index>` without rows, and whatever
/// must outlive it (a directory, or nothing).
#[macro_export]
macro_rules! index_conformance {
    ($make:expr) => {
        $crate::index_conformance!(@tests $make;
            rows_are_found_under_their_keys,
            scans_are_ordered_bounded_and_limited,
            expectations_are_judged,
            the_first_failing_expectation_is_named,
            a_refused_commit_changes_nothing,
            a_commit_deletes_before_it_puts,
            keys_and_values_are_any_bytes,
            concurrent_commits_have_one_winner,
            concurrent_increments_are_all_counted,
            answered_commits_are_seen_by_later_reads
        );
    };
    (@tests $make:expr; $($name:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (index, _keep) = $make;
                $crate::index_suite::$name(index).await;
            }
        )*
    };
}

fn row(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Row {
    Row { key: key.as_ref().to_vec(), value: Bytes::copy_from_slice(value.as_ref()) }
}

fn put<const N: usize>(rows: [(&str, &str); N]) -> Commit {
    Commit { put: rows.map(|(key, value)| row(key, value)).into(), ..Commit::default() }
}

async fn committed(index: &dyn Index, commit: Commit) {
    assert_eq!(index.commit(commit).await.expect("a commit"), Outcome::Committed);
}

async fn get(index: &dyn Index, key: &str) -> Option<Bytes> {
    index.get(key.as_bytes()).await.expect("a read")
}

async fn keys(index: &dyn Index, range: &KeyRange, limit: usize) -> Vec<String> {
    let rows = index.scan(range, limit).await.expect("a scan");
    rows.into_iter().map(|row| String::from_utf8_lossy(&row.key).into_owned()).collect()
}

/// A row is found under its key alone, and not after it was deleted; deleting what is not there is no failure.
pub async fn rows_are_found_under_their_keys(index: Arc<dyn Index>) {
    assert_eq!(get(&*index, "a").await, None);
    committed(&*index, put([("a", "1"), ("ab", "2")])).await;
    assert_eq!(get(&*index, "a").await.as_deref(), Some(b"1".as_slice()));
    assert_eq!(get(&*index, "ab").await.as_deref(), Some(b"2".as_slice()));
    assert_eq!(get(&*index, "").await, None);
    committed(&*index, put([("a", "3")])).await;
    assert_eq!(get(&*index, "a").await.as_deref(), Some(b"3".as_slice()));
    committed(&*index, Commit { delete: vec![b"a".to_vec(), b"z".to_vec()], ..Commit::default() }).await;
    assert_eq!(get(&*index, "a").await, None);
    committed(&*index, Commit::default()).await;
}

/// Scans give the rows of a half-open range in byte order, at most as many as asked for.
pub async fn scans_are_ordered_bounded_and_limited(index: Arc<dyn Index>) {
    committed(&*index, put([("b", ""), ("a", "1"), ("c", ""), ("ab", ""), ("a\u{0}", "")])).await;
    let index = &*index;
    let range = |start: &str, end: Option<&str>| KeyRange { start: start.into(), end: end.map(Into::into) };
    let all = KeyRange::all();
    assert_eq!(keys(index, &all, 10).await, ["a", "a\u{0}", "ab", "b", "c"]);
    assert_eq!(keys(index, &all, 2).await, ["a", "a\u{0}"]);
    assert_eq!(keys(index, &all, 0).await, [""; 0]);
    assert_eq!(keys(index, &all, usize::MAX).await.len(), 5);
    assert_eq!(keys(index, &range("a\u{0}", Some("b")), 10).await, ["a\u{0}", "ab"]);
    assert_eq!(keys(index, &range("aa", None), 10).await, ["ab", "b", "c"]);
    assert_eq!(keys(index, &KeyRange::prefix(b"a"), 10).await, ["a", "a\u{0}", "ab"]);
    for empty in [range("b", Some("b")), range("c", Some("a")), range("d", None), range("aa", Some("ab"))] {
        assert_eq!(keys(index, &empty, 10).await, [""; 0], "{empty:?}");
    }
    assert_eq!(index.scan(&all, 1).await.expect("a scan"), [row("a", "1")]);
}

/// Each expectation holds exactly when it says.
pub async fn expectations_are_judged(index: Arc<dyn Index>) {
    committed(&*index, put([("a", "1")])).await;
    let equals = |key: &str, value: &'static str| Expect::Equals(key.into(), Bytes::from_static(value.as_bytes()));
    let empty =
        |start: &str, end: Option<&str>| Expect::Empty(KeyRange { start: start.into(), end: end.map(Into::into) });
    let judged = [
        (Expect::Absent(b"b".to_vec()), true),
        (Expect::Absent(b"a".to_vec()), false),
        (Expect::Present(b"a".to_vec()), true),
        (Expect::Present(b"b".to_vec()), false),
        (equals("a", "1"), true),
        (equals("a", "2"), false),
        (equals("a", ""), false),
        (equals("b", ""), false),
        (empty("b", None), true),
        (empty("", Some("a")), true),
        (empty("a", Some("a")), true),
        (empty("z", Some("a")), true),
        (empty("a", Some("b")), false),
        (empty("", None), false),
    ];
    for (expect, holds) in judged {
        let outcome = index.commit(Commit { expect: vec![expect.clone()], ..Commit::default() }).await;
        let expected = if holds { Outcome::Committed } else { Outcome::Refused(0) };
        assert_eq!(outcome.expect("a commit"), expected, "{expect:?}");
    }
}

/// A refusal names the position of the first expectation that did not hold.
pub async fn the_first_failing_expectation_is_named(index: Arc<dyn Index>) {
    let absent = Expect::Absent(b"a".to_vec());
    let present = Expect::Present(b"a".to_vec());
    let expect = vec![absent.clone(), absent, present.clone(), present];
    let outcome = index.commit(Commit { expect, ..Commit::default() }).await.expect("a commit");
    assert_eq!(outcome, Outcome::Refused(2));
}

/// None of the changes of a refused commit is made.
pub async fn a_refused_commit_changes_nothing(index: Arc<dyn Index>) {
    committed(&*index, put([("a", "1"), ("b", "1")])).await;
    let refused = Commit {
        expect: vec![Expect::Present(b"a".to_vec()), Expect::Absent(b"b".to_vec())],
        put: vec![row("a", "2"), row("c", "2")],
        delete: vec![b"b".to_vec()],
    };
    assert_eq!(index.commit(refused).await.expect("a commit"), Outcome::Refused(1));
    let rows = index.scan(&KeyRange::all(), 10).await.expect("a scan");
    assert_eq!(rows, [row("a", "1"), row("b", "1")]);
}

/// A key that a commit deletes and puts has the row that was put; of two puts the last wins.
pub async fn a_commit_deletes_before_it_puts(index: Arc<dyn Index>) {
    committed(&*index, put([("a", "1"), ("b", "1")])).await;
    let change = Commit {
        put: vec![row("a", "2"), row("c", "1"), row("c", "2")],
        delete: vec![b"a".to_vec(), b"b".to_vec(), b"b".to_vec()],
        ..Commit::default()
    };
    committed(&*index, change).await;
    let rows = index.scan(&KeyRange::all(), 10).await.expect("a scan");
    assert_eq!(rows, [row("a", "2"), row("c", "2")]);
}

/// Keys and values hold any bytes; keys sort as unsigned bytes; a value may be empty or large.
pub async fn keys_and_values_are_any_bytes(index: Arc<dyn Index>) {
    let large = vec![0xEE; 1 << 20];
    let rows = vec![row([0u8], []), row([0u8, 0xFF], [0u8, 1, 2]), row([0x7F], [0xFF]), row([0x80], large)];
    committed(&*index, Commit { put: rows.iter().rev().cloned().collect(), ..Commit::default() }).await;
    assert_eq!(index.scan(&KeyRange::all(), 10).await.expect("a scan"), rows);
    let long = row(vec![0xFF; 4096], "v");
    committed(&*index, Commit { put: vec![long.clone()], ..Commit::default() }).await;
    assert_eq!(index.get(&long.key).await.expect("a read"), Some(long.value));
}

/// Of commits that each expect the key to be absent, exactly one happens, and its row is the one that stays.
pub async fn concurrent_commits_have_one_winner(index: Arc<dyn Index>) {
    for round in 0..10 {
        let key = format!("round {round}");
        let mut tasks = JoinSet::new();
        for number in 0..8 {
            let (index, key) = (Arc::clone(&index), key.clone());
            tasks.spawn(async move {
                let expect = vec![Expect::Absent(key.clone().into_bytes())];
                let commit = Commit { expect, put: vec![row(key, number.to_string())], delete: Vec::new() };
                (number, index.commit(commit).await.expect("a commit"))
            });
        }
        let outcomes = tasks.join_all().await;
        let winners: Vec<i32> =
            outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Committed).map(|(number, _)| *number).collect();
        let [winner] = winners[..] else { panic!("one winner, not {winners:?}") };
        assert!(outcomes.iter().all(|(number, outcome)| *number == winner || *outcome == Outcome::Refused(0)));
        assert_eq!(get(&*index, &key).await.as_deref(), Some(winner.to_string().as_bytes()));
    }
}

/// Read, expect what was read, write: no increment of a shared counter is lost.
pub async fn concurrent_increments_are_all_counted(index: Arc<dyn Index>) {
    const TASKS: u64 = 6;
    const INCREMENTS: u64 = 5;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let index = Arc::clone(&index);
        tasks.spawn(async move {
            for _ in 0..INCREMENTS {
                increment(&*index).await;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(get(&*index, "n").await.as_deref(), Some((TASKS * INCREMENTS).to_string().as_bytes()));
}

async fn increment(index: &dyn Index) {
    loop {
        let former = get(index, "n").await;
        let number: u64 = former.as_deref().map_or(0, |text| String::from_utf8_lossy(text).parse().expect("a number"));
        let expect = match former {
            Some(value) => Expect::Equals(b"n".to_vec(), value),
            None => Expect::Absent(b"n".to_vec()),
        };
        let put = vec![row("n", (number + 1).to_string())];
        let commit = Commit { expect: vec![expect], put, delete: Vec::new() };
        if index.commit(commit).await.expect("a commit") == Outcome::Committed {
            return;
        }
    }
}

/// Each writer sees its own commit, whole, as soon as it was answered, whatever the others do.
pub async fn answered_commits_are_seen_by_later_reads(index: Arc<dyn Index>) {
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let index = Arc::clone(&index);
        tasks.spawn(async move {
            for round in 0..8 {
                let (left, right) = (format!("{task} left"), format!("{task} right"));
                let value = round.to_string();
                committed(&*index, put([(&left, &value), (&right, &value)])).await;
                let seen = index.scan(&KeyRange::prefix(task.to_string().as_bytes()), 10).await.expect("a scan");
                assert_eq!(seen, [row(left, &value), row(right, &value)]);
            }
        });
    }
    tasks.join_all().await;
}

/// What was committed is there after the index was closed and opened again. `open` opens always the same index.
pub async fn reopening_keeps_what_was_committed(mut open: impl FnMut() -> Arc<dyn Index>) {
    let index = open();
    committed(&*index, put([("a", "1"), ("b", "1")])).await;
    committed(&*index, Commit { delete: vec![b"a".to_vec()], put: vec![row("b", "2")], ..Commit::default() }).await;
    drop(index);
    let index = open();
    assert_eq!(index.scan(&KeyRange::all(), 10).await.expect("a scan"), [row("b", "2")]);
    let expect = vec![Expect::Equals(b"b".to_vec(), Bytes::from_static(b"2"))];
    committed(&*index, Commit { expect, ..Commit::default() }).await;
}
