//! The steps of a random run. Keys, bodies and uploads are numbers, so that a report is short and a step means something
//! in every list.

use headwater_store::Afterwards;

use crate::SeededRandom;

/// Few keys, so that operations meet: neighbours, prefixes of each other, and what listings collapse.
pub(super) const KEYS: [&str; 10] = ["a", "a/", "a/1", "a/2", "a/2/x", "b", "b\u{0}", "b/1", "é/1", "𝄞"];
const PREFIXES: [&str; 5] = ["", "a", "a/", "b", "none"];
const DELIMITERS: [&str; 3] = ["", "/", "/2"];
const MARKERS: [&str; 6] = ["", "a/", "a/1", "a/1x", "b", "é"];
/// Most uploads that a run remembers: few, so that parts meet, and a long run does not grow slower.
pub(super) const MAX_UPLOADS: usize = 8;
/// Lengths of bodies; one more is the store's own threshold.
const LENGTHS: [usize; 6] = [0, 1, 100, 5_000, 70_000, 200_000];

/// A body: which bytes, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyOf {
    /// So many bytes of the sequence of a seed.
    Length(usize, u64),
    /// As many as the store's threshold, and a few more or less.
    Threshold(i8, u64),
}

/// What a commit expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectOf {
    /// Nothing.
    Any,
    /// No object.
    Absent,
    /// The tag that the model's object has, or another one if it has none.
    CurrentTag,
    /// A tag that no object has.
    WrongTag,
    /// The key's last token, if there was one; nothing otherwise.
    LastToken,
}

/// One step. `key` and `upload` choose among those there are by remainder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A whole write.
    Put { key: &'static str, body: BodyOf, expect: ExpectOf },
    /// A write that is dropped, finished or not.
    Abandon { key: &'static str, body: BodyOf, finished: bool },
    /// A delete, with or without a tombstone.
    Delete { key: &'static str, afterwards: Afterwards },
    /// A delete on the condition that the object has the tag that the model's has, or another one.
    DeleteIf { key: &'static str, right: bool },
    /// An object gets a tag of this value.
    Tag { key: &'static str, value: u64 },
    /// A body is added to the end of an object, on the condition of its tag.
    Append { key: &'static str, body: BodyOf, right: bool },
    /// A tombstone is lifted, if there is one.
    Lift { key: &'static str },
    /// A page of tombstones.
    ListGone { prefix: &'static str, after: &'static str, limit: usize },
    /// A copy of one object to a key.
    Copy { source: &'static str, key: &'static str, expect: ExpectOf },
    /// A grant of the right to fill a key.
    BeginFill { key: &'static str },
    /// The bucket begins to make versions, or suspends that.
    Version { enabled: bool },
    /// One of a key's versions is deleted for good.
    RemoveVersion { key: &'static str, at: usize },
    /// One of a key's versions gets a tag of this value.
    TagVersion { key: &'static str, at: usize, value: u64 },
    /// One of a key's versions is held, or held no longer.
    Hold { key: &'static str, at: usize, held: bool },
    /// All versions, in pages.
    ListVersions { prefix: &'static str, delimiter: &'static str, limit: usize },
    /// A page of objects.
    List { prefix: &'static str, delimiter: &'static str, after: &'static str, limit: usize },
    /// An upload is begun; beyond a few the oldest is dropped.
    CreateUpload { key: &'static str },
    /// A part of an upload, open or not.
    PutPart { upload: usize, number: u16, body: BodyOf },
    /// An upload is completed from all its parts, or from a list with one wrong tag.
    Complete { upload: usize, wrong: bool, expect: ExpectOf },
    /// An upload is dropped.
    Abort { upload: usize },
    /// A page of open uploads.
    ListUploads { prefix: &'static str, delimiter: &'static str, after: &'static str, limit: usize },
    /// The bucket gets a new rule version.
    ChangeRules,
    /// The bucket is deleted and made again; without being emptied before, that mostly fails.
    RecreateBucket { emptied: bool },
    /// The store is closed and opened again.
    Reopen,
}

impl Operation {
    /// The next operation of a sequence.
    pub fn random(random: &mut SeededRandom) -> Self {
        let key = random.pick(&KEYS);
        match random.below(58) {
            0..10 => Self::Put { key, body: body(random), expect: expect(random) },
            10 => Self::Abandon { key, body: body(random), finished: random.below(2) == 0 },
            11..15 => Self::Delete { key, afterwards: random.pick(&[Afterwards::Refetchable, Afterwards::Gone]) },
            15 if random.below(2) == 0 => Self::Lift { key },
            15 => {
                Self::ListGone { prefix: random.pick(&PREFIXES), after: random.pick(&MARKERS), limit: random.below(5) }
            }
            16..18 => Self::Copy { source: random.pick(&KEYS), key, expect: expect(random) },
            18..22 => Self::BeginFill { key },
            22..25 => Self::List {
                prefix: random.pick(&PREFIXES),
                delimiter: random.pick(&DELIMITERS),
                after: random.pick(&MARKERS),
                limit: random.below(5),
            },
            25..28 => Self::CreateUpload { key },
            28..33 => Self::PutPart {
                upload: random.below(MAX_UPLOADS),
                number: 1 + random.below(4) as u16,
                body: body(random),
            },
            33..35 => {
                // Which of two faults is told is not part of the contract.
                let wrong = random.below(4) == 0;
                let expect = if wrong { ExpectOf::Any } else { expect(random) };
                Self::Complete { upload: random.below(MAX_UPLOADS), wrong, expect }
            }
            35 => Self::Abort { upload: random.below(MAX_UPLOADS) },
            36 => Self::ListUploads {
                prefix: random.pick(&PREFIXES),
                delimiter: random.pick(&DELIMITERS),
                after: random.pick(&MARKERS),
                limit: random.below(5),
            },
            40 => Self::DeleteIf { key, right: random.below(3) > 0 },
            41..43 => Self::Tag { key, value: random.next_u64() % 100 },
            43..46 => Self::Append { key, body: body(random), right: random.below(6) > 0 },
            46 => Self::Version { enabled: random.below(3) > 0 },
            47..52 => Self::RemoveVersion { key, at: random.below(6) },
            52..54 => Self::TagVersion { key, at: random.below(6), value: random.next_u64() % 100 },
            54 => Self::Hold { key, at: random.below(4), held: random.below(4) == 0 },
            55..58 => Self::ListVersions {
                prefix: random.pick(&PREFIXES),
                delimiter: random.pick(&DELIMITERS),
                limit: 1 + random.below(5),
            },
            37 => Self::ChangeRules,
            38 => Self::RecreateBucket { emptied: random.below(2) == 0 },
            _ => Self::Reopen,
        }
    }
}

fn body(random: &mut SeededRandom) -> BodyOf {
    let seed = random.next_u64() % 1000;
    match random.below(LENGTHS.len() + 2) {
        choice if choice < LENGTHS.len() => BodyOf::Length(LENGTHS[choice], seed),
        _ => BodyOf::Threshold(random.below(3) as i8 - 1, seed),
    }
}

fn expect(random: &mut SeededRandom) -> ExpectOf {
    random.pick(&[
        ExpectOf::Any,
        ExpectOf::Any,
        ExpectOf::Absent,
        ExpectOf::CurrentTag,
        ExpectOf::WrongTag,
        ExpectOf::LastToken,
        ExpectOf::LastToken,
    ])
}
