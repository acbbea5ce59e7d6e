//! Whether a caller may do what it asks: [`headwater_model::access::decide`], asked with what the engine knows.
//!
//! Guarantees: asked before anything in a bucket is looked at. Where the answer depends on the object, it is asked again
//! with the object in hand, before a byte or a header of it is answered. On the S3 face a caller that may not list a
//! bucket is told `AccessDenied` where another is told that there is no such key.

use headwater_model::access::{Decision, ObjectState, Principal, Question, decide, settles_payment};
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::error::VersionError;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{Action, Caller, ObjectVersion};
use headwater_model::version::VersionId;
use headwater_model::{BucketName, Error, ObjectKey, Result};

use crate::engine::Engine;

impl Engine {
    /// Decides whether the caller may do `action` on `bucket` and `key`, before anything in the bucket is looked at. The
    /// server asks before it reads a body; [`Engine::perform`] asks again for itself.
    ///
    /// Names of buckets are no secret at either vendor: a bucket that does not exist is said not to exist.
    ///
    /// # Errors
    /// `AccessDenied`, `NoSuchBucket`.
    pub fn authorise(
        &self,
        caller: &Caller<'_>,
        action: Action,
        bucket: Option<&BucketName>,
        key: Option<&ObjectKey>,
    ) -> Result<()> {
        let action = if self.makes_bucket(caller, action, bucket) { Action::CreateBucket } else { action };
        let known = match bucket {
            Some(name) if action != Action::CreateBucket => Some(self.known(name)?),
            _ => None,
        };
        if action == Action::ListBuckets && caller.dialect == Dialect::S3 && caller.principal == Principal::Anonymous {
            // Nobody has no buckets, which is no secret.
            return Ok(());
        }
        let question = Question {
            principal: &caller.principal,
            action,
            bucket: bucket.map(BucketName::as_str).unwrap_or_default(),
            key: key.map(ObjectKey::as_str),
            object: ObjectState::Unknown,
            context: &caller.context,
            account_block: self.buckets.block(),
        };
        match decide(&question, known.as_ref().map(|known| &*known.bucket)) {
            Decision::Allowed | Decision::ByObject => Ok(()),
            Decision::Denied { reason } => Err(Error::AccessDenied { reason }),
        }
    }

    /// Whether the caller may give tags to a new object. Nothing of what a policy asks of tags holds for it yet.
    ///
    /// # Errors
    /// [`Error::AccessDenied`].
    pub(crate) fn authorise_tags(
        &self,
        caller: &Caller<'_>,
        bucket: Option<&BucketName>,
        key: Option<&ObjectKey>,
    ) -> Result<()> {
        let (Some(bucket), Some(key)) = (bucket, key) else {
            return self.authorise(caller, Action::PutObjectTagging, bucket, key);
        };
        let known = self.known(bucket)?;
        self.right(caller, Action::PutObjectTagging, &known.bucket, key).check(None)
    }

    /// Whether the list that a request gives to a bucket makes the bucket (OSS PutBucketAcl: "if the bucket does not exist,
    /// a bucket with this list is created").
    pub(crate) fn makes_bucket(&self, caller: &Caller<'_>, action: Action, bucket: Option<&BucketName>) -> bool {
        action == Action::PutBucketAcl
            && caller.dialect == Dialect::Oss
            && bucket.is_some_and(|name| self.buckets.find(name.as_str()).is_none())
    }

    /// Whether the principal may know why something failed in a bucket: root, and the account that owns it (decisions, row
    /// 24). To others a reason could tell what exists.
    pub fn may_know_reasons(&self, principal: &Principal, bucket: Option<&BucketName>) -> bool {
        match principal {
            Principal::Anonymous => false,
            Principal::Key(identity) if identity.root => true,
            Principal::Key(identity) => match bucket.map(|name| self.buckets.find(name.as_str())) {
                None => true,
                Some(Some(known)) => self.owner_of(&known.bucket).id == identity.owner.id,
                Some(None) => false,
            },
        }
    }

