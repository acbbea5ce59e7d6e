//! Who asks, and what they may do.

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::error::Result;
use crate::op::Action;

/// Who sent a request, as its verified signature tells. Only the verifier makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// No credentials at all.
    Anonymous,
    /// The holder of this access key.
    Key(AccessKey),
}

/// An access key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The public identifier.
    pub id: Arc<str>,
    /// The account that owns what this key creates (`Owner/ID` in answers).
    pub canonical_id: Arc<str>,
    /// `Owner/DisplayName`.
    pub display_name: Arc<str>,
}

/// Credentials and rights.
pub trait Access: Send + Sync {
    /// The key and its secret. `None`: unknown; the caller must then spend the same work on a dummy secret.
    fn find(&self, access_key_id: &str) -> Option<(AccessKey, Arc<str>)>;

    /// Decides before anything in the bucket is looked up. `bucket` is `None` for what concerns no existing bucket.
    ///
    /// # Errors
    /// [`crate::Error::AccessDenied`].
    fn authorise(&self, principal: &Principal, action: Action, bucket: Option<&Bucket>) -> Result<()>;
}
