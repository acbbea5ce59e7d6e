//! The decision.
//!
//! ```text
//! root ────────────────────────────────────────────────────────────────────────────────────────► allowed
//! the bucket wants its requesters to pay, and this one does not say that it will ──────────────► denied
//! temporary credentials: their policy does not allow it ───────────────────────────────────────► denied
//! the policy of the key, or of the bucket, denies ─────────────────────────────────────────────► denied
//! a key with a policy:  that allows; or it is the account's own bucket, whose policy allows ───► allowed, else denied
//! the bucket's policy allows (unless it is public and the bucket or the server restricts that) ► allowed
//! the account's own bucket: all but reading somebody else's object ────────────────────────────► allowed
//! the list of the bucket or of the object grants it (unless lists count for nothing) ──────────► allowed
//! ─────────────────────────────────────────────────────────────────────────────────────────────► denied
//! ```
//!
//! The policy of a key is the operator's word: what it allows is allowed on every bucket, whoever owns it, and a key that
//! has one may do nothing else. An account without such a policy cannot lock itself out: the policy of its own bucket
//! stays within its reach.

use super::{ObjectState, Principal, Question, settles_payment};
use crate::acl::{Acl, Groups, Permission};
use crate::bucket::{Bucket, Dialect, ObjectOwnership};
use crate::object::ObjectAccess;
use crate::op::Action;
use crate::policy::{Effect, Policy};

/// Why a request is refused that does not say that it pays.
const UNPAID: &str = "the bucket wants its requesters to pay, and the request does not say that this one will";

/// What follows from all that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be done.
    Allowed,
    /// It depends on the object, which was not looked up yet: ask again with it.
    ByObject,
    /// It may not be done.
    Denied {
        /// For the log and for signed callers.
        reason: &'static str,
    },
}

/// Decides. `bucket` is `None` for what concerns no existing bucket. Allocates nothing unless a policy has variables.
pub fn decide(question: &Question<'_>, bucket: Option<&Bucket>) -> Decision {
    let identity = match question.principal {
        Principal::Key(identity) if identity.root && identity.session.is_none() => return Decision::Allowed,
        _ if question.action == Action::Administer => return denied("the admin API is for the root key"),
        Principal::Key(identity) => Some(identity),
        Principal::Anonymous => None,
    };
    if bucket.is_some_and(|bucket| !settles_payment(question.principal, question.context, bucket)) {
        return denied(UNPAID);
    }
    let of_key = identity.and_then(|identity| identity.policy.as_deref());
    let of_bucket = bucket.and_then(|bucket| bucket.access.policy.as_deref());
    let of_session = identity.and_then(|identity| identity.session.as_deref());
    if [of_session, of_key, of_bucket].into_iter().any(|policy| waits_for_tags(question, policy)) {
        return Decision::ByObject;
    }
    match of_session.map(|policy| policy.evaluate(question)) {
        None | Some(Effect::Allow) => {}
        Some(_) => return denied("the policy of the temporary credentials does not allow this"),
    }
    if identity.is_some_and(|identity| identity.root) {
        return Decision::Allowed;
    }
    let in_account = identity.is_some() && !question.action.is_on_server();
    let own = bucket.map_or(in_account, |bucket| question.owns(bucket));
    let keeps_its_policy = own && of_key.is_none() && question.action.is_on_policy();
    let by_bucket = match of_bucket.map_or(Effect::Silent, |policy| policy.evaluate(question)) {
        Effect::Deny if !keeps_its_policy => return denied("the policy of the bucket denies this"),
        Effect::Allow => own || !bucket.is_some_and(|bucket| restricts_its_policy(question, bucket)),
        _ => false,
    };
    match of_key.map(|policy| policy.evaluate(question)) {
        Some(Effect::Allow) => Decision::Allowed,
        Some(Effect::Deny) => denied("the policy of the key denies this"),
        Some(Effect::Silent) if own && by_bucket => Decision::Allowed,
        Some(Effect::Silent) => denied("the policy of the key does not allow this"),
        None if by_bucket => Decision::Allowed,
        None => match bucket {
            None if own => Decision::Allowed,
            None if identity.is_some() => {
                denied("this concerns every bucket: it is root's, and whose policy allows it")
            }
            None => denied("anonymous requests may not do this"),
            Some(bucket) if own => of_owner(question, bucket),
            Some(bucket) => of_stranger(question, bucket),
        },
    }
}

fn denied(reason: &'static str) -> Decision {
    Decision::Denied { reason }
}

