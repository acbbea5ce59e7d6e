//! Operations that make objects.

use bytes::Bytes;
use headwater_model::acl::{CannedAcl, Group, Permission, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::body::Body;
use headwater_model::clock::{Clock as _, Timestamp};
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType, ETag};
use headwater_model::encryption::WriteEncryption;
use headwater_model::multipart::CompletedPart;
use headwater_model::object::{ContentHeaders, ObjectHeaders, Tags};
use headwater_model::op::{
    AnnouncedDigests, AppendObject, CompleteMultipartUpload, CopyObject, CreateMultipartUpload, Op, PartRange,
    PutObject, PutSymlink, UploadPart, UploadPartCopy, WriteCondition,
};
use headwater_model::version::ObjectLock;

use super::Maker;
use super::objects::LENGTHS;
use crate::support::key;

impl Maker<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.side.clock.now()
    }

    fn bytes(&mut self) -> Bytes {
        let length = self.random.pick(&LENGTHS);
        Bytes::from(self.random.bytes(length))
    }

    pub(super) fn tags(&mut self) -> Tags {
        match self.random.below(4) {
            0 => vec![("a".into(), "1".into())],
            1 => vec![("a".into(), "2".into()), ("b".into(), "".into())],
            _ => Vec::new(),
        }
    }

    pub(super) fn wanted_acl(&mut self) -> WantedAcl {
        let grant = |grantee| vec![WantedGrant { grantee, permission: Permission::Read }];
        match self.random.below(8) {
            0 => WantedAcl::Default,
            1 => WantedAcl::Canned(CannedAcl::PublicRead),
            2 => WantedAcl::Canned(CannedAcl::PublicReadWrite),
            3 => WantedAcl::Canned(CannedAcl::BucketOwnerFullControl),
            4 => WantedAcl::Grants { owner: None, grants: grant(WantedGrantee::Id("user".into())) },
            5 => WantedAcl::Grants { owner: None, grants: grant(WantedGrantee::Group(Group::AllUsers)) },
            6 => WantedAcl::Grants { owner: None, grants: grant(WantedGrantee::Email("nobody@example.org".into())) },
            _ => WantedAcl::Canned(CannedAcl::Private),
        }
    }

    fn acl(&mut self) -> Option<WantedAcl> {
        self.one_in(5).then(|| self.wanted_acl())
    }

    fn lock(&mut self) -> Option<Box<ObjectLock>> {
        let lock = self.one_in(8).then(|| {
            let retention = self.flag().then(|| self.retention());
            ObjectLock { retention, legal_hold: self.flag() }
        });
        lock.and_then(ObjectLock::boxed)
    }

    fn headers(&mut self) -> ObjectHeaders {
        let content_type = self.random.pick(&[None, Some("text/plain"), Some("text/html")]).map(Into::into);
        let cache_control = self.flag().then(|| "no-cache".into());
        let user = if self.flag() { vec![("name".into(), "välue".into())] } else { Vec::new() };
        let storage_class =
            self.random.pick(&[None, None, Some("IA"), Some("STANDARD_IA"), Some("GLACIER")]).map(Into::into);
        let website_redirect = self.one_in(12).then(|| "/elsewhere".into());
        let content = ContentHeaders { content_type, cache_control, ..ContentHeaders::default() };
        ObjectHeaders { content, user, storage_class, website_redirect, access: None, lock: self.lock() }
    }

    fn condition(&mut self) -> WriteCondition {
        match self.random.below(12) {
            0 => WriteCondition::ForbidOverwrite,
            1 | 2 => WriteCondition::Meets(Box::new(self.object_condition())),
            _ => WriteCondition::Any,
        }
    }

    fn algorithm(&mut self) -> Option<ChecksumAlgorithm> {
        self.one_in(3).then(|| self.random.pick(&ChecksumAlgorithm::ALL))
    }

    /// Mostly right ones.
    fn digests(&mut self, body: &[u8]) -> AnnouncedDigests {
        let mut digests = AnnouncedDigests { algorithm: self.algorithm(), ..AnnouncedDigests::default() };
        match self.random.below(16) {
            0..4 => digests.md5 = Some(fast_md5::digest(body)),
            4 => digests.md5 = Some([7; 16]),
            5 => digests.crc64 = Some(7),
            6 => {
                let checksum = Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0; 4] };
                (digests.algorithm, digests.checksum) = (Some(ChecksumAlgorithm::Crc32), Some(checksum));
            }
            _ => {}
        }
        digests
    }

    fn content_length(&mut self, body: &[u8]) -> Option<u64> {
        match self.random.below(16) {
            0 => None,
            1 => Some(body.len() as u64 + 1),
            _ => Some(body.len() as u64),
        }
    }

    /// An operation that makes an object or a part, with its body.
    pub(super) fn write(&mut self, name: &str) -> Option<(Op, Body)> {
        let bytes = self.bytes();
        let op = match name {
            "PutObject" => self.put(&bytes),
            "AppendObject" => self.append(&bytes),
            "UploadPart" => Op::UploadPart(Box::new(UploadPart {
                upload: self.upload().0,
                number: 1 + self.random.below(3) as u16,
                content_length: self.content_length(&bytes),
                digests: self.digests(&bytes),
                customer_key: None,
            })),
            _ => return self.bodiless_write(name).map(|op| (op, Body::Empty)),
        };
        Some((op, Body::Full(bytes)))
    }

    fn encryption(&mut self) -> WriteEncryption {
        if self.one_in(4) { WriteEncryption::Managed } else { WriteEncryption::BucketDefault }
    }

    fn put(&mut self, bytes: &[u8]) -> Op {
        Op::PutObject(Box::new(PutObject {
            bucket: self.bucket(),
            key: self.key(),
            headers: self.headers(),
            tags: self.tags(),
            acl: self.acl(),
            content_length: self.content_length(bytes),
            digests: self.digests(bytes),
            condition: self.condition(),
            encryption: self.encryption(),
        }))
    }

    fn append(&mut self, bytes: &[u8]) -> Op {
        Op::AppendObject(Box::new(AppendObject {
            bucket: self.bucket(),
            key: self.key(),
            position: self.random.pick(&LENGTHS) as u64,
            headers: self.headers(),
            tags: self.tags(),
            acl: self.acl(),
            content_length: self.content_length(bytes),
            digests: AnnouncedDigests { algorithm: None, checksum: None, ..self.digests(bytes) },
            encryption: self.encryption(),
        }))
    }

    fn bodiless_write(&mut self, name: &str) -> Option<Op> {
        Some(match name {
            "PutSymlink" => Op::PutSymlink(Box::new(PutSymlink {
                bucket: self.bucket(),
                key: if self.one_in(8) { self.key() } else { key("link") },
                target: self.key(),
                headers: self.headers(),
                tags: self.tags(),
                acl: self.acl(),
                condition: self.condition(),
            })),
            "CopyObject" => self.copy(),
            "CreateMultipartUpload" => {
                let checksum = self.algorithm().map(|algorithm| (algorithm, ChecksumType::default_of(algorithm)));
                let (bucket, key, headers, tags) = (self.bucket(), self.key(), self.headers(), self.tags());
                let (acl, condition) = (self.acl(), self.condition());
                let (sequential, encryption) = (self.one_in(4), self.encryption());
                let create = CreateMultipartUpload {
                    bucket,
                    key,
                    headers,
                    tags,
                    acl,
                    checksum,
                    condition,
                    encryption,
                    sequential,
                };
                Op::CreateMultipartUpload(Box::new(create))
            }
            "UploadPartCopy" => {
                let source = self.target();
                let range =
                    self.one_in(4).then(|| PartRange { first: self.random.below(200) as u64, last: Some(4_000) });
                Op::UploadPartCopy(Box::new(UploadPartCopy {
                    upload: self.upload().0,
                    number: 1 + self.random.below(3) as u16,
                    source_bucket: source.bucket,
                    source_key: source.key,
                    source_version: source.version,
                    source_conditions: self.preconditions(),
                    range,
                    customer_key: None,
                    source_customer_key: None,
                }))
            }
            "CompleteMultipartUpload" => self.complete(),
            _ => return None,
        })
    }

    fn copy(&mut self) -> Op {
        let source = self.target();
        Op::CopyObject(Box::new(CopyObject {
            source_bucket: source.bucket,
            source_key: source.key,
            source_version: source.version,
            source_conditions: self.preconditions(),
            bucket: self.bucket(),
            key: self.key(),
            headers: self.flag().then(|| self.headers()),
            tags: self.flag().then(|| self.tags()),
            storage_class: None,
            lock: self.lock(),
            website_redirect: None,
            acl: self.acl(),
            algorithm: self.algorithm(),
            condition: self.condition(),
            encryption: self.encryption(),
            source_customer_key: None,
        }))
    }

    fn complete(&mut self) -> Op {
        let (upload, known) = self.upload();
        let parts = known.map(|known| known.parts).unwrap_or_default();
        let mut parts: Vec<_> =
            parts.into_iter().map(|(number, etag)| CompletedPart { number, etag, checksum: None }).collect();
        let all_parts = self.one_in(3);
        match self.random.below(10) {
            0 => parts.reverse(),
            1 => parts.iter_mut().for_each(|part| part.etag = ETag::from_text("0123")),
            _ => {}
        }
        if all_parts {
            parts.clear();
        }
        Op::CompleteMultipartUpload(Box::new(CompleteMultipartUpload {
            upload,
            parts,
            all_parts,
            acl: self.acl(),
            condition: self.condition(),
            checksum: None,
            checksum_type: None,
            size_bytes: self.one_in(10).then_some(100),
            min_part_bytes: self.random.pick(&[1, 1, 1_000]),
            customer_key: None,
        }))
    }
}
