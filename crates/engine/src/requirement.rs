//! Which right an operation needs.

use headwater_model::op::{Action, ObjectVersion, Op};
use headwater_model::{BucketName, ObjectKey};

/// Which right an operation needs, and on what. A copy also needs the right to read its source, which
/// [`Engine::copy_object`] asks for.
pub(crate) fn requirement(op: &Op) -> (Action, Option<&BucketName>, Option<&ObjectKey>) {
    let (action, bucket, key) = match op {
        Op::ListBuckets(_) => return (Action::ListBuckets, None, None),
        Op::GetAccountPublicAccessBlock => return (Action::GetAccountPublicAccessBlock, None, None),
        Op::PutAccountPublicAccessBlock(_) => return (Action::PutAccountPublicAccessBlock, None, None),
        Op::DeleteAccountPublicAccessBlock => return (Action::DeleteAccountPublicAccessBlock, None, None),
        Op::CreateBucket(op) => (Action::CreateBucket, &op.bucket, None),
        Op::HeadBucket(bucket) => (Action::ListObjects, bucket, None),
        Op::ListObjects(op) => (Action::ListObjects, &op.bucket, None),
        Op::ListObjectVersions(op) => (Action::ListObjectVersions, &op.bucket, None),
        Op::GetBucketInfo(bucket) => (Action::GetBucketInfo, bucket, None),
        Op::GetBucketLocation(bucket) => (Action::GetBucketLocation, bucket, None),
        Op::GetBucketAcl(bucket) => (Action::GetBucketAcl, bucket, None),
        Op::PutBucketAcl(bucket, _) => (Action::PutBucketAcl, bucket, None),
        Op::GetBucketPolicy(bucket) => (Action::GetBucketPolicy, bucket, None),
        Op::PutBucketPolicy(bucket, _) => (Action::PutBucketPolicy, bucket, None),
        Op::DeleteBucketPolicy(bucket) => (Action::DeleteBucketPolicy, bucket, None),
        Op::GetBucketPolicyStatus(bucket) => (Action::GetBucketPolicyStatus, bucket, None),
        Op::GetPublicAccessBlock(bucket) => (Action::GetBucketPublicAccessBlock, bucket, None),
        Op::PutPublicAccessBlock(bucket, _) => (Action::PutBucketPublicAccessBlock, bucket, None),
        Op::DeletePublicAccessBlock(bucket) => (Action::DeleteBucketPublicAccessBlock, bucket, None),
        Op::GetOwnershipControls(bucket) => (Action::GetBucketOwnershipControls, bucket, None),
        Op::PutOwnershipControls(bucket, _) | Op::DeleteOwnershipControls(bucket) => {
            (Action::PutBucketOwnershipControls, bucket, None)
        }
        Op::GetBucketWebsite(bucket) => (Action::GetBucketWebsite, bucket, None),
        Op::PutBucketWebsite(bucket, _) => (Action::PutBucketWebsite, bucket, None),
        Op::DeleteBucketWebsite(bucket) => (Action::DeleteBucketWebsite, bucket, None),
        Op::DeleteBucket(bucket) => (Action::DeleteBucket, bucket, None),
        Op::GetObject(op) | Op::HeadObject(op) => {
            let action = if op.version.is_some() { Action::GetObjectVersion } else { Action::GetObject };
            (action, &op.bucket, Some(&op.key))
        }
        Op::GetHomePage(bucket, _) | Op::HeadHomePage(bucket, _) => (Action::GetObject, bucket, None),
        Op::GetObjectMeta(target) | Op::GetSymlink(target) => return on(Action::GetObject, target),
        Op::GetObjectAttributes(target, _) => return on(Action::GetObjectAttributes, target),
        Op::GetObjectTagging(target) => return on(Action::GetObjectTagging, target),
        Op::PutObjectTagging(target, _) => return on(Action::PutObjectTagging, target),
        Op::DeleteObjectTagging(target) => return on(Action::DeleteObjectTagging, target),
        Op::GetBucketVersioning(bucket) => (Action::GetBucketVersioning, bucket, None),
        Op::PutBucketVersioning(bucket, _) => (Action::PutBucketVersioning, bucket, None),
        Op::GetObjectLockConfiguration(bucket) => (Action::GetBucketObjectLockConfiguration, bucket, None),
        Op::PutObjectLockConfiguration(bucket, _) => (Action::PutBucketObjectLockConfiguration, bucket, None),
        Op::GetBucketWorm(bucket) => (Action::GetBucketWorm, bucket, None),
        Op::InitiateBucketWorm(bucket, _) => (Action::InitiateBucketWorm, bucket, None),
        Op::AbortBucketWorm(bucket) => (Action::AbortBucketWorm, bucket, None),
        Op::CompleteBucketWorm(bucket, _) => (Action::CompleteBucketWorm, bucket, None),
        Op::ExtendBucketWorm(bucket, ..) => (Action::ExtendBucketWorm, bucket, None),
        Op::GetObjectRetention(target) => return on(Action::GetObjectRetention, target),
        Op::PutObjectRetention(op) => return on(Action::PutObjectRetention, &op.target),
        Op::GetObjectLegalHold(target) => return on(Action::GetObjectLegalHold, target),
        Op::RestoreObject(target, _) => return on(Action::RestoreObject, target),
        Op::PutObjectLegalHold(target, _) => return on(Action::PutObjectLegalHold, target),
        Op::GetBucketStat(bucket) => (Action::GetBucketStat, bucket, None),
        Op::GetBucketRequestPayment(bucket) => (Action::GetBucketRequestPayment, bucket, None),
        Op::PutBucketRequestPayment(bucket, _) => (Action::PutBucketRequestPayment, bucket, None),
        Op::GetUnset(bucket, action) => (*action, bucket, None),
        Op::GetBucketCors(bucket) => (Action::GetBucketCors, bucket, None),
        Op::PutBucketCors(bucket, _) => (Action::PutBucketCors, bucket, None),
        Op::DeleteBucketCors(bucket) => (Action::DeleteBucketCors, bucket, None),
        Op::GetBucketEncryption(bucket) => (Action::GetBucketEncryption, bucket, None),
        Op::PutBucketEncryption(bucket, _) => (Action::PutBucketEncryption, bucket, None),
        Op::DeleteBucketEncryption(bucket) => (Action::DeleteBucketEncryption, bucket, None),
        Op::GetBucketLifecycle(bucket) => (Action::GetBucketLifecycle, bucket, None),
        Op::PutBucketLifecycle(bucket, _) => (Action::PutBucketLifecycle, bucket, None),
        Op::DeleteBucketLifecycle(bucket) => (Action::DeleteBucketLifecycle, bucket, None),
        Op::GetBucketReferer(bucket) => (Action::GetBucketReferer, bucket, None),
        Op::PutBucketReferer(bucket, _) => (Action::PutBucketReferer, bucket, None),
        Op::GetBucketLogging(bucket) => (Action::GetBucketLogging, bucket, None),
        Op::PutBucketLogging(bucket, _) => (Action::PutBucketLogging, bucket, None),
        Op::DeleteBucketLogging(bucket) => (Action::DeleteBucketLogging, bucket, None),
        Op::GetLogFields(bucket) => (Action::GetLogFields, bucket, None),
        Op::PutLogFields(bucket, _) => (Action::PutLogFields, bucket, None),
        Op::DeleteLogFields(bucket) => (Action::DeleteLogFields, bucket, None),
        Op::GetBucketTagging(bucket) => (Action::GetBucketTagging, bucket, None),
        Op::PutBucketTagging(bucket, _) => (Action::PutBucketTagging, bucket, None),
        Op::DeleteBucketTagging(bucket, _) => (Action::DeleteBucketTagging, bucket, None),
        Op::GetObjectAcl(target) => return on(Action::GetObjectAcl, target),
        Op::PutObjectAcl(target, _) => return on(Action::PutObjectAcl, target),
        Op::PutObject(op) => (Action::PutObject, &op.bucket, Some(&op.key)),
        Op::AppendObject(op) => (Action::PutObject, &op.bucket, Some(&op.key)),
        Op::PutSymlink(op) => (Action::PutObject, &op.bucket, Some(&op.key)),
        Op::CopyObject(op) => (Action::PutObject, &op.bucket, Some(&op.key)),
        Op::DeleteObject(op) => return on(Action::DeleteObject, &op.target),
        Op::DeleteObjects(op) => (Action::DeleteObject, &op.bucket, None),
        Op::CreateMultipartUpload(op) => (Action::PutObject, &op.bucket, Some(&op.key)),
        Op::UploadPart(op) => (Action::PutObject, &op.upload.bucket, Some(&op.upload.key)),
        Op::UploadPartCopy(op) => (Action::PutObject, &op.upload.bucket, Some(&op.upload.key)),
        Op::CompleteMultipartUpload(op) => (Action::PutObject, &op.upload.bucket, Some(&op.upload.key)),
        Op::AbortMultipartUpload(upload) => (Action::AbortMultipartUpload, &upload.bucket, Some(&upload.key)),
        Op::ListParts(op) => (Action::ListParts, &op.upload.bucket, Some(&op.upload.key)),
        Op::ListMultipartUploads(op) => (Action::ListMultipartUploads, &op.bucket, None),
    };
    (action, Some(bucket), key)
}

/// The right to do this with an object, or with a version that is named.
fn on(action: Action, target: &ObjectVersion) -> (Action, Option<&BucketName>, Option<&ObjectKey>) {
    let action = if target.version.is_some() { action.on_version() } else { action };
    (action, Some(&target.bucket), Some(&target.key))
}
