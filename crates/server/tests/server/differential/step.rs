//! The steps of a differential run, in words that neither vendor has. Each means something whatever came before it.

use headwater_testkit::SeededRandom;

/// Few keys, so that steps meet; odd ones, because that is where encodings differ.
pub(super) const KEYS: [&str; 18] = [
    "a",
    "a/",
    "a/b",
    "a/b/c",
    "a//b",
    "b c",
    "b+c",
    "b%2Fc",
    "b%c3%bc",
    "é/ü",
    "𝄞",
    "q?x=1&y#z;w",
    "<&>\"'",
    "../up",
    "./here/..",
    " both ",
    "~!*'()$,:@=",
    "tab\tand\u{1}",
];
const PREFIXES: [&str; 6] = ["", "a", "a/", "b", "é", "none"];
const DELIMITERS: [&str; 4] = ["", "/", "b", "%"];
/// The first part of two must have 5 MiB on S3; nothing here is between the least parts of the two vendors.
const PART_BYTES: [usize; 6] = [0, 1, 1_000, 70_000, 70_000, 5 << 20];
/// All below 100 KiB, since whole objects become parts too.
const BODY_BYTES: [usize; 6] = [0, 1, 10, 1_000, 70_000, 90_000];
/// Most uploads that are open at a time: few, so that parts meet.
pub(super) const MAX_UPLOADS: usize = 4;

/// A body: so many bytes of the sequence of a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyOf(pub(super) usize, pub(super) u64);

/// What an object has beside its bytes; numbers choose among the lists of `words.rs`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dress {
    pub(super) content: usize,
    pub(super) meta: usize,
    pub(super) tags: usize,
}

/// What a request is on condition of, as far as both vendors have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    Match {
        right: bool,
    },
    NoneMatch {
        right: bool,
    },
    /// `If-None-Match: *`.
    Absent,
    /// `If-Match: *`.
    Present,
    ModifiedSince {
        past: bool,
    },
    UnmodifiedSince {
        past: bool,
    },
}

/// How the list of parts of a completion is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    Right,
    WrongTag,
    Reversed,
    None,
}

