//! Objects: what is known about them beside their bytes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::clock::Timestamp;
use crate::digest::{Checksum, ChecksumType, ETag};
use crate::encryption::Encryption;
use crate::reply::Owner;
use crate::version::{ObjectLock, VersionId};

/// The representation headers kept with an object and sent with it again (OSS: the seven headers of mirroring, which
/// are also those of PutObject; `Access-Control-Allow-Origin` only ever comes from an origin).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentHeaders {
    /// `Content-Type`; none is sent as `application/octet-stream`.
    pub content_type: Option<Box<str>>,
    /// `Content-Encoding`.
    pub content_encoding: Option<Box<str>>,
    /// `Content-Disposition`.
    pub content_disposition: Option<Box<str>>,
    /// `Content-Language`.
    pub content_language: Option<Box<str>>,
    /// `Cache-Control`.
    pub cache_control: Option<Box<str>>,
    /// `Expires`, as text.
    pub expires: Option<Box<str>>,
    /// `Access-Control-Allow-Origin` as the origin sent it.
    pub access_control_allow_origin: Option<Box<str>>,
}

/// How the body came together (`x-oss-object-type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectKind {
    /// Written in one piece; its ETag is its MD5.
    Normal,
    /// Completed from parts.
    Multipart,
    /// Grown by OSS AppendObject; the only kind that can be appended to.
    Appendable,
    /// OSS PutSymlink: no body, but the name of another key ([`Composition::link`]).
    Symlink,
}

/// Who wrote the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provenance {
    /// A client of this server.
    Written,
    /// A fill; answers carry `x-oss-tag: MIRROR` until a normal write replaces it.
    Mirrored,
}

/// User metadata: names in lower case without the dialect's prefix, in the order given, values as sent.
pub type UserMeta = Vec<(Box<str>, Box<str>)>;

/// Tags: names and values in the order given, at most [`crate::limits::MAX_TAGS`], names unique.
pub type Tags = Vec<(Box<str>, Box<str>)>;

/// Whose an object is, where that is not its bucket's owner, and who else may read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectAccess {
    /// The account that owns it; `None`: its bucket's owner.
    pub owner: Option<Owner>,
    /// Its list; `None`: its bucket's at OSS, private at S3.
    pub acl: Option<Acl>,
}

/// The metadata that the writer chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHeaders {
    /// Representation headers.
    pub content: ContentHeaders,
    /// User metadata.
    pub user: UserMeta,
    /// Storage class as its writer named it, in the writer's words; none is the bucket's.
    #[serde(default)] // footers of blobs from before it was kept
    pub storage_class: Option<Box<str>>,
    /// S3 `x-amz-website-redirect-location`.
    #[serde(default)] // as above
    pub website_redirect: Option<Box<str>>,
    /// Owner and list; `None`: its bucket's owner's, with no list of its own.
    #[serde(default)] // as above
    pub access: Option<Box<ObjectAccess>>,
    /// What keeps it from being deleted; `None`: nothing. A copy does not inherit it.
    #[serde(default)] // as above
    pub lock: Option<Box<ObjectLock>>,
}

/// One of the parts that an object was completed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPart {
    /// Its number, 1 to [`crate::limits::MAX_PART_NUMBER`].
    pub number: u16,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Additional checksum, if its writer gave one.
    pub checksum: Option<Checksum>,
}

/// How the body came together, beyond its [`ObjectKind`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composition {
    /// Of what the additional checksum is one.
    pub checksum_type: ChecksumType,
    /// The parts of a multipart object in their order; `None` for others, and for those that an earlier release
    /// completed.
    pub parts: Option<Arc<[ObjectPart]>>,
    /// The key that a symlink names, as its writer sent it (decoded).
    pub link: Option<Box<str>>,
    /// How it is encrypted where it is stored. Apart from the headers: no header of a request reaches it.
    pub encryption: Option<Box<Encryption>>,
}

/// Everything a HEAD tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectMeta {
    /// Length of the body in bytes.
    pub size_bytes: u64,
    /// Entity tag.
    pub etag: ETag,
    /// When it was stored (a mirrored object: when its fill began, or the origin's date where the rule says so).
    pub last_modified: Timestamp,
    /// CRC-64/XZ of the whole body.
    pub crc64: u64,
    /// MD5 of the whole body; none for multipart objects.
    pub md5: Option<[u8; 16]>,
    /// An additional checksum that the writer gave.
    pub checksum: Option<Checksum>,
    /// How the body came together.
    pub kind: ObjectKind,
    /// Who wrote it.
    pub provenance: Provenance,
    /// What the writer chose.
    pub headers: ObjectHeaders,
    /// Tags.
    pub tags: Tags,
    /// How the body came together.
    pub composition: Composition,
    /// Which version of its key it is: chosen by the store when it is committed.
    pub version: VersionId,
}

/// Shared, immutable metadata.
pub type SharedMeta = Arc<ObjectMeta>;
