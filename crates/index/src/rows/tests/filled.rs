//! Rows with every part of them filled. A field that is added to what the other samples leave empty changes only these.

use headwater_model::acl::{Acl, Grant, Grantee, Permission};
use headwater_model::bucket::{BucketAccess, BucketConfiguration, ObjectOwnership, PublicAccessBlock};
use headwater_model::cors::{CorsConfiguration, CorsRule};
use headwater_model::digest::ChecksumType;
use headwater_model::encryption::{BucketEncryption, Encryption, KeyHolder};
use headwater_model::object::{ObjectAccess, ObjectPart};
use headwater_model::version::{
    DefaultRetention, ObjectLock, ObjectLockConfiguration, Retention, RetentionMode, RetentionPeriod, Versioning,
};

use super::*;

mod settings;

/// As (key, value).
pub(super) fn samples() -> Vec<(Vec<u8>, bytes::Bytes)> {
    let (generation, id) = (Generation(4), UploadId([8; 16]));
    let key = ObjectKey::parse("filled").expect("a valid key");
    vec![
        (BucketRow::key(&configured().bucket.name), configured().encode()),
        (ObjectRow::key(generation, &key), completed().encode()),
        (UploadRow::key(generation, &key, id), described_upload().encode()),
        (VersionRow::key(generation, &key, VersionId::Null), superseded().encode()),
        (ObjectRow::key(generation, &ObjectKey::parse("whole").expect("a valid key")), whole().encode()),
    ]
}

fn every_header() -> ObjectHeaders {
    ObjectHeaders {
        storage_class: Some("IA".into()),
        website_redirect: Some("/other".into()),
        access: Some(Box::new(ObjectAccess { owner: Some(alice()), acl: Some(to_alice()) })),
        lock: Some(Box::new(ObjectLock {
            retention: Some(Retention { mode: RetentionMode::Compliance, until: Timestamp(1_800_000_000_000) }),
            legal_hold: true,
        })),
        ..headers()
    }
}

fn every_header_but_lock() -> ObjectHeaders {
    ObjectHeaders { lock: None, ..every_header() }
}

fn alice() -> Owner {
    Owner { id: "0a".into(), display_name: "alice".into() }
}

fn to_alice() -> Acl {
    Acl::Grants(vec![Grant { grantee: Grantee::Account(alice()), permission: Permission::Read }])
}

fn tags() -> Vec<(Box<str>, Box<str>)> {
    vec![("team".into(), "sea".into()), ("empty".into(), "".into())]
}

/// In one piece, in the clear.
pub(super) fn whole() -> ObjectRow {
    let meta = object().meta;
    let piece = Extent { length_bytes: meta.size_bytes, crc64: meta.crc64, ..extents()[0] };
    ObjectRow { extents: vec![piece], ..object() }
}

/// Completed from parts, with everything that a client may have said of it.
pub(super) fn completed() -> ObjectRow {
    let part = |number, checksum| ObjectPart { number, size_bytes: 300, checksum };
    let composition = Composition {
        checksum_type: ChecksumType::Composite,
        parts: Some(vec![part(1, Some(checksum())), part(10_000, None)].into()),
        link: Some("target".into()),
        encryption: Some(Box::new(encryption())),
    };
    let (headers, version) = (every_header(), VersionId::Made(number(9)));
    let meta = ObjectMeta { headers, tags: tags(), composition, version, ..ObjectMeta::clone(&object().meta) };
    ObjectRow { meta: Arc::new(meta), extents: sealed_extents(), ..object() }
}

fn encryption() -> Encryption {
    Encryption { holder: KeyHolder::Customer { key_md5: [3; 16] }, wrapped_key: vec![4; 60].into() }
}

fn sealed_extents() -> Vec<Extent> {
    extents().into_iter().map(|extent| Extent { salt: Some([5; 16]), ..extent }).collect()
}

/// As far as version 4 goes.
pub(super) fn completed_in_the_clear() -> ObjectRow {
    let composition = Composition { encryption: None, ..completed().meta.composition.clone() };
    let meta = ObjectMeta { composition, ..ObjectMeta::clone(&completed().meta) };
    ObjectRow { meta: Arc::new(meta), extents: extents(), ..completed() }
}

/// As far as version 3 goes.
pub(super) fn completed_without_versions() -> ObjectRow {
    let (headers, version) = (every_header_but_lock(), VersionId::Null);
    let meta = ObjectMeta { headers, version, ..ObjectMeta::clone(&completed_in_the_clear().meta) };
    ObjectRow { meta: Arc::new(meta), ..completed_in_the_clear() }
}

/// That object, when another took its place.
pub(super) fn superseded() -> VersionRow {
    version(VersionContent::Object { meta: completed().meta, extents: sealed_extents() })
}

/// As far as version 1 goes.
pub(super) fn superseded_in_the_clear() -> VersionRow {
    version(VersionContent::Object { meta: completed_in_the_clear().meta, extents: extents() })
}

/// With everything that its owner may have configured.
pub(super) fn configured() -> BucketRow {
    let rule = CorsRule {
        id: Some("one".into()),
        origins: vec!["https://*.example".into()],
        methods: vec!["GET".into(), "PUT".into()],
        headers: vec!["x-amz-*".into()],
        exposed: vec!["ETag".into()],
        max_age_seconds: Some(600),
    };
    let mut row = bucket();
    row.bucket.acl = to_alice();
    let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::photos"}}"#;
    row.bucket.access = BucketAccess {
        owner: Some(alice()),
        policy: Some(Arc::new(Policy::parse(policy, Attached::Bucket("photos")).expect("a policy"))),
        public_access: PublicAccessBlock::ALL,
        ownership: Some(ObjectOwnership::BucketOwnerPreferred),
    };
    row.bucket.configuration = BucketConfiguration {
        tags: tags(),
        cors: Some(Arc::new(CorsConfiguration { rules: vec![rule, CorsRule::default()], response_vary: true })),
        requester_pays: true,
        versioning: Versioning::Suspended,
        object_lock: Some(ObjectLockConfiguration {
            default_retention: Some(DefaultRetention {
                mode: RetentionMode::Governance,
                period: RetentionPeriod::Years(300),
            }),
        }),
        encryption: Some(BucketEncryption { bucket_key: Some(true) }),
        ..settings::filled()
    };
    row
}

/// As far as version 4 goes.
pub(super) fn configured_in_the_clear() -> BucketRow {
    let mut row = configured();
    row.bucket.configuration.worm = None;
    row.bucket.configuration.encryption = None;
    row
}

/// As far as version 3 goes.
pub(super) fn configured_without_versions() -> BucketRow {
    let mut row = configured();
    let BucketConfiguration { tags, cors, requester_pays, .. } = row.bucket.configuration;
    row.bucket.configuration = BucketConfiguration { tags, cors, requester_pays, ..BucketConfiguration::default() };
    row
}

pub(super) fn described_upload() -> UploadRow {
    let encryption = Encryption { holder: KeyHolder::Server, ..encryption() };
    UploadRow { encryption: Some(Box::new(encryption)), ..described_in_the_clear() }
}

/// As far as version 3 goes.
pub(super) fn described_in_the_clear() -> UploadRow {
    UploadRow { headers: every_header(), tags: tags(), checksum_type: ChecksumType::FullObject, ..upload() }
}

/// As far as version 2 goes.
pub(super) fn described_without_lock() -> UploadRow {
    UploadRow { headers: every_header_but_lock(), ..described_in_the_clear() }
}
