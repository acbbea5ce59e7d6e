use std::sync::Arc;

use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::multipart::UploadId;
use headwater_model::object::{Composition, ContentHeaders, ObjectHeaders, ObjectMeta};
use headwater_model::policy::{Attached, Policy};
use headwater_model::reply::Owner;
use headwater_model::version::{VersionId, VersionNumber};
use headwater_model::{Error, ObjectKey};
use proptest::prelude::*;

use super::*;

mod filled;
mod keys;
mod listed;
mod samples;
mod stored;

use samples::*;
fn round_trip<R: RowValue + PartialEq + std::fmt::Debug>(row: &R) {
    assert_eq!(R::decode(b"k", &row.encode()).as_ref(), Ok(row));
}

#[test]
fn values_come_back_as_they_were() {
    round_trip(&account());
    round_trip(&access_token());
    round_trip(&bucket());
    round_trip(&filled::configured());
    round_trip(&object());
    round_trip(&filled::completed());
    round_trip(&upload());
    round_trip(&filled::described_upload());
    round_trip(&part());
    round_trip(&order());
    round_trip(&marker());
    round_trip(&filled::superseded());
    round_trip(&origin());
    round_trip(&public_access());
    round_trip(&usage());
    round_trip(&segment());
    round_trip(&CounterRow { value: u64::MAX });
    round_trip(&GoneCountRow { count: u64::MAX });
    round_trip(&GoneRow { sequence: 1, deleted: Timestamp(-5) });
    round_trip(&UploadKeyRow { key: ObjectKey::parse("k").expect("a valid key") });
}

/// The bytes on disk must not change without a new version: this fails when a field is added to a row, or to a type of
/// the model within one, and `VERSION` and `migrate` were forgotten.
#[test]
fn the_format_on_disk_is_this_one() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let rows = samples().into_iter().chain(filled::samples());
    let found: Vec<String> = rows.map(|(key, value)| format!("{} {}", hex(&key), hex(&value))).collect();
    let expected: Vec<&str> = include_str!("golden.txt").lines().collect();
    assert_eq!(found, expected);
}

#[test]
fn every_kind_is_verified_and_told_by_name() {
    let described: Vec<String> = samples()
        .iter()
        .map(|(key, value)| {
            verify(key, value).expect("a sound row");
            describe(key)
        })
        .collect();
    assert_eq!(
        described,
        [
            "account row \"0a\"",
            "bucket row \"photos\"",
            "counter row NextGeneration",
            "gone row \"a/b\\0c\" of generation 4",
            "access token row \"TOKENID\"",
            "upload key row 07070707070707070707070707070707 of generation 4",
            "public access block row",
            "gone count row of generation 4",
            "object row \"a/b\\0c\" of generation 4",
            "part row 10000 of upload 07070707070707070707070707070707 of generation 4",
            "part order row of upload 07070707070707070707070707070707 of generation 4",
            "origin row https://origin.example:443",
            "segment row 7",
            "usage row https://origin.example:443",
            "upload row 07070707070707070707070707070707 for \"a/b\\0c\" of generation 4",
            "version row 000000000000000b000000000000fedc of \"a/b\\0c\" of generation 4",
        ]
    );
    assert_eq!(describe(b"x\xFF"), "row with key x\\xff");
}

#[test]
fn a_newer_version_is_an_error_that_names_the_row_and_the_remedy() {
    let key = ObjectRow::key(Generation(3), &ObjectKey::parse("a").expect("a valid key"));
    let mut value = object().encode().to_vec();
    value[0] = ObjectRow::VERSION + 1;
    let error = ObjectRow::decode(&key, &value).expect_err("an unknown version");
    assert_eq!(
        error.to_string(),
        "object row \"a\" of generation 3 has version 7, but this release knows versions up to 6: \
         the data was written by a newer release, run that release or a later one"
    );
    assert!(matches!(Error::from(error), Error::Internal { .. }));
}

