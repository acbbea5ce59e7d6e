use std::sync::Arc;

use headwater_model::account::{AccessKey, Account};
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Dialect, Generation, PublicAccessBlock};
use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ETag};
use headwater_model::multipart::{PartOrder, UploadId};
use headwater_model::object::{Composition, ContentHeaders, ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::origin::OriginId;
use headwater_model::policy::{Attached, Policy};
use headwater_model::reply::Owner;
use headwater_model::rule::{RoutingRule, Secret};
use headwater_model::settings::{OriginCredentials, OriginKind, OriginSettings, OriginUsage, TimeWindow};
use headwater_model::token::AccessToken;
use headwater_model::version::{VersionId, VersionNumber};
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey};
use proptest::prelude::*;

use super::*;

mod filled;
mod listed;

/// Keys near each other, with the bytes that an encoding could stumble over.
fn object_key() -> impl Strategy<Value = ObjectKey> {
    prop_oneof!["[\u{0}\u{1}a\u{ff}]{1,4}", "[a-b/]{1,3}", "\\PC{1,8}"]
        .prop_map(|text| ObjectKey::parse(&text).expect("short and not empty"))
}

fn generation() -> impl Strategy<Value = Generation> {
    prop_oneof![0u64..3, 254u64..258, any::<u64>()].prop_map(Generation)
}

fn upload_id() -> impl Strategy<Value = UploadId> {
    prop_oneof![prop::array::uniform16(prop_oneof![Just(0u8), Just(1), Just(0xFF)]), any::<[u8; 16]>()]
        .prop_map(UploadId)
}

fn version_id() -> impl Strategy<Value = VersionId> {
    prop_oneof![Just(VersionId::Null), any::<[u8; 16]>().prop_map(|number| VersionId::Made(VersionNumber(number)))]
}

fn checksum() -> Checksum {
    Checksum { algorithm: ChecksumAlgorithm::Crc32c, value: vec![1, 2, 3, 4] }
}

fn headers() -> ObjectHeaders {
    ObjectHeaders {
        content: ContentHeaders { content_type: Some("text/plain".into()), ..ContentHeaders::default() },
        user: vec![("colour".into(), "blue".into())],
        ..ObjectHeaders::default()
    }
}

fn extents() -> Vec<Extent> {
    vec![
        Extent { blob: BlobRef::Log { segment: 7 }, offset_bytes: 300, length_bytes: 5, crc64: 1, salt: None },
        Extent {
            blob: BlobRef::File { id: [9; 16] },
            offset_bytes: 0,
            length_bytes: 1 << 40,
            crc64: u64::MAX,
            salt: None,
        },
    ]
}

fn object() -> ObjectRow {
    ObjectRow {
        sequence: 300,
        meta: Arc::new(ObjectMeta {
            size_bytes: (1 << 40) + 5,
            etag: ETag::of_md5([0xAB; 16]),
            last_modified: Timestamp(1_700_000_000_123),
            crc64: 0x0123_4567_89AB_CDEF,
            md5: Some([0xAB; 16]),
            checksum: Some(checksum()),
            kind: ObjectKind::Normal,
            provenance: Provenance::Mirrored,
            headers: headers(),
            tags: Vec::new(),
            composition: Composition::default(),
            version: VersionId::Null,
        }),
        extents: extents(),
    }
}

fn bucket() -> BucketRow {
    let rule = RoutingRule::mirror_all(1, "https://origin.example/");
    BucketRow {
        sequence: 2,
        bucket: Bucket {
            name: BucketName::parse("photos").expect("a valid name"),
            generation: Generation(4),
            created: Timestamp(-1),
            acl: CannedAcl::PublicRead.into(),
            access: headwater_model::bucket::BucketAccess::default(),
            dialect: Dialect::Oss,
            location: "cn-hangzhou".into(),
            storage_class: "Standard".into(),
            rule_version: 1,
            migration: headwater_model::settings::MigrationSettings::default(),
            website: Some(Arc::new(Website { rules: vec![rule], ..Website::default() })),
            configuration: headwater_model::bucket::BucketConfiguration::default(),
        },
    }
}