/// A policy that asks for the tags of an object cannot answer before the object is known.
fn waits_for_tags(question: &Question<'_>, policy: Option<&Policy>) -> bool {
    matches!(question.object, ObjectState::Unknown)
        && question.action.depends_on_object()
        && policy.is_some_and(Policy::asks_for_tags)
}

/// S3's `RestrictPublicBuckets`: a public policy counts for the bucket's owner only.
fn restricts_its_policy(question: &Question<'_>, bucket: &Bucket) -> bool {
    question.block(bucket).restrict_public_buckets && bucket.access.policy.as_deref().is_some_and(Policy::is_public)
}

/// Everything in the own bucket, but for objects that somebody else owns: those are read as their lists say.
fn of_owner(question: &Question<'_>, bucket: &Bucket) -> Decision {
    match object_permission(question.action) {
        Some(permission) if !bucket.owns_its_objects() => by_object(question, bucket, permission),
        _ => Decision::Allowed,
    }
}

fn of_stranger(question: &Question<'_>, bucket: &Bucket) -> Decision {
    let stranger = || match question.principal {
        Principal::Anonymous => denied("anonymous requests may not do this"),
        Principal::Key(_) => denied("the key has no rights here"),
    };
    if bucket.access.ownership == Some(ObjectOwnership::BucketOwnerEnforced) {
        return stranger();
    }
    if let Some(permission) = object_permission(question.action) {
        return match by_object(question, bucket, permission) {
            Decision::Denied { .. } => stranger(),
            decision => decision,
        };
    }
    match bucket_permission(question.action) {
        Some(permission) if list_grants(&bucket.acl, question, bucket, permission) => Decision::Allowed,
        _ => stranger(),
    }
}

/// What the list of an object can grant.
fn object_permission(action: Action) -> Option<Permission> {
    match action {
        Action::GetObject
        | Action::GetObjectAttributes
        | Action::GetObjectVersion
        | Action::GetObjectVersionAttributes => Some(Permission::Read),
        Action::GetObjectAcl | Action::GetObjectVersionAcl => Some(Permission::ReadAcp),
        Action::PutObjectAcl | Action::PutObjectVersionAcl => Some(Permission::WriteAcp),
        _ => None,
    }
}

/// What the list of a bucket can grant (S3 "Mapping of ACL permissions and access policy permissions", OSS "Bucket ACL").
fn bucket_permission(action: Action) -> Option<Permission> {
    match action {
        Action::ListObjects | Action::ListObjectVersions => Some(Permission::Read),
        Action::PutObject
        | Action::PutObjectTagging
        | Action::DeleteObject
        | Action::ListMultipartUploads
        | Action::ListParts
        | Action::AbortMultipartUpload => Some(Permission::Write),
        Action::GetBucketAcl => Some(Permission::ReadAcp),
        Action::PutBucketAcl => Some(Permission::WriteAcp),
        _ => None,
    }
}

fn by_object(question: &Question<'_>, bucket: &Bucket, wanted: Permission) -> Decision {
    let access = match question.object {
        ObjectState::Unknown => return Decision::ByObject,
        ObjectState::Absent => None,
        ObjectState::Present { access, .. } => access,
    };
    if object_grants(question, bucket, access, wanted) {
        return Decision::Allowed;
    }
    denied("the object belongs to another account, and its list does not grant this")
}

/// Whether an object's owner or list permits it. An object without a list has its bucket's at OSS, none at S3.
fn object_grants(question: &Question<'_>, bucket: &Bucket, access: Option<&ObjectAccess>, wanted: Permission) -> bool {
    let owner = access.and_then(|access| access.owner.as_ref());
    let owns = match (owner, question.principal.owner()) {
        (Some(owner), Some(asking)) => owner.id == asking.id,
        (None, _) => question.owns(bucket),
        (Some(_), None) => false,
    };
    let list = access.and_then(|access| access.acl.as_ref());
    owns || match list {
        Some(list) => list_grants(list, question, bucket, wanted),
        None => {
            bucket.dialect == Dialect::Oss
                && wanted == Permission::Read
                && list_grants(&bucket.acl, question, bucket, Permission::Read)
        }
    }
}

fn list_grants(list: &Acl, question: &Question<'_>, bucket: &Bucket, wanted: Permission) -> bool {
    let groups = if question.block(bucket).ignore_public_acls { Groups::Ignored } else { Groups::Count };
    list.grants(question.principal, wanted, question.owns(bucket), groups)
}
