//! Operations on buckets and their settings.

use headwater_model::bucket::{Dialect, ObjectOwnership, PublicAccessBlock};
use headwater_model::cors::{CorsConfiguration, CorsRule};
use headwater_model::encryption::BucketEncryption;
use headwater_model::lifecycle::{Due, Expiration, LifecycleConfiguration, LifecycleRule};
use headwater_model::logging::{BucketLogging, LogFields};
use headwater_model::op::{Action, CreateBucket, ListBuckets, Op};
use headwater_model::referer::RefererConfiguration;
use headwater_model::rule::{Condition, Redirect, RoutingRule};
use headwater_model::version::{DefaultRetention, ObjectLockConfiguration, RetentionMode, RetentionPeriod, Versioning};
use headwater_model::website::{ErrorDocument, IndexDocument, Website};

use super::Maker;
use crate::support::bucket;

const POLICIES: [&str; 5] = [
    r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"}}"#,
    r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "user"}, "Action": "s3:*",
        "Resource": ["arn:aws:s3:::one", "arn:aws:s3:::one/*"]}]}"#,
    r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::two/a/*"}]}"#,
    r#"{"Statement": []}"#,
    "{",
];

impl Maker<'_> {
    pub(super) fn of_settings(&mut self, name: &str) -> Option<Op> {
        if let Some(op) = self.of_bucket(name).or_else(|| self.of_access(name)).or_else(|| self.of_worm(name)) {
            return Some(op);
        }
        let bucket = self.bucket();
        Some(match name {
            "GetBucketWebsite" => Op::GetBucketWebsite(bucket),
            "PutBucketWebsite" => {
                let bucket = if self.flag() { crate::support::bucket("one") } else { bucket };
                Op::PutBucketWebsite(bucket, Box::new(self.website()))
            }
            "DeleteBucketWebsite" => Op::DeleteBucketWebsite(bucket),
            "GetBucketVersioning" => Op::GetBucketVersioning(bucket),
            "PutBucketVersioning" => {
                let versioning = if self.one_in(3) { Versioning::Suspended } else { Versioning::Enabled };
                Op::PutBucketVersioning(bucket, versioning)
            }
            "GetObjectLockConfiguration" => Op::GetObjectLockConfiguration(bucket),
            "PutObjectLockConfiguration" => Op::PutObjectLockConfiguration(bucket, self.lock_configuration()),
            "GetUnset" => Op::GetUnset(bucket, Action::GetBucketNotification),
            "GetBucketCors" => Op::GetBucketCors(bucket),
            "PutBucketCors" => {
                let texts = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
                let rule = CorsRule { origins: texts(&["*"]), methods: texts(&["GET"]), ..CorsRule::default() };
                let rules = vec![rule; 1 + self.random.below(2)];
                Op::PutBucketCors(bucket, Box::new(CorsConfiguration { rules, response_vary: self.flag() }))
            }
            "GetBucketEncryption" => Op::GetBucketEncryption(bucket),
            "PutBucketEncryption" => {
                Op::PutBucketEncryption(bucket, BucketEncryption { bucket_key: self.flag().then_some(true) })
            }
            "DeleteBucketEncryption" => Op::DeleteBucketEncryption(bucket),
            "DeleteBucketCors" => Op::DeleteBucketCors(bucket),
            "GetBucketLifecycle" => Op::GetBucketLifecycle(bucket),
            "PutBucketLifecycle" => Op::PutBucketLifecycle(bucket, Box::new(self.lifecycle())),
            "DeleteBucketLifecycle" => Op::DeleteBucketLifecycle(bucket),
            "GetBucketReferer" => Op::GetBucketReferer(bucket),
            "PutBucketReferer" => {
                let allowed = vec!["http://*.example.org".into()];
                let referer = RefererConfiguration { allow_empty: self.flag(), allowed, ..Default::default() };
                Op::PutBucketReferer(bucket, (!self.one_in(3)).then(|| Box::new(referer)))
            }
            "GetBucketLogging" => Op::GetBucketLogging(bucket),
            "PutBucketLogging" => {
                let (dialect, target) = (self.random.pick(&[Dialect::Oss, Dialect::S3]), self.bucket());
                let logging = BucketLogging { dialect, target, prefix: "log/".into(), key_format: None };
                Op::PutBucketLogging(bucket, Some(Box::new(logging)))
            }
            "DeleteBucketLogging" => Op::DeleteBucketLogging(bucket),
            "GetLogFields" => Op::GetLogFields(bucket),
            "PutLogFields" => {
                let fields = LogFields { headers: vec!["x-trace".into()], parameters: Vec::new() };
                Op::PutLogFields(bucket, Box::new(fields))
            }
            "DeleteLogFields" => Op::DeleteLogFields(bucket),
            "GetBucketTagging" => Op::GetBucketTagging(bucket),
            "PutBucketTagging" => Op::PutBucketTagging(bucket, self.tags()),
            "DeleteBucketTagging" => {
                let keys = if self.flag() { vec!["a".into()] } else { Vec::new() };
                Op::DeleteBucketTagging(bucket, keys)
            }
            _ => return self.of_tags_and_lists(name),
        })
    }

    /// Mostly on a bucket of its own: what is retained stays for the rest of a run.
    fn of_worm(&mut self, name: &str) -> Option<Op> {
        let retained = if self.one_in(8) { self.bucket() } else { bucket("four") };
        let last = self.side.names.worms.last().map_or("none".into(), |id| id.to_string().into());
        let days = self.random.below(4) as u32;
        Some(match name {
            "GetBucketWorm" => Op::GetBucketWorm(retained),
            "InitiateBucketWorm" => Op::InitiateBucketWorm(bucket("four"), days),
            "AbortBucketWorm" => Op::AbortBucketWorm(retained),
            "CompleteBucketWorm" => Op::CompleteBucketWorm(retained, last),
            "ExtendBucketWorm" => Op::ExtendBucketWorm(retained, last, days + 4),
            _ => return None,
        })
    }

    fn of_tags_and_lists(&mut self, name: &str) -> Option<Op> {
        Some(match name {
            "PutObjectTagging" => Op::PutObjectTagging(self.target(), self.tags()),
            "PutObjectAcl" => Op::PutObjectAcl(self.target(), self.wanted_acl()),
            _ => return None,
        })
    }

    fn of_bucket(&mut self, name: &str) -> Option<Op> {
        Some(match name {
            "ListBuckets" => {
                let tags = if self.one_in(3) { vec![("a".into(), None)] } else { Vec::new() };
                let limit = self.random.pick(&[1, 2, 1_000]);
                let after = self.random.pick(&["", "one"]).into();
                Op::ListBuckets(ListBuckets { prefix: "".into(), after, location: None, tags, limit })
            }
            "CreateBucket" => Op::CreateBucket(CreateBucket {
                bucket: if self.flag() { bucket("three") } else { self.bucket() },
                acl: self.one_in(4).then(|| self.wanted_acl()),
                ownership: self.one_in(3).then(|| self.ownership()),
                location: self.one_in(3).then(|| "us-east-1".into()),
                storage_class: self.one_in(3).then(|| "IA".into()),
                object_lock: self.one_in(6).then(ObjectLockConfiguration::default),
            }),
            "HeadBucket" => Op::HeadBucket(self.bucket()),
            "GetBucketInfo" => Op::GetBucketInfo(self.bucket()),
            "GetBucketLocation" => Op::GetBucketLocation(self.bucket()),
            "DeleteBucket" => {
                let any = self.bucket();
                Op::DeleteBucket(if self.one_in(4) { any } else { bucket("three") })
            }
            "GetBucketStat" => Op::GetBucketStat(self.bucket()),
            "GetBucketRequestPayment" => Op::GetBucketRequestPayment(self.bucket()),
            "PutBucketRequestPayment" => Op::PutBucketRequestPayment(self.bucket(), self.one_in(4)),
            _ => return None,
        })
    }

    fn of_access(&mut self, name: &str) -> Option<Op> {
        Some(match name {
            "GetBucketAcl" => Op::GetBucketAcl(self.bucket()),
            "PutBucketAcl" => Op::PutBucketAcl(self.bucket(), self.wanted_acl()),
            "GetBucketPolicy" => Op::GetBucketPolicy(self.bucket()),
            "PutBucketPolicy" => Op::PutBucketPolicy(self.bucket(), self.random.pick(&POLICIES).into()),
            "DeleteBucketPolicy" => Op::DeleteBucketPolicy(self.bucket()),
            "GetBucketPolicyStatus" => Op::GetBucketPolicyStatus(self.bucket()),
            "GetPublicAccessBlock" => Op::GetPublicAccessBlock(self.bucket()),
            "PutPublicAccessBlock" => {
                let block = PublicAccessBlock { configured: true, block_public_policy: true, ..Default::default() };
                let block = if self.one_in(4) { PublicAccessBlock::ALL } else { block };
                Op::PutPublicAccessBlock(self.bucket(), block)
            }
            "DeletePublicAccessBlock" => Op::DeletePublicAccessBlock(self.bucket()),
            "GetAccountPublicAccessBlock" => Op::GetAccountPublicAccessBlock,
            "PutAccountPublicAccessBlock" => {
                let on = self.one_in(4);
                let off = PublicAccessBlock { configured: true, ..Default::default() };
                Op::PutAccountPublicAccessBlock(if on { PublicAccessBlock::ALL } else { off })
            }
            "DeleteAccountPublicAccessBlock" => Op::DeleteAccountPublicAccessBlock,
            "GetOwnershipControls" => Op::GetOwnershipControls(self.bucket()),
            "PutOwnershipControls" => Op::PutOwnershipControls(self.bucket(), self.ownership()),
            "DeleteOwnershipControls" => Op::DeleteOwnershipControls(bucket("two")),
            _ => return None,
        })
    }

    fn ownership(&mut self) -> ObjectOwnership {
        use ObjectOwnership::{BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter};
        self.random.pick(&[ObjectWriter, BucketOwnerPreferred, BucketOwnerEnforced])
    }

    fn lock_configuration(&mut self) -> ObjectLockConfiguration {
        // No default retention: the next one would outlast every run.
        let none = self.random.below(20) > 0;
        let period = RetentionPeriod::Days(1);
        let default_retention = (!none).then_some(DefaultRetention { mode: RetentionMode::Governance, period });
        ObjectLockConfiguration { default_retention }
    }

    fn lifecycle(&mut self) -> LifecycleConfiguration {
        let due = Some(Due::Days(1 + self.random.below(5) as u32));
        let expiration = Some(Expiration { due, lone_delete_marker: None });
        let prefix = Some(self.random.pick(&["a", ""]).into());
        let rule = LifecycleRule { id: "rule".into(), enabled: self.flag(), prefix, expiration, ..Default::default() };
        LifecycleConfiguration { rules: vec![rule], minimum_by_class: false }
    }

    /// Pages, and a redirect of what begins with `r`.
    fn website(&mut self) -> Website {
        let support_sub_dir = self.random.pick(&[None, Some(true), Some(false)]);
        let kind = self.random.pick(&[None, Some(0), Some(1), Some(2)]);
        let index = IndexDocument { suffix: "index.html".into(), support_sub_dir, kind };
        let error = ErrorDocument { key: "error.html".into(), http_status: self.random.pick(&[None, Some(200)]) };
        let redirect = Redirect { host_name: Some("example.org".into()), ..Redirect::default() };
        let condition = Condition { key_prefix: Some("none".into()), error_code: Some(404), ..Condition::default() };
        let rule = RoutingRule { number: 1, condition, redirect: Some(redirect), lua: None };
        let rules = if self.flag() { vec![rule] } else { Vec::new() };
        Website { index: Some(index), error: self.flag().then_some(error), rules }
    }
}
