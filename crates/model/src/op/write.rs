//! What writes of objects give to the object beside its bytes, and what their clients announce of those.

use super::{AnnouncedDigests, Op};
use crate::version::ObjectLock;

impl Op {
    /// The digests announced for the streaming body, for operations that have one.
    pub fn announced_digests(&self) -> Option<&AnnouncedDigests> {
        match self {
            Self::PutObject(put) => Some(&put.digests),
            Self::UploadPart(part) => Some(&part.digests),
            Self::AppendObject(append) => Some(&append.digests),
            _ => None,
        }
    }

    /// The tags that the request gives to the object it writes, for which [`Action::PutObjectTagging`](super::Action::PutObjectTagging) is needed too.
    pub fn tags(&self) -> &[(Box<str>, Box<str>)] {
        match self {
            Self::PutObject(put) => &put.tags,
            Self::AppendObject(append) => &append.tags,
            Self::PutSymlink(put) => &put.tags,
            Self::CopyObject(copy) => copy.tags.as_deref().unwrap_or_default(),
            Self::CreateMultipartUpload(create) => &create.tags,
            _ => &[],
        }
    }

    /// What the request wants the object that it writes to be kept by.
    pub fn lock(&self) -> Option<&ObjectLock> {
        match self {
            Self::PutObject(put) => put.headers.lock.as_deref(),
            Self::AppendObject(append) => append.headers.lock.as_deref(),
            Self::PutSymlink(put) => put.headers.lock.as_deref(),
            Self::CopyObject(copy) => copy.lock.as_deref(),
            Self::CreateMultipartUpload(create) => create.headers.lock.as_deref(),
            _ => None,
        }
    }
}
