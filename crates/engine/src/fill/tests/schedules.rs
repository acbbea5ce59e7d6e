//! Invariant 2 under arbitrary schedules: whatever the chunks, the readers, their ranges and moments, the store's space
//! and the way the origin fails, a body that ends cleanly is the right one, and one that fails kept its end back.

use std::ops::Range;
use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::origin::Framing;
use headwater_model::range::ByteRange;
use proptest::prelude::*;

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{World, get, next, object, pattern};
use crate::fill::{FillLimits, MissOutcome};

const MAX_SIZE: usize = 300_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Clean,
    Broken,
    WrongDigest,
}

#[derive(Clone, Debug)]
struct Schedule {
    size_bytes: usize,
    chunk_bytes: usize,
    length_known: bool,
    end: End,
    /// Chunks that come before the end.
    received: usize,
    space_bytes: Option<u64>,
    lag_bytes: u64,
    /// Before which chunk each reader comes, and what it asks for.
    readers: Vec<(usize, Option<Range<u64>>)>,
    /// How often everybody else may run between two chunks.
    yields: usize,
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let range = (0..MAX_SIZE as u64, 1..MAX_SIZE as u64).prop_map(|(start, length)| start..start + length);
    let end = prop_oneof![Just(End::Clean), Just(End::Broken), Just(End::WrongDigest)];
    (
        (0..MAX_SIZE, 1_000..100_000_usize, any::<bool>(), end, 0..100_usize),
        (proptest::option::of(0..MAX_SIZE as u64), 0..120_000_u64),
        proptest::collection::vec((0..8_usize, proptest::option::of(range)), 0..6),
        0..20_usize,
    )
        .prop_map(|((size_bytes, chunk_bytes, length_known, end, received), store, readers, yields)| {
            let (space_bytes, lag_bytes) = store;
            Schedule { size_bytes, chunk_bytes, length_known, end, received, space_bytes, lag_bytes, readers, yields }
        })
}

/// What a reader got.
#[derive(Debug, PartialEq)]
enum Got {
    /// An error in place of an answer.
    Refused,
    /// A later fill has stored the object meanwhile.
    LookAgain,
    /// The interval it was promised, its bytes, and whether they ended cleanly.
    Body(Option<Range<u64>>, Vec<u8>, bool),
}

async fn reader(world: Arc<World>, range: Option<Range<u64>>) -> Got {
    let range = range.map(|range| (ByteRange::FromTo(range.start, range.end - 1), "as given".into()));
    let reply = match world.ask(&headwater_model::op::GetObject { range, ..get() }).await {
        Err(_) => return Got::Refused,
        Ok(MissOutcome::LookAgain) => return Got::LookAgain,
        outcome => object(outcome),
    };
    let (mut body, mut bytes): (Body, _) = (reply.body, Vec::new());
    while let Some(chunk) = next(&mut body).await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(_) => return Got::Body(reply.range, bytes, false),
        }
    }
    Got::Body(reply.range, bytes, true)
}

async fn run(schedule: Schedule) {
    let faults = Faults { space_bytes: schedule.space_bytes, lag_bytes: schedule.lag_bytes, ..Faults::default() };
    let world = Arc::new(World::with(|_| {}, faults, FillLimits::default()).await);
    let whole = pattern(schedule.size_bytes);
    let framing = if schedule.length_known { Framing::Length(schedule.size_bytes as u64) } else { Framing::Delimited };
    let (mut answer, feed) = Answer::fed(framing);
    if schedule.end == End::WrongDigest {
        answer = answer.header("x-oss-hash-crc64ecma", "1");
    }
    world.origin.answers(answer);
    // For those who come when the fill can no longer be joined, and for a second try while nobody knows of the first.
    for _ in 0..=schedule.readers.len() {
        world.origin.answers(Answer::of(200, whole.clone()));
    }
    let first = tokio::spawn(reader(Arc::clone(&world), None));
    world.origin.asked(1).await;
    let mut others = Vec::new();
    let chunks: Vec<_> = whole.chunks(schedule.chunk_bytes).collect();
    let received = if schedule.end == End::Broken { schedule.received.min(chunks.len()) } else { chunks.len() };
    for (index, chunk) in chunks[..received].iter().enumerate() {
        for (_, range) in schedule.readers.iter().filter(|(before, _)| *before == index) {
            others.push(tokio::spawn(reader(Arc::clone(&world), range.clone())));
        }
        for _ in 0..schedule.yields {
            tokio::task::yield_now().await;
        }
        feed.chunk(whole.slice_ref(chunk));
    }
    match schedule.end {
        End::Broken => feed.breaks(),
        End::Clean | End::WrongDigest => drop(feed),
    }
    let failed = schedule.end != End::Clean;
    let arrived: usize = chunks[..received].iter().map(|chunk| chunk.len()).sum();
    let first = first.await.unwrap();
    if failed {
        if let Got::Body(_, bytes, clean) = first {
            let tried_again = world.origin.requests().len() > 1;
            if clean {
                assert!(tried_again && bytes == whole, "an attempt that failed ends no body");
                return;
            }
            let most = if schedule.length_known { schedule.size_bytes } else { arrived };
            assert!(bytes.len() <= most.saturating_sub(HOLD_BACK_BYTES as usize), "the end is kept back");
            assert_eq!(bytes, whole[..bytes.len()], "and what came was right");
        }
    } else {
        assert!(first == Got::Body(None, whole.to_vec(), true));
    }
    for other in others {
        let got = other.await.unwrap();
        assert!(failed || got != Got::Refused, "nobody is refused by a good fill");
        let Got::Body(range, bytes, clean) = got else { continue };
        let range = range.map_or(0..whole.len(), |range| range.start as usize..range.end as usize);
        if clean {
            assert!(bytes == whole[range], "a clean end means the right bytes");
        } else {
            assert!(failed, "a good fill breaks no body");
            assert!(whole[range].starts_with(&bytes));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariant_2_a_followed_body_ends_cleanly_only_after_the_whole_was_verified(schedule in schedule()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(schedule));
    }
}
