//! Who may do what: the root key may do everything, everybody else what a bucket's canned list allows.

use std::fmt;
use std::sync::Arc;

use headwater_model::access::{Access, AccessKey, Principal};
use headwater_model::bucket::{Bucket, CannedAcl};
use headwater_model::op::Action;
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};

/// The key pair that owns the server.
#[derive(Clone)]
pub struct RootKey {
    /// Access key id.
    pub id: Arc<str>,
    /// Secret; never printed.
    pub secret: Arc<str>,
    /// The account that owns all buckets.
    pub owner: Owner,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// [`Access`] with the root key as the only one.
#[derive(Debug)]
pub struct RootAccess {
    root: RootKey,
}

impl RootAccess {
    /// Access through this key only.
    pub fn new(root: RootKey) -> Self {
        Self { root }
    }
}

impl Access for RootAccess {
    fn find(&self, access_key_id: &str) -> Option<(AccessKey, Arc<str>)> {
        (access_key_id == &*self.root.id).then(|| {
            let key = AccessKey {
                id: self.root.id.clone(),
                canonical_id: self.root.owner.id.clone(),
                display_name: self.root.owner.display_name.clone(),
            };
            (key, self.root.secret.clone())
        })
    }

    fn authorise(&self, principal: &Principal, action: Action, bucket: Option<&Bucket>) -> Result<()> {
        match principal {
            Principal::Key(key) if key.id == self.root.id => Ok(()),
            Principal::Key(_) => Err(Error::AccessDenied { reason: "the key has no rights here" }),
            Principal::Anonymous => match bucket {
                Some(bucket) if allows_everybody(bucket.acl, action) => Ok(()),
                _ => Err(Error::AccessDenied { reason: "anonymous requests may not do this" }),
            },
        }
    }
}

/// What a canned list grants to everybody (OSS "Bucket ACL", S3 "Canned ACL": READ lists and reads, WRITE creates,
/// replaces and deletes).
fn allows_everybody(acl: CannedAcl, action: Action) -> bool {
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