    /// As [`Engine::authorise`], with the object in hand where the answer depends on it: for a request whose body is to be
    /// read and judged before its operation is performed.
    ///
    /// # Errors
    /// Those of [`Engine::authorise`]; `NoSuchKey` for who may know; those of the store.
    pub async fn admit(&self, caller: &Caller<'_>, action: Action, place: Place<'_>) -> Result<()> {
        let Place { bucket, key, version } = place;
        self.authorise(caller, action, bucket, key)?;
        match (bucket, key) {
            (Some(bucket), Some(key)) if action.depends_on_object() => {
                let target = ObjectVersion { bucket: bucket.clone(), key: key.clone(), version };
                self.open_for(caller, action, &target).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// What to tell of a request that cannot be read: what is wrong with it, unless its caller may not make it at all.
    pub async fn unreadable(&self, caller: &Caller<'_>, action: Action, place: Place<'_>, error: Error) -> Error {
        match self.admit(caller, action, place).await {
            Err(denied @ Error::AccessDenied { .. }) => denied,
            _ => error,
        }
    }
}

/// Where the requester is to pay, that the request says so; root need not.
///
/// # Errors
/// `AccessDenied`.
pub(crate) fn require_payment(caller: &Caller<'_>, bucket: &Bucket) -> Result<()> {
    let is_root = matches!(&caller.principal, Principal::Key(identity) if identity.root && identity.session.is_none());
    if is_root || settles_payment(&caller.principal, &caller.context, bucket) {
        return Ok(());
    }
    Err(Error::AccessDenied { reason: "the request does not say that its requester pays" })
}

/// What a request is about, as far as it names anything.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The bucket.
    pub bucket: Option<&'a BucketName>,
    /// The key.
    pub key: Option<&'a ObjectKey>,
    /// The version, by its id.
    pub version: Option<VersionId>,
}

/// The right of a caller to do one thing with one object.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    question: Question<'a>,
    dialect: Dialect,
    bucket: &'a Bucket,
    decision: Decision,
}

impl Engine {
    /// The right of the caller to do `action` with the object.
    pub(crate) fn right<'a>(
        &self,
        caller: &'a Caller<'_>,
        action: Action,
        bucket: &'a Bucket,
        key: &'a ObjectKey,
    ) -> Right<'a> {
        let question = Question {
            principal: &caller.principal,
            action,
            bucket: bucket.name.as_str(),
            key: Some(key.as_str()),
            object: ObjectState::Unknown,
            context: &caller.context,
            account_block: self.buckets.block(),
        };
        Right { question, dialect: caller.dialect, bucket, decision: decide(&question, Some(bucket)) }
    }
}

impl Right<'_> {
    /// Whether it holds for the object as it is, or for the one that may come if there is none.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub(crate) fn check(&self, object: Option<&ObjectMeta>) -> Result<()> {
        let decision = match self.decision {
            Decision::ByObject => decide(&Question { object: object.into(), ..self.question }, Some(self.bucket)),
            decided => decided,
        };
        match decision {
            Decision::Allowed => Ok(()),
            Decision::ByObject => Err(Error::AccessDenied { reason: "the rights on the object cannot be told" }),
            Decision::Denied { reason } => Err(Error::AccessDenied { reason }),
        }
    }

    /// Whether the object that may come, where there is none, is one that the caller may read: only then is an origin
    /// asked for it.
    ///
    /// # Errors
    /// As for a stranger: that there is no such key, or `AccessDenied`.
    pub(crate) fn check_absent(&self) -> Result<()> {
        let Err(denied) = self.check(None) else { return Ok(()) };
        let key = self.question.key.unwrap_or_default().into();
        match self.missing(Error::NoSuchKey { key, origin_status: None }) {
            missing if self.dialect == Dialect::S3 => Err(missing),
            _ => Err(denied),
        }
    }

    /// The error for an object that is not there: at S3 only who may list is told so.
    pub(crate) fn missing(&self, error: Error) -> Error {
        let is_missing = matches!(error, Error::NoSuchKey { .. } | Error::Version(VersionError::Deleted { .. }));
        if self.dialect == Dialect::Oss || !is_missing {
            return error;
        }
        let lists = Question { action: Action::ListObjects, ..self.question };
        match decide(&lists, Some(self.bucket)) {
            Decision::Denied { .. } => {
                Error::AccessDenied { reason: "there is no such key, which only who may list the bucket is told" }
            }
            _ => error,
        }
    }
}
