//! The decision.
//!
//! ```text
//! root ───────────────────────────────────────────────────────────────► allowed
//! a Deny of the key's policy or the bucket's ──────────────────────────► denied
//! a key with a policy:   the policy allows, or it is the account's own bucket and the bucket's policy allows ► allowed
//! a key without:         the account's own bucket, or nothing that exists ► allowed
//! anybody else:          the bucket's policy allows, or a list grants it ► allowed
//! ─────────────────────────────────────────────────────────────────────► denied
//! ```
//!
//! The policy of a key is the operator's word: what it allows is allowed on every bucket, whoever owns it, and a key that
//! has one may do nothing else.

use super::{ObjectState, Principal, Question};
use crate::bucket::{Bucket, CannedAcl};
use crate::op::Action;
use crate::policy::{Effect, Policy};

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
        Principal::Key(identity) if identity.root => return Decision::Allowed,
        _ if question.action == Action::Administer => return denied("the admin API is for the root key"),
        Principal::Key(identity) => Some(identity),
        Principal::Anonymous => None,
    };
    let policy_of_key = identity.and_then(|identity| identity.policy.as_deref());
    if waits_for_tags(question, policy_of_key) {
        return Decision::ByObject;
    }
    let own = bucket.map_or(identity.is_some(), |bucket| question.owns(bucket));
    let by_key = policy_of_key.map(|policy| policy.evaluate(question));
    match by_key {
        Some(Effect::Deny) => denied("the policy of the key denies this"),
        Some(Effect::Allow) => Decision::Allowed,
        Some(Effect::Silent) => denied("the policy of the key does not allow this"),
        None if own => Decision::Allowed,
        None => match bucket {
            Some(bucket) if list_allows(bucket.acl, question.action) => Decision::Allowed,
            _ if identity.is_none() => denied("anonymous requests may not do this"),
            _ => denied("the key has no rights here"),
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

/// What a canned list grants to everybody (OSS "Bucket ACL", S3 "Canned ACL": READ lists and reads, WRITE creates,
/// replaces and deletes).
fn list_allows(acl: CannedAcl, action: Action) -> bool {
    let reads = matches!(action, Action::GetObject | Action::ListObjects);
    let writes = matches!(
        action,
        Action::PutObject
            | Action::DeleteObject
            | Action::ListMultipartUploads
            | Action::ListParts
            | Action::AbortMultipartUpload
    );
    match acl {
        CannedAcl::Private => false,
        CannedAcl::PublicRead => reads,
        CannedAcl::PublicReadWrite => reads || writes,
    }
}
