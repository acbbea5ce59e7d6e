//! Operations that read and delete objects, versions and uploads, and what all arguments are made of.

use headwater_model::object::ContentHeaders;
use headwater_model::op::{
    DeleteObject, DeleteObjects, Doomed, GetObject, LegalHold, ListMultipartUploads, ListObjectVersions, ListObjects,
    ListParts, MissContext, ObjectVersion, Op, PutObjectRetention, UploadRef, Visit,
};
use headwater_model::precondition::{ObjectCondition, Preconditions, RangeCondition, TagCondition};
use headwater_model::range::ByteRange;
use headwater_model::version::{Governance, Retention, RetentionMode, VersionId, VersionMarker, VersionQuery};
use headwater_model::{BucketName, ObjectKey, digest::ETag, list::ListQuery};

use super::{Maker, Upload};
use crate::support::{bucket, key};

/// Few, so that operations meet.
const KEYS: [&str; 7] = ["a", "a/", "a/b", "b", "b/é", "index.html", "error.html"];
const PREFIXES: [&str; 5] = ["", "a", "a/", "b", "none"];
const DELIMITERS: [&str; 3] = ["", "/", "b"];
/// Lengths of bodies: two sides of what a local store keeps within its log.
pub(super) const LENGTHS: [usize; 6] = [0, 1, 100, 5_000, 70_000, 200_000];