/// Which object of a key: the current one, or one of its versions by remainder.
pub(super) type At = Option<usize>;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Put { key: &'static str, body: BodyOf, dress: Dress, condition: Condition },
    Copy { source: &'static str, at: At, key: &'static str, replace: bool, dress: Dress, condition: Condition },
    Get { key: &'static str, at: At, range: Option<&'static str>, condition: Condition },
    Head { key: &'static str, at: At },
    Delete { key: &'static str, at: At, condition: Condition },
    DeleteMany { keys: Vec<(&'static str, At)>, quiet: bool },
    Tag { key: &'static str, at: At, tags: usize },
    Untag { key: &'static str, at: At },
    Version { enabled: bool },
    BeginUpload { key: &'static str, dress: Dress },
    Part { upload: usize, number: u16, body: BodyOf },
    CopyPart { upload: usize, number: u16, source: &'static str, range: Option<&'static str> },
    ListParts { upload: usize },
    Complete { upload: usize, parts: Parts, condition: Condition },
    Abort { upload: usize },
    List { second: bool, prefix: &'static str, delimiter: &'static str, limit: usize },
    ListVersions { prefix: &'static str, delimiter: &'static str, limit: usize },
}

impl Step {
    pub(super) fn random(random: &mut SeededRandom) -> Self {
        let key = random.pick(&KEYS);
        match random.below(48) {
            0..10 => Self::Put { key, body: body(random, &BODY_BYTES), dress: dress(random), condition: write(random) },
            10..15 => Self::Copy {
                source: random.pick(&KEYS),
                at: at(random),
                key,
                replace: random.below(2) == 0,
                dress: dress(random),
                condition: read(random),
            },
            15..20 => Self::Get { key, at: at(random), range: range(random), condition: read(random) },
            20 => Self::Head { key, at: at(random) },
            21..25 => Self::Delete { key, at: at(random), condition: deletion(random) },
            25..27 => {
                let keys = (0..=random.below(3)).map(|_| (random.pick(&KEYS[..17]), at(random))).collect();
                Self::DeleteMany { keys, quiet: random.below(3) == 0 }
            }
            27..29 => Self::Tag { key, at: at(random), tags: random.below(usize::MAX) },
            29 => Self::Untag { key, at: at(random) },
            30 => Self::Version { enabled: random.below(2) == 0 },
            31..34 => Self::BeginUpload { key, dress: dress(random) },
            _ => Self::of_uploads_and_lists(random),
        }
    }

    fn of_uploads_and_lists(random: &mut SeededRandom) -> Self {
        let (upload, number) = (random.below(MAX_UPLOADS), 1 + random.below(3) as u16);
        match random.below(14) {
            0..4 => Self::Part { upload, number, body: body(random, &PART_BYTES) },
            4 => Self::CopyPart { upload, number, source: random.pick(&KEYS), range: copied_range(random) },
            5 => Self::ListParts { upload },
            6..9 => Self::Complete {
                upload,
                parts: random.pick(&[Parts::Right, Parts::Right, Parts::WrongTag, Parts::Reversed, Parts::None]),
                condition: write(random),
            },
            9 => Self::Abort { upload },
            10..12 => Self::List {
                second: random.below(2) == 0,
                prefix: random.pick(&PREFIXES),
                delimiter: random.pick(&DELIMITERS),
                limit: 1 + random.below(8),
            },
            _ => Self::ListVersions {
                prefix: random.pick(&PREFIXES),
                delimiter: random.pick(&DELIMITERS),
                limit: 1 + random.below(8),
            },
        }
    }
}

fn body(random: &mut SeededRandom, lengths: &[usize]) -> BodyOf {
    BodyOf(random.pick(lengths), random.next_u64())
}

fn dress(random: &mut SeededRandom) -> Dress {
    let any = usize::MAX;
    Dress { content: random.below(any), meta: random.below(any), tags: random.below(any) }
}

fn at(random: &mut SeededRandom) -> At {
    (random.below(4) == 0).then(|| random.below(8))
}

fn range(random: &mut SeededRandom) -> Option<&'static str> {
    random.pick(&[
        None,
        None,
        Some("bytes=0-0"),
        Some("bytes=1-5"),
        Some("bytes=5-"),
        Some("bytes=-3"),
        Some("bytes=0-999999999"),
        Some("bytes=400000-"),
        Some("bytes=-0"),
        Some("bytes=5-2"),
        Some("bytes=0-1,3-4"),
        Some("lines=1-2"),
    ])
}

fn copied_range(random: &mut SeededRandom) -> Option<&'static str> {
    random.pick(&[None, Some("bytes=0-0"), Some("bytes=2-900"), Some("bytes=400000-400001"), Some("bytes=5-2")])
}

fn write(random: &mut SeededRandom) -> Condition {
    match random.below(12) {
        0 => Condition::Match { right: true },
        1 => Condition::Match { right: false },
        2 => Condition::Absent,
        3 => Condition::Present,
        _ => Condition::None,
    }
}

fn deletion(random: &mut SeededRandom) -> Condition {
    match random.below(8) {
        0 => Condition::Match { right: true },
        1 => Condition::Match { right: false },
        _ => Condition::None,
    }
}

fn read(random: &mut SeededRandom) -> Condition {
    match random.below(14) {
        0 => Condition::Match { right: true },
        1 => Condition::Match { right: false },
        2 => Condition::NoneMatch { right: true },
        3 => Condition::NoneMatch { right: false },
        4 => Condition::ModifiedSince { past: true },
        5 => Condition::ModifiedSince { past: false },
        6 => Condition::UnmodifiedSince { past: true },
        7 => Condition::UnmodifiedSince { past: false },
        _ => Condition::None,
    }
}
