//! Who asks, and what they may do.
//!
//! One function decides everything: [`decide`]. It is asked before anything in a bucket is looked up, and, where the
//! answer depends on the object, again with the object in hand.

mod decide;
mod payment;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::bucket::{Bucket, PublicAccessBlock};
use crate::clock::Timestamp;
use crate::object::{ObjectAccess, ObjectMeta, Tags};
use crate::op::Action;
use crate::policy::Policy;
use crate::reply::Owner;

pub use decide::{Decision, decide};
pub use payment::settles_payment;

/// Who sent a request, as its verified signature tells. Only the verifier makes one.
#[derive(Clone, Debug, PartialEq)]
pub enum Principal {
    /// No credentials at all.
    Anonymous,
    /// The holder of an access key.
    Key(Arc<Identity>),
}

/// Whose access key it is, and what limits it.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The public identifier of the key.
    pub access_key_id: Arc<str>,
    /// The account that owns what this key creates.
    pub owner: Owner,
    /// Whether it is the key that owns the server.
    pub root: bool,
    /// What the key may do at all; `None`: everything that its account may.
    pub policy: Option<Arc<Policy>>,
    /// What temporary credentials may do at most, of what their key may.
    pub session: Option<Arc<Policy>>,
}

impl Identity {
    /// Whether this name means the account or the key: canonical id, display name, access key id.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        [&self.owner.id, &self.owner.display_name, &self.access_key_id].into_iter().any(|known| **known == *name)
    }
}

impl Principal {
    /// The account that owns what this principal creates; `None` for nobody.
    pub fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Anonymous => None,
            Self::Key(identity) => Some(&identity.owner),
        }
    }

    /// Whether it is the account that owns `bucket`.
    pub(crate) fn owns(&self, bucket: &Bucket) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Key(identity) => match &bucket.access.owner {
                Some(owner) => owner.id == identity.owner.id,
                None => identity.root,
            },
        }
    }
}

/// Header fields and parameters of a request, for conditions.
pub trait RequestFields: Send + Sync {
    /// The value of a header by its name in lower case.
    fn header(&self, name: &str) -> Option<&str>;

    /// The value of a header of the request's own vendor by its name without the prefix (`acl`, `copy-source`),
    /// wherever the request carries it, as it will be understood: a copy's source is decoded and begins with the bucket.
    fn vendor(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The value of a query parameter.
    fn parameter(&self, name: &str) -> Option<&str>;
}

/// A request without fields: the server's own.
pub struct NoFields;

impl RequestFields for NoFields {
    fn header(&self, _: &str) -> Option<&str> {
        None
    }

    fn vendor(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn parameter(&self, _: &str) -> Option<&str> {
        None
    }
}

/// How a request came.
#[derive(Clone, Copy)]
pub struct Context<'r> {
    /// The client's address; `None` for the server's own requests.
    pub source: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The time.
    pub now: Timestamp,
    /// Its fields.
    pub fields: &'r dyn RequestFields,
}

impl Context<'static> {
    /// A request of the server's own.
    pub fn internal(now: Timestamp) -> Self {
        Self { source: None, secure: true, now, fields: &NoFields }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("source", &self.source).field("secure", &self.secure).finish_non_exhaustive()
    }
}

/// What is known of the object that a question is about.
#[derive(Clone, Copy, Debug)]
pub enum ObjectState<'q> {
    /// It was not looked up yet.
    Unknown,
    /// There is none.
    Absent,
    /// There is one.
    Present {
        /// Its tags.
        tags: &'q Tags,
        /// Its owner and list, where they are not its bucket's.
        access: Option<&'q ObjectAccess>,
    },
}

impl<'q> From<Option<&'q ObjectMeta>> for ObjectState<'q> {
    fn from(meta: Option<&'q ObjectMeta>) -> Self {
        meta.map_or(Self::Absent, |meta| Self::Present { tags: &meta.tags, access: meta.headers.access.as_deref() })
    }
}

/// Whether `principal` may do `action`.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Who asks.
    pub principal: &'q Principal,
    /// For what.
    pub action: Action,
    /// Name of the bucket; empty for the service.
    pub bucket: &'q str,
    /// Key of the object, if it is about one.
    pub key: Option<&'q str>,
    /// What is known of that object.
    pub object: ObjectState<'q>,
    /// How the request came.
    pub context: &'q Context<'q>,
    /// What of the public's rights is blocked on every bucket, besides what the bucket itself blocks.
    pub account_block: PublicAccessBlock,
}

impl Question<'_> {
    /// Whether the principal is the account that owns `bucket`.
    fn owns(&self, bucket: &Bucket) -> bool {
        self.principal.owns(bucket)
    }

    /// What of the public's rights is blocked on `bucket`.
    fn block(&self, bucket: &Bucket) -> PublicAccessBlock {
        bucket.access.public_access.and(self.account_block)
    }
}