fn upload() -> UploadRow {
    UploadRow {
        sequence: 5,
        initiated: Timestamp(1),
        checksum_algorithm: Some(ChecksumAlgorithm::Sha256),
        headers: headers(),
        tags: Vec::new(),
        checksum_type: headwater_model::digest::ChecksumType::Composite,
        encryption: None,
    }
}

fn part() -> PartRow {
    PartRow {
        sequence: 6,
        size_bytes: 5,
        md5: [1; 16],
        last_modified: Timestamp(2),
        crc64: 3,
        checksum: Some(checksum()),
        extents: extents(),
    }
}

fn segment() -> SegmentRow {
    SegmentRow {
        first_sequence: 1,
        last_sequence: 300,
        live_entries: 2,
        live_bytes: 4096,
        dead_entries: 3,
        dead_bytes: 128,
        delete_bytes: 64,
    }
}

fn version(content: VersionContent) -> VersionRow {
    VersionRow { sequence: 12, place: number(11), superseded: Some(Timestamp(4)), content }
}

fn marker() -> VersionRow {
    VersionRow { superseded: None, ..version(VersionContent::Marker { last_modified: Timestamp(3) }) }
}

fn number(sequence: u64) -> VersionNumber {
    VersionNumber::new(sequence, 0xFEDC)
}

fn account() -> AccountRow {
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let policy = Policy::parse(policy, Attached::Key).expect("a policy");
    let key = AccessKey {
        id: "AKID".into(),
        secret: Secret::new("sealed"),
        policy: Some(Arc::new(policy)),
        enabled: true,
        created: Timestamp(3),
    };
    let account = Account {
        owner: Owner { id: "0a".into(), display_name: "alice".into() },
        email: Some("alice@a.example".into()),
        created: Timestamp(2),
        keys: vec![key],
    };
    AccountRow { sequence: 9, account }
}

fn access_token() -> AccessTokenRow {
    let token = AccessToken {
        id: "TOKENID".into(),
        access_key_id: "AKID".into(),
        digest: [0xD1; 32],
        created: Timestamp(4),
        expires: Some(Timestamp(5)),
        note: Some("backup".into()),
    };
    AccessTokenRow { sequence: 13, token }
}

fn origin() -> OriginRow {
    let credentials = OriginCredentials {
        access_key_id: "id".into(),
        access_key_secret: Secret::new("secret"),
        session_token: None,
        region: "r".into(),
    };
    let settings = OriginSettings {
        kind: OriginKind::S3,
        credentials: Some(credentials),
        ca_pem: Some("pem".into()),
        job_windows: vec![TimeWindow { from_minute: 60, to_minute: 300 }],
        ..OriginSettings::default()
    };
    OriginRow { sequence: 7, settings }
}

fn usage() -> OriginUsageRow {
    OriginUsageRow { sequence: 8, usage: OriginUsage { day: 20_000, day_bytes: 300, month: 657, month_bytes: 1 << 40 } }
}

fn origin_id() -> OriginId {
    OriginId::parse("https://origin.example").expect("a valid url")
}

fn order() -> OrderRow {
    OrderRow { sequence: 9, order: PartOrder { last: 10_000, md5_state: vec![5; 3].into() } }
}

fn public_access() -> PublicAccessRow {
    let block = PublicAccessBlock { restrict_public_buckets: false, ..PublicAccessBlock::ALL };
    PublicAccessRow { sequence: 10, block }
}