impl Maker<'_> {
    pub(super) fn flag(&mut self) -> bool {
        self.random.below(2) == 0
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.random.below(many) == 0
    }

    pub(super) fn bucket(&mut self) -> BucketName {
        bucket(self.random.pick(&["one", "one", "one", "one", "two", "two", "two", "three", "four"]))
    }

    pub(super) fn key(&mut self) -> ObjectKey {
        // Links stay for a while.
        key(if self.one_in(20) { "link" } else { self.random.pick(&KEYS) })
    }

    /// A version that was told of, of whatever key; mostly none.
    pub(super) fn version(&mut self) -> Option<VersionId> {
        match self.random.below(10) {
            0 => Some(VersionId::Null),
            1 => {
                let versions = self.side.versions();
                (!versions.is_empty()).then(|| self.random.pick(&versions))
            }
            _ => None,
        }
    }

    pub(super) fn target(&mut self) -> ObjectVersion {
        ObjectVersion { bucket: self.bucket(), key: self.key(), version: self.version() }
    }

    /// An object of the bucket that locks its own.
    fn lockable(&mut self) -> ObjectVersion {
        if self.one_in(5) {
            self.target()
        } else {
            ObjectVersion::current(bucket("two"), key(self.random.pick(&KEYS[..3])))
        }
    }

    /// Mostly an upload that is open.
    pub(super) fn upload(&mut self) -> (UploadRef, Option<Upload>) {
        let known = self.side.uploads.len();
        if known == 0 || self.one_in(20) {
            let upload_id = "0123456789ABCDEF0123456789ABCDEF".into();
            return (UploadRef { bucket: self.bucket(), key: self.key(), upload_id }, None);
        }
        let upload = self.side.uploads[known - 1 - self.random.below(known.min(4))].clone();
        let (bucket, key) = (upload.bucket.clone(), upload.key.clone());
        let named = UploadRef { bucket, key, upload_id: upload.id.as_str().into() };
        (named, Some(upload))
    }

    pub(super) fn tag_condition(&mut self) -> TagCondition {
        if self.flag() { TagCondition::Any } else { TagCondition::OneOf(vec![ETag::from_text("0123")]) }
    }

    pub(super) fn object_condition(&mut self) -> ObjectCondition {
        let mut condition = ObjectCondition::default();
        match self.random.below(4) {
            0 => condition.if_match = Some(self.tag_condition()),
            1 => condition.if_none_match = Some(self.tag_condition()),
            2 => condition.size_bytes = Some(self.random.pick(&LENGTHS) as u64),
            _ => condition.last_modified = Some(self.now()),
        }
        condition
    }

    pub(super) fn preconditions(&mut self) -> Preconditions {
        let mut conditions = Preconditions::default();
        match self.random.below(16) {
            0 => conditions.if_match = Some(self.tag_condition()),
            1 => conditions.if_none_match = Some(self.tag_condition()),
            2 => conditions.if_modified_since = Some(self.now()),
            3 => conditions.if_unmodified_since = Some(self.now()),
            4 => conditions.if_range = Some(RangeCondition::Tag(ETag::from_text("0123"))),
            _ => {}
        }
        conditions
    }

    fn range(&mut self) -> Option<(ByteRange, Box<str>)> {
        let text = self.random.pick(&["bytes=0-0", "bytes=50-", "bytes=-7", "bytes=4000-100000", "bytes=300000-"]);
        let range = ByteRange::parse(text).map(|range| (range, text.into()));
        range.filter(|_| self.one_in(3))
    }

    fn visit(&mut self) -> Visit {
        let miss = MissContext { site: self.flag(), ..MissContext::default() };
        Visit { range: self.range(), strict_range: self.flag(), conditions: self.preconditions(), miss }
    }

    fn get(&mut self) -> Box<GetObject> {
        let (visit, target) = (self.visit(), self.target());
        let part = self.one_in(10).then(|| 1 + self.random.below(2) as u16);
        let mut get = GetObject { version: target.version, part, ..visit.of(target.bucket, target.key) };
        if self.one_in(8) {
            get.overrides = ContentHeaders { content_type: Some("text/override".into()), ..ContentHeaders::default() };
        }
        Box::new(get)
    }

    pub(super) fn governance(&mut self) -> Governance {
        if self.flag() { Governance::Respected } else { Governance::Bypassed }
    }

    /// One that ends within a run.
    pub(super) fn retention(&mut self) -> Retention {
        let mode = self.random.pick(&[RetentionMode::Governance, RetentionMode::Compliance]);
        let until = self.now().plus(std::time::Duration::from_millis(self.random.below(1_000) as u64));
        Retention { mode, until }
    }

    fn query(&mut self) -> ListQuery {
        ListQuery {
            prefix: self.random.pick(&PREFIXES).into(),
            delimiter: self.random.pick(&DELIMITERS).into(),
            after: self.random.pick(&["", "", "a", "a/", "b"]).into(),
            limit: self.random.pick(&[0, 1, 2, 5, 1_000]),
        }
    }

    fn list_versions(&mut self) -> ListObjectVersions {
        let ListQuery { prefix, delimiter, after, limit } = self.query();
        let after = VersionMarker { key: after, version: None };
        let query = VersionQuery { prefix, delimiter, after, limit };
        ListObjectVersions { bucket: self.bucket(), query }
    }

    fn doomed(&mut self) -> DeleteObjects {
        let keys = (0..=self.random.below(4)).map(|_| {
            let version = self.version().map(|id| id.to_string().into());
            let condition = self.one_in(6).then(|| Box::new(self.object_condition()));
            Doomed { key: self.key(), version, condition }
        });
        let keys = keys.collect();
        DeleteObjects { bucket: self.bucket(), keys, quiet: self.flag(), governance: self.governance() }
    }

    pub(super) fn of_objects(&mut self, name: &str) -> Option<Op> {
        Some(match name {
            "ListObjects" => {
                let visit = self.one_in(4).then(|| Box::new(self.visit()));
                Op::ListObjects(ListObjects { bucket: self.bucket(), query: self.query(), visit })
            }
            "ListObjectVersions" => Op::ListObjectVersions(self.list_versions()),
            "GetHomePage" => Op::GetHomePage(bucket("one"), Box::new(self.visit())),
            "HeadHomePage" => Op::HeadHomePage(bucket("one"), Box::new(self.visit())),
            "GetObject" => Op::GetObject(self.get()),
            "HeadObject" => Op::HeadObject(self.get()),
            "GetObjectAttributes" => Op::GetObjectAttributes(self.target(), None),
            "GetObjectMeta" => Op::GetObjectMeta(self.target()),
            "GetObjectTagging" => Op::GetObjectTagging(self.target()),
            "GetObjectAcl" => Op::GetObjectAcl(self.target()),
            "RestoreObject" => Op::RestoreObject(self.target(), None),
            "GetSymlink" => Op::GetSymlink(ObjectVersion::current(self.bucket(), key("link"))),
            "GetObjectRetention" => Op::GetObjectRetention(self.lockable()),
            "PutObjectRetention" => {
                let retention = if self.one_in(4) { None } else { Some(self.retention()) };
                let (target, governance) = (self.lockable(), self.governance());
                Op::PutObjectRetention(Box::new(PutObjectRetention { target, retention, governance }))
            }
            "GetObjectLegalHold" => Op::GetObjectLegalHold(self.lockable()),
            "PutObjectLegalHold" => {
                Op::PutObjectLegalHold(self.lockable(), self.random.pick(&[LegalHold::On, LegalHold::Off]))
            }
            "DeleteObjectTagging" => Op::DeleteObjectTagging(self.target()),
            "DeleteObject" => {
                let condition = self.one_in(6).then(|| Box::new(self.object_condition()));
                let (target, governance) = (self.target(), self.governance());
                Op::DeleteObject(Box::new(DeleteObject { target, condition, governance }))
            }
            "DeleteObjects" => Op::DeleteObjects(self.doomed()),
            "AbortMultipartUpload" => Op::AbortMultipartUpload(self.upload().0),
            "ListParts" => {
                let (after, limit) = (self.random.below(3) as u16, self.random.pick(&[1, 2, 1_000]));
                Op::ListParts(ListParts { upload: self.upload().0, after, limit })
            }
            "ListMultipartUploads" => {
                let ListQuery { prefix, delimiter, after: after_key, limit } = self.query();
                let (bucket, after_upload) = (self.bucket(), None);
                let limit = limit.max(1);
                Op::ListMultipartUploads(ListMultipartUploads {
                    bucket,
                    prefix,
                    delimiter,
                    after_key,
                    after_upload,
                    limit,
                })
            }
            _ => return None,
        })
    }
}