#[test]
fn damaged_values_and_keys_are_errors() {
    let (key, value) = &samples()[8];
    for length in 0..value.len() {
        let error = ObjectRow::decode(key, &value[..length]).expect_err("cut short");
        assert!(matches!(Error::from(error), Error::Damaged { .. }));
    }
    let longer = [value, &b"x"[..]].concat();
    assert!(matches!(ObjectRow::decode(key, &longer), Err(RowError::Value { .. })));
    let no_such_version = [&[0], &value[1..]].concat();
    assert!(matches!(ObjectRow::decode(key, &no_such_version), Err(RowError::Value { .. })));

    for (key, value) in samples().into_iter().filter(|(key, _)| *key != PublicAccessRow::key()) {
        assert!(verify(&key[..1], &value).is_err(), "{}", describe(&key));
    }
    assert!(matches!(verify(b"", b""), Err(RowError::Key { .. })));
    assert!(matches!(verify(b"x", b""), Err(RowError::Key { .. })));
    let loose = [&OriginRow::key(&origin_id())[..], b"/"].concat();
    assert!(PublicAccessRow::parse_key(b"ka").is_err());
    assert!(OriginRow::parse_key(&loose).is_err(), "another form of the same origin");
    assert!(PartRow::parse_key(&[PartRow::key(Generation(1), UploadId([0; 16]), 1), vec![0]].concat()).is_err());
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// Values that earlier releases wrote: version 1 of buckets had no migration settings, of objects no tags; version 2 of
/// both, and version 1 of uploads, nothing of what follows these now, and no owners; version 3 of both, and version 2 of
/// uploads, neither versions nor retention; version 4 of both, 3 of uploads, and 1 of parts and versions, no encryption, and
/// of buckets no retention policy; version 5 of objects said the MD5 and the body's length and CRC twice.
#[test]
fn rows_of_earlier_releases_are_read() {
    let old: Vec<Vec<u8>> = include_str!("golden_v1.txt").lines().map(unhex).collect();
    assert_eq!(BucketRow::decode(b"k", &old[0]), Ok(bucket()));
    assert_eq!(ObjectRow::decode(b"k", &old[1]), Ok(object()));
    let old: Vec<Vec<u8>> = include_str!("golden_v2.txt").lines().map(unhex).collect();
    assert_eq!(BucketRow::decode(b"k", &old[0]), Ok(bucket()));
    assert_eq!(ObjectRow::decode(b"k", &old[1]), Ok(object()));
    assert_eq!(UploadRow::decode(b"k", &old[2]), Ok(upload()));
    let old: Vec<Vec<u8>> = include_str!("golden_v3.txt").lines().map(unhex).collect();
    assert_eq!(BucketRow::decode(b"k", &old[0]), Ok(bucket()));
    assert_eq!(ObjectRow::decode(b"k", &old[1]), Ok(object()));
    assert_eq!(UploadRow::decode(b"k", &old[2]), Ok(upload()));
    assert_eq!(BucketRow::decode(b"k", &old[3]), Ok(filled::configured_without_versions()));
    assert_eq!(ObjectRow::decode(b"k", &old[4]), Ok(filled::completed_without_versions()));
    assert_eq!(UploadRow::decode(b"k", &old[5]), Ok(filled::described_without_lock()));
    let old: Vec<Vec<u8>> = include_str!("golden_v4.txt").lines().map(unhex).collect();
    assert_eq!(BucketRow::decode(b"k", &old[0]), Ok(filled::configured_in_the_clear()));
    assert_eq!(ObjectRow::decode(b"k", &old[1]), Ok(filled::completed_in_the_clear()));
    assert_eq!(UploadRow::decode(b"k", &old[2]), Ok(filled::described_in_the_clear()));
    assert_eq!(VersionRow::decode(b"k", &old[3]), Ok(filled::superseded_in_the_clear()));
    assert_eq!(VersionRow::decode(b"k", &old[4]), Ok(marker()));
    assert_eq!(PartRow::decode(b"k", &old[5]), Ok(part()));
    assert_eq!(BucketRow::decode(b"k", &old[6]), Ok(bucket()));
    let old: Vec<Vec<u8>> = include_str!("golden_v5.txt").lines().map(unhex).collect();
    assert_eq!(ObjectRow::decode(b"k", &old[0]), Ok(filled::completed()));
    assert_eq!(ObjectRow::decode(b"k", &old[1]), Ok(object()));
}

/// A row whose first version was a plain number, to show the way of a migration.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Grown {
    number: u64,
    text: String,
}

impl RowValue for Grown {
    const KIND: RowKind = RowKind::Counter;
    const VERSION: u8 = 2;

    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        (version == 1).then(|| postcard::from_bytes(payload).map(|number| Self { number, text: "new".into() }))
    }
}

#[test]
fn an_older_version_is_migrated_when_read() {
    assert_eq!(Grown::decode(b"k", &[1, 5]), Ok(Grown { number: 5, text: "new".into() }));
    assert!(matches!(Grown::decode(b"k", &[1]), Err(RowError::Value { .. })));
    assert!(matches!(Grown::decode(b"k", &[0, 5]), Err(RowError::Value { .. })));
}