/// One row of every kind as (key, value).
fn samples() -> Vec<(Vec<u8>, bytes::Bytes)> {
    let (generation, id) = (Generation(4), UploadId([7; 16]));
    let key = ObjectKey::parse("a/b\u{0}c").expect("a valid key");
    vec![
        (AccountRow::key("0a"), account().encode()),
        (BucketRow::key(&bucket().bucket.name), bucket().encode()),
        (CounterRow::key(Counter::NextGeneration), CounterRow { value: 5 }.encode()),
        (GoneRow::key(generation, &key), GoneRow { sequence: 1, deleted: Timestamp(2) }.encode()),
        (AccessTokenRow::key("TOKENID"), access_token().encode()),
        (UploadKeyRow::key(generation, id), UploadKeyRow { key: key.clone() }.encode()),
        (PublicAccessRow::key(), public_access().encode()),
        (GoneCountRow::key(generation), GoneCountRow { count: 300 }.encode()),
        (ObjectRow::key(generation, &key), object().encode()),
        (PartRow::key(generation, id, 10_000), part().encode()),
        (OrderRow::key(generation, id), order().encode()),
        (OriginRow::key(&origin_id()), origin().encode()),
        (SegmentRow::key(7), segment().encode()),
        (OriginUsageRow::key(&origin_id()), usage().encode()),
        (UploadRow::key(generation, &key, id), upload().encode()),
        (VersionRow::key(generation, &key, VersionId::Made(number(11))), marker().encode()),
    ]
}

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
        "object row \"a\" of generation 3 has version 6, but this release knows versions up to 5: \
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
/// of buckets no retention policy.
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

