//! A row of every kind, and strategies for what keys are made of.

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
use headwater_model::{BucketName, ObjectKey};
use proptest::prelude::*;
use std::sync::Arc;

use super::super::*;

/// Keys near each other, with the bytes that an encoding could stumble over.
pub(super) fn object_key() -> impl Strategy<Value = ObjectKey> {
    prop_oneof!["[\u{0}\u{1}a\u{ff}]{1,4}", "[a-b/]{1,3}", "\\PC{1,8}"]
        .prop_map(|text| ObjectKey::parse(&text).expect("short and not empty"))
}

pub(super) fn generation() -> impl Strategy<Value = Generation> {
    prop_oneof![0u64..3, 254u64..258, any::<u64>()].prop_map(Generation)
}

pub(super) fn upload_id() -> impl Strategy<Value = UploadId> {
    prop_oneof![prop::array::uniform16(prop_oneof![Just(0u8), Just(1), Just(0xFF)]), any::<[u8; 16]>()]
        .prop_map(UploadId)
}

pub(super) fn version_id() -> impl Strategy<Value = VersionId> {
    prop_oneof![Just(VersionId::Null), any::<[u8; 16]>().prop_map(|number| VersionId::Made(VersionNumber(number)))]
}

pub(super) fn checksum() -> Checksum {
    Checksum { algorithm: ChecksumAlgorithm::Crc32c, value: vec![1, 2, 3, 4] }
}

pub(super) fn headers() -> ObjectHeaders {
    ObjectHeaders {
        content: ContentHeaders { content_type: Some("text/plain".into()), ..ContentHeaders::default() },
        user: vec![("colour".into(), "blue".into())],
        ..ObjectHeaders::default()
    }
}

pub(super) fn extents() -> Vec<Extent> {
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

pub(super) fn object() -> ObjectRow {
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

pub(super) fn bucket() -> BucketRow {
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

pub(super) fn upload() -> UploadRow {
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

pub(super) fn part() -> PartRow {
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

pub(super) fn segment() -> SegmentRow {
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

pub(super) fn version(content: VersionContent) -> VersionRow {
    VersionRow { sequence: 12, place: number(11), superseded: Some(Timestamp(4)), content }
}

pub(super) fn marker() -> VersionRow {
    VersionRow { superseded: None, ..version(VersionContent::Marker { last_modified: Timestamp(3) }) }
}

pub(super) fn number(sequence: u64) -> VersionNumber {
    VersionNumber::new(sequence, 0xFEDC)
}

pub(super) fn account() -> AccountRow {
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

pub(super) fn access_token() -> AccessTokenRow {
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

pub(super) fn origin() -> OriginRow {
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

pub(super) fn usage() -> OriginUsageRow {
    OriginUsageRow { sequence: 8, usage: OriginUsage { day: 20_000, day_bytes: 300, month: 657, month_bytes: 1 << 40 } }
}

pub(super) fn origin_id() -> OriginId {
    OriginId::parse("https://origin.example").expect("a valid url")
}

pub(super) fn order() -> OrderRow {
    OrderRow { sequence: 9, order: PartOrder { last: 10_000, md5_state: vec![5; 3].into() } }
}

pub(super) fn public_access() -> PublicAccessRow {
    let block = PublicAccessBlock { restrict_public_buckets: false, ..PublicAccessBlock::ALL };
    PublicAccessRow { sequence: 10, block }
}

/// One row of every kind as (key, value).
pub(super) fn samples() -> Vec<(Vec<u8>, bytes::Bytes)> {
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
