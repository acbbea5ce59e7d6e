//! Types of the model as earlier releases wrote them into rows, frozen: they are only read, to be migrated.

use std::sync::Arc;

use headwater_model::BucketName;
use headwater_model::acl::{Acl, CannedAcl};
use headwater_model::bucket::{Bucket, BucketAccess, BucketConfiguration, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::cors::CorsConfiguration;
use headwater_model::digest::{Checksum, ChecksumType, ETag};
use headwater_model::lifecycle::LifecycleConfiguration;
use headwater_model::logging::{BucketLogging, LogFields};
use headwater_model::object::{
    Composition, ContentHeaders, ObjectAccess, ObjectHeaders, ObjectKind, ObjectMeta, ObjectPart, Provenance, Tags,
    UserMeta,
};
use headwater_model::referer::RefererConfiguration;
use headwater_model::settings::MigrationSettings;
use headwater_model::version::{ObjectLockConfiguration, VersionId, Versioning};
use headwater_model::website::Website;
use serde::Deserialize;

use super::extent::{BlobRef, Extent};

/// What a writer could choose before storage classes, redirects, owners and lists were kept.
#[derive(Deserialize)]
pub(super) struct Headers {
    content: ContentHeaders,
    user: UserMeta,
}

impl From<Headers> for ObjectHeaders {
    fn from(former: Headers) -> Self {
        Self { content: former.content, user: former.user, ..Self::default() }
    }
}

/// An object's metadata in version 2 of its row.
#[derive(Deserialize)]
pub(super) struct SecondMeta {
    size_bytes: u64,
    etag: ETag,
    last_modified: Timestamp,
    crc64: u64,
    md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
    kind: ObjectKind,
    provenance: Provenance,
    headers: Headers,
    tags: Tags,
}

impl From<SecondMeta> for ObjectMeta {
    fn from(former: SecondMeta) -> Self {
        Self {
            size_bytes: former.size_bytes,
            etag: former.etag,
            last_modified: former.last_modified,
            crc64: former.crc64,
            md5: former.md5,
            checksum: former.checksum,
            kind: former.kind,
            provenance: former.provenance,
            headers: former.headers.into(),
            tags: former.tags,
            // Multipart objects had no checksum of their own.
            composition: Composition { checksum_type: ChecksumType::FullObject, ..Composition::default() },
            version: VersionId::Null,
        }
    }
}

/// A bucket in version 2 of its row.
#[derive(Deserialize)]
pub(super) struct SecondBucket {
    pub(super) name: BucketName,
    pub(super) generation: Generation,
    pub(super) created: Timestamp,
    pub(super) acl: CannedAcl,
    pub(super) dialect: Dialect,
    pub(super) location: Box<str>,
    pub(super) storage_class: Box<str>,
    pub(super) rule_version: u64,
    pub(super) migration: MigrationSettings,
    pub(super) website: Option<Arc<Website>>,
}

impl From<SecondBucket> for Bucket {
    fn from(former: SecondBucket) -> Self {
        Self {
            name: former.name,
            generation: former.generation,
            created: former.created,
            acl: former.acl.into(),
            access: BucketAccess::default(),
            dialect: former.dialect,
            location: former.location,
            storage_class: former.storage_class,
            rule_version: former.rule_version,
            migration: former.migration,
            website: former.website,
            configuration: BucketConfiguration::default(),
        }
    }
}

/// What a writer could choose before retention and holds were kept.
#[derive(Deserialize)]
pub(super) struct ThirdHeaders {
    content: ContentHeaders,
    user: UserMeta,
    storage_class: Option<Box<str>>,
    website_redirect: Option<Box<str>>,
    access: Option<Box<ObjectAccess>>,
}

impl From<ThirdHeaders> for ObjectHeaders {
    fn from(former: ThirdHeaders) -> Self {
        let ThirdHeaders { content, user, storage_class, website_redirect, access } = former;
        Self { content, user, storage_class, website_redirect, access, lock: None }
    }
}

/// An object's metadata in version 3 of its row.
#[derive(Deserialize)]
pub(super) struct ThirdMeta {
    size_bytes: u64,
    etag: ETag,
    last_modified: Timestamp,
    crc64: u64,
    md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
    kind: ObjectKind,
    provenance: Provenance,
    headers: ThirdHeaders,
    tags: Tags,
    composition: FourthComposition,
}

impl From<ThirdMeta> for ObjectMeta {
    fn from(former: ThirdMeta) -> Self {
        Self {
            size_bytes: former.size_bytes,
            etag: former.etag,
            last_modified: former.last_modified,
            crc64: former.crc64,
            md5: former.md5,
            checksum: former.checksum,
            kind: former.kind,
            provenance: former.provenance,
            headers: former.headers.into(),
            tags: former.tags,
            composition: former.composition.into(),
            version: VersionId::Null,
        }
    }
}

/// A bucket in version 3 of its row.
#[derive(Deserialize)]
pub(super) struct ThirdBucket {
    name: BucketName,
    generation: Generation,
    created: Timestamp,
    acl: Acl,
    access: BucketAccess,
    dialect: Dialect,
    location: Box<str>,
    storage_class: Box<str>,
    rule_version: u64,
    migration: MigrationSettings,
    website: Option<Arc<Website>>,
    configuration: ThirdConfiguration,
}

/// What an owner configured before versioning and object lock.
#[derive(Deserialize)]
struct ThirdConfiguration {
    tags: Tags,
    cors: Option<Arc<CorsConfiguration>>,
    requester_pays: bool,
}

impl From<ThirdBucket> for Bucket {
    fn from(former: ThirdBucket) -> Self {
        let ThirdConfiguration { tags, cors, requester_pays } = former.configuration;
        Self {
            name: former.name,
            generation: former.generation,
            created: former.created,
            acl: former.acl,
            access: former.access,
            dialect: former.dialect,
            location: former.location,
            storage_class: former.storage_class,
            rule_version: former.rule_version,
            migration: former.migration,
            website: former.website,
            configuration: BucketConfiguration { tags, cors, requester_pays, ..BucketConfiguration::default() },
        }
    }
}

/// A piece of a body, before bodies were sealed.
#[derive(Deserialize)]
pub(super) struct FirstExtent {
    blob: BlobRef,
    offset_bytes: u64,
    length_bytes: u64,
    crc64: u64,
}

impl From<FirstExtent> for Extent {
    fn from(former: FirstExtent) -> Self {
        let FirstExtent { blob, offset_bytes, length_bytes, crc64 } = former;
        Self { blob, offset_bytes, length_bytes, crc64, salt: None }
    }
}

/// A body of before bodies were sealed.
pub(super) fn extents(former: Vec<FirstExtent>) -> Vec<Extent> {
    former.into_iter().map(Extent::from).collect()
}

/// How a body came together, before bodies were sealed.
#[derive(Deserialize)]
struct FourthComposition {
    checksum_type: ChecksumType,
    parts: Option<Arc<[ObjectPart]>>,
    link: Option<Box<str>>,
}

impl From<FourthComposition> for Composition {
    fn from(former: FourthComposition) -> Self {
        let FourthComposition { checksum_type, parts, link } = former;
        Self { checksum_type, parts, link, encryption: None }
    }
}

/// An object's metadata in version 4 of its row.
#[derive(Deserialize)]
pub(super) struct FourthMeta {
    size_bytes: u64,
    etag: ETag,
    last_modified: Timestamp,
    crc64: u64,
    md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
    kind: ObjectKind,
    provenance: Provenance,
    headers: ObjectHeaders,
    tags: Tags,
    composition: FourthComposition,
    version: VersionId,
}

impl From<FourthMeta> for ObjectMeta {
    fn from(former: FourthMeta) -> Self {
        Self {
            size_bytes: former.size_bytes,
            etag: former.etag,
            last_modified: former.last_modified,
            crc64: former.crc64,
            md5: former.md5,
            checksum: former.checksum,
            kind: former.kind,
            provenance: former.provenance,
            headers: former.headers,
            tags: former.tags,
            composition: former.composition.into(),
            version: former.version,
        }
    }
}

/// A bucket in version 4 of its row.
#[derive(Deserialize)]
pub(super) struct FourthBucket {
    name: BucketName,
    generation: Generation,
    created: Timestamp,
    acl: Acl,
    access: BucketAccess,
    dialect: Dialect,
    location: Box<str>,
    storage_class: Box<str>,
    rule_version: u64,
    migration: MigrationSettings,
    website: Option<Arc<Website>>,
    configuration: FourthConfiguration,
}

/// What an owner configured before retention policies and encryption.
#[derive(Deserialize)]
struct FourthConfiguration {
    tags: Tags,
    cors: Option<Arc<CorsConfiguration>>,
    requester_pays: bool,
    versioning: Versioning,
    object_lock: Option<ObjectLockConfiguration>,
    lifecycle: Option<Arc<LifecycleConfiguration>>,
    referer: Option<Arc<RefererConfiguration>>,
    logging: Option<Arc<BucketLogging>>,
    log_fields: Option<Arc<LogFields>>,
}

impl From<FourthBucket> for Bucket {
    fn from(former: FourthBucket) -> Self {
        let configuration = former.configuration;
        Self {
            name: former.name,
            generation: former.generation,
            created: former.created,
            acl: former.acl,
            access: former.access,
            dialect: former.dialect,
            location: former.location,
            storage_class: former.storage_class,
            rule_version: former.rule_version,
            migration: former.migration,
            website: former.website,
            configuration: BucketConfiguration {
                tags: configuration.tags,
                cors: configuration.cors,
                requester_pays: configuration.requester_pays,
                versioning: configuration.versioning,
                object_lock: configuration.object_lock,
                lifecycle: configuration.lifecycle,
                referer: configuration.referer,
                logging: configuration.logging,
                log_fields: configuration.log_fields,
                worm: None,
                encryption: None,
            },
        }
    }
}