proptest! {
    #[test]
    fn object_keys_sort_as_generation_then_key(a in (generation(), object_key()), b in (generation(), object_key())) {
        let (left, right) = (ObjectRow::key(a.0, &a.1), ObjectRow::key(b.0, &b.1));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(ObjectRow::parse_key(&left), Ok(a.clone()));
        prop_assert_eq!(GoneRow::key(a.0, &a.1).cmp(&GoneRow::key(b.0, &b.1)), a.cmp(&b));
        prop_assert_eq!(GoneRow::parse_key(&GoneRow::key(a.0, &a.1)), Ok(a));
    }

    #[test]
    fn a_page_of_tombstones_holds_what_begins_so_and_comes_behind(
        tombstone in (1u64..3, "[ab]{1,3}"),
        prefix in "[ab]{0,2}",
        after in "[ab]{0,3}",
    ) {
        let (generation, key) = tombstone;
        let row = GoneRow::key(Generation(generation), &ObjectKey::parse(&key).expect("a valid key"));
        let held = generation == 1 && key.starts_with(&prefix) && key > after;
        prop_assert_eq!(GoneRow::range_from(Generation(1), &prefix, &after).contains(&row), held);
    }

    #[test]
    fn upload_keys_sort_as_generation_then_key_then_id(
        a in (generation(), object_key(), upload_id()),
        b in (generation(), object_key(), upload_id()),
    ) {
        let (left, right) = (UploadRow::key(a.0, &a.1, a.2), UploadRow::key(b.0, &b.1, b.2));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(UploadRow::parse_key(&left), Ok(a.clone()));
        let by_id = (UploadKeyRow::key(a.0, a.2), UploadKeyRow::key(b.0, b.2));
        prop_assert_eq!(by_id.0.cmp(&by_id.1), (a.0, a.2).cmp(&(b.0, b.2)));
        prop_assert_eq!(UploadKeyRow::parse_key(&by_id.0), Ok((a.0, a.2)));
    }

    #[test]
    fn version_keys_sort_as_generation_then_key_then_from_the_newest(
        a in (generation(), object_key(), version_id()),
        b in (generation(), object_key(), version_id()),
        place in any::<[u8; 16]>().prop_map(VersionNumber),
    ) {
        let (left, right) = (VersionRow::key(a.0, &a.1, a.2), VersionRow::key(b.0, &b.1, b.2));
        let newest_first = |version: VersionId| match version {
            VersionId::Null => None,
            VersionId::Made(number) => Some(std::cmp::Reverse(number)),
        };
        let order = (a.0, &a.1, newest_first(a.2)).cmp(&(b.0, &b.1, newest_first(b.2)));
        prop_assert_eq!(left.cmp(&right), order);
        prop_assert_eq!(VersionRow::parse_key(&left), Ok(a.clone()));
        let of_same = (a.0, &a.1) == (b.0, &b.1);
        prop_assert_eq!(VersionRow::range_of_key(b.0, &b.1).contains(&left), of_same);
        prop_assert_eq!(VersionRow::range_of_made(b.0, &b.1).contains(&left), of_same && a.2 != VersionId::Null);
        prop_assert_eq!(left >= VersionRow::seek_after_key(a.0, b.1.as_str()), a.1 > b.1);
        prop_assert_eq!(left >= VersionRow::seek_key(a.0, b.1.as_str()), a.1 >= b.1);
        let is_older = matches!(a.2, VersionId::Made(number) if number < place);
        let older = VersionRow::range_of_made(a.0, &a.1).starting_at(VersionRow::seek_older(a.0, &a.1, place));
        prop_assert_eq!(older.contains(&left), is_older);
    }

    #[test]
    fn part_keys_sort_as_generation_then_upload_then_number(
        a in (generation(), upload_id(), any::<u16>()),
        b in (generation(), upload_id(), any::<u16>()),
    ) {
        let (left, right) = (PartRow::key(a.0, a.1, a.2), PartRow::key(b.0, b.1, b.2));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(PartRow::parse_key(&left), Ok(a));
    }

    #[test]
    fn ranges_hold_exactly_what_they_say(
        generations in (generation(), generation()),
        key in object_key(),
        prefix in prop_oneof![Just(String::new()), object_key().prop_map(|key| key.as_str().to_owned())],
        after in object_key(),
        ids in (upload_id(), upload_id()),
        numbers in (any::<u16>(), any::<u16>()),
    ) {
        let (wanted, of_row) = generations;
        let begins = wanted == of_row && key.as_str().starts_with(&prefix);
        let upload = UploadRow::key(of_row, &key, ids.0);
        prop_assert_eq!(ObjectRow::range(wanted, &prefix).contains(&ObjectRow::key(of_row, &key)), begins);
        prop_assert_eq!(UploadRow::range(wanted, &prefix).contains(&upload), begins);
        prop_assert_eq!(UploadRow::range_of_key(of_row, &after).contains(&upload), key == after);
        prop_assert_eq!(upload >= UploadRow::seek_key(of_row, after.as_str()), key >= after);
        prop_assert_eq!(upload >= UploadRow::seek_after_key(of_row, after.as_str()), key > after);
        prop_assert_eq!(GoneRow::range(wanted).contains(&GoneRow::key(of_row, &key)), wanted == of_row);
        prop_assert_eq!(GoneCountRow::key(wanted).cmp(&GoneCountRow::key(of_row)), wanted.cmp(&of_row));
        prop_assert_eq!(GoneCountRow::parse_key(&GoneCountRow::key(wanted)), Ok(wanted));
        prop_assert!(GoneCountRow::range().contains(&GoneCountRow::key(wanted)));
        let part = PartRow::key(of_row, ids.1, numbers.1);
        let above = wanted == of_row && ids.0 == ids.1 && numbers.1 > numbers.0;
        prop_assert_eq!(PartRow::range(wanted, ids.0, numbers.0).contains(&part), above);
        prop_assert_eq!(PartRow::range(of_row, ids.1, numbers.0).contains(&part), numbers.1 > numbers.0);
    }

    #[test]
    fn arbitrary_bytes_never_panic(key in prop::collection::vec(any::<u8>(), 0..40), value in prop::collection::vec(any::<u8>(), 0..80)) {
        describe(&key);
        for kind in RowKind::ALL {
            let key = [&[kind.tag()], key.as_slice()].concat();
            describe(&key);
            let _ = verify(&key, &value);
            let _ = verify(&key, &[&[1], value.as_slice()].concat());
        }
    }

    #[test]
    fn segments_sort_by_number(a in any::<u64>(), b in any::<u64>()) {
        prop_assert_eq!(SegmentRow::key(a).cmp(&SegmentRow::key(b)), a.cmp(&b));
        prop_assert_eq!(SegmentRow::parse_key(&SegmentRow::key(a)), Ok(a));
        prop_assert!(SegmentRow::range().contains(&SegmentRow::key(a)));
    }
}
