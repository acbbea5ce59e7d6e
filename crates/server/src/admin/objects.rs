//! Objects: browsed, looked at, deleted, and reached for a while by a signed URL. Their bytes are the data plane's.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse as _;
use headwater_admin::{Link, iso_8601};
use headwater_model::encryption::{Encryption, KeyHolder};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::{ListQuery, ListedObject};
use headwater_model::object::{ObjectKind, ObjectMeta, Provenance};
use headwater_model::op::ObjectVersion;
use headwater_model::version::VersionId;
use headwater_model::{BucketName, Error, ObjectKey};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::{Answer, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, Failure, json};
use super::extract::{Asked, At, By, Document};

/// How long a signed URL is valid if its request does not say.
const LINK_LIFE_S: u64 = 3600;

/// Which page of a bucket.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BrowseQuery {
    /// Only keys that begin so.
    #[serde(default)]
    prefix: String,
    /// Keys that contain it after the prefix are one entry of `prefixes` each.
    #[serde(default)]
    delimiter: String,
    /// Only entries greater than this: `next` of the page before.
    #[serde(default)]
    after: String,
    /// Most entries: 1,000 by default and at most.
    limit: Option<usize>,
}

/// A page of objects in byte order of keys.
#[derive(Serialize, ToSchema)]
pub(super) struct ObjectPage {
    objects: Vec<ObjectRow>,
    /// Common prefixes, each ending with the delimiter.
    prefixes: Vec<String>,
    /// Keys of this page whose rows cannot be read; the APIs refuse such a page, `headwater doctor` mends it.
    damaged: Vec<String>,
    /// What to give as `after` for the next page; null on the last.
    next: Option<String>,
}

/// An object in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct ObjectRow {
    key: String,
    size_bytes: u64,
    /// When it was stored, ISO 8601.
    last_modified: String,
    /// Entity tag without quotes.
    etag: String,
    /// `normal`, `multipart`, `appendable` or `symlink`.
    kind: &'static str,
    /// As its writer named it; null is the standard one.
    storage_class: Option<String>,
}

/// An object without its bytes.
#[derive(Serialize, ToSchema)]
pub(super) struct ObjectDocument {
    key: String,
    size_bytes: u64,
    /// When it was stored, ISO 8601.
    last_modified: String,
    /// Entity tag without quotes.
    etag: String,
    /// CRC-64/XZ in decimal, as OSS tells it.
    crc64: String,
    /// `normal`, `multipart`, `appendable` or `symlink`.
    kind: &'static str,
    /// `written` by a client, or `mirrored` from an origin.
    provenance: &'static str,
    /// As its writer named it; null is the standard one.
    storage_class: Option<String>,
    /// `null` for the version of a bucket that keeps none.
    version_id: String,
    /// `AES256` with a key of the server, `customer` with one of a client; null if it is stored as it came.
    encryption: Option<&'static str>,
    /// The representation headers that are sent with it, by name in lower case.
    headers: BTreeMap<&'static str, String>,
    /// User metadata, by name without the dialect's prefix.
    user_metadata: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

/// Which version of an object.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionQuery {
    /// A version's id, or `null`; the current object without it.
    version_id: Option<String>,
}

/// What a signed URL is to allow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    key: String,
    /// `GET` (by default) or `PUT`.
    method: Option<String>,
    /// How long it is valid, 1 to 604,800 seconds; an hour by default.
    expires_s: Option<u64>,
    /// Where clients reach the data plane: `http://HOST:PORT`.
    endpoint: String,
}

/// A signed URL: whoever has it may do what it allows.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedLink {
    url: String,
}

fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Normal => "normal",
        ObjectKind::Multipart => "multipart",
        ObjectKind::Appendable => "appendable",
        ObjectKind::Symlink => "symlink",
    }
}

fn key_holder(encryption: &Encryption) -> &'static str {
    match encryption.holder {
        KeyHolder::Server => "AES256",
        KeyHolder::Customer { .. } => "customer",
    }
}

impl From<ListedObject> for ObjectRow {
    fn from(object: ListedObject) -> Self {
        Self {
            key: object.key.as_str().to_owned(),
            size_bytes: object.size_bytes,
            last_modified: iso_8601(object.last_modified),
            etag: object.etag.as_str().to_owned(),
            kind: kind(object.kind),
            storage_class: object.storage_class.map(Into::into),
        }
    }
}

impl ObjectDocument {
    fn new(key: &ObjectKey, meta: &ObjectMeta) -> Self {
        let content = &meta.headers.content;
        let headers = [
            ("content-type", &content.content_type),
            ("content-encoding", &content.content_encoding),
            ("content-disposition", &content.content_disposition),
            ("content-language", &content.content_language),
            ("cache-control", &content.cache_control),
            ("expires", &content.expires),
            ("access-control-allow-origin", &content.access_control_allow_origin),
        ];
        let pairs = |pairs: &[(Box<str>, Box<str>)]| {
            pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        Self {
            key: key.as_str().to_owned(),
            size_bytes: meta.size_bytes,
            last_modified: iso_8601(meta.last_modified),
            etag: meta.etag.as_str().to_owned(),
            crc64: meta.crc64.to_string(),
            kind: kind(meta.kind),
            provenance: match meta.provenance {
                Provenance::Written => "written",
                Provenance::Mirrored => "mirrored",
            },
            storage_class: meta.headers.storage_class.as_ref().map(ToString::to_string),
            version_id: meta.version.to_string(),
            encryption: meta.composition.encryption.as_deref().map(key_holder),
            headers: headers.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?.to_string()))).collect(),
            user_metadata: pairs(&meta.headers.user),
            tags: pairs(&meta.tags),
        }
    }
}

/// One page of a bucket's objects. No origin is asked.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/objects", tag = "objects",
    params(("bucket" = String, Path), BrowseQuery),
    responses((status = 200, body = ObjectPage), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn browse(State(api): Shared, At(bucket): At<String>, Asked(query): Asked<BrowseQuery>) -> Answer {
    let name = BucketName::parse(&bucket)?;
    let query = ListQuery {
        prefix: query.prefix.into(),
        delimiter: query.delimiter.into(),
        after: query.after.into(),
        limit: query.limit.unwrap_or(MAX_LIST_KEYS).clamp(1, MAX_LIST_KEYS),
    };
    let page = api.engine.browse(&name, &query).await?;
    let shown = ObjectPage {
        objects: page.objects.into_iter().map(ObjectRow::from).collect(),
        prefixes: page.common_prefixes.into_iter().map(Into::into).collect(),
        damaged: page.damaged.into_iter().map(|key| key.as_str().to_owned()).collect(),
        next: page.next.map(Into::into),
    };
    Ok(json(StatusCode::OK, &shown))
}

/// An object without its bytes. No origin is asked.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/objects/{key}", tag = "objects",
    params(("bucket" = String, Path), ("key" = String, Path, description = "percent-encoded as a whole"), VersionQuery),
    responses((status = 200, body = ObjectDocument), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(
    State(api): Shared,
    At((bucket, key)): At<(String, String)>,
    By(requester): By,
    Asked(query): Asked<VersionQuery>,
) -> Answer {
    let target = target(&bucket, &key, query)?;
    let key = target.key.clone();
    let meta = api.administration.object_meta(&requester.who, target).await?;
    Ok(json(StatusCode::OK, &ObjectDocument::new(&key, &meta)))
}

/// Deletes an object; where versions are kept and none is named, a delete marker is made. Succeeds if there is none.
#[utoipa::path(
    delete, path = "/api/v1/buckets/{bucket}/objects/{key}", tag = "objects",
    params(("bucket" = String, Path), ("key" = String, Path, description = "percent-encoded as a whole"), VersionQuery),
    responses((status = 204, description = "deleted"), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(
    State(api): Shared,
    At((bucket, key)): At<(String, String)>,
    By(requester): By,
    Asked(query): Asked<VersionQuery>,
) -> Answer {
    let target = target(&bucket, &key, query)?;
    api.administration.delete_object(requester, target).await.map_err(unacknowledged)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a URL that lets whoever has it read or write one object for a while.
#[utoipa::path(
    post, path = "/api/v1/buckets/{bucket}/presign", tag = "objects", params(("bucket" = String, Path)),
    request_body = NewLink,
    responses((status = 200, body = SignedLink), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn presign(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    let NewLink { key, method, expires_s, endpoint } = document::read(&body)?;
    let name = method.as_deref().unwrap_or("GET");
    let method = Method::from_bytes(name.as_bytes())
        .map_err(|_| Failure::from(Error::invalid_argument("method", name, "give GET or PUT")))?;
    let place = (BucketName::parse(&bucket)?, ObjectKey::parse(&key)?);
    let link = Link { method, life: Duration::from_secs(expires_s.unwrap_or(LINK_LIFE_S)), endpoint };
    let url = api.administration.presign(requester, place, link).await.map_err(unacknowledged)?;
    Ok(json(StatusCode::OK, &SignedLink { url: url.to_string() }))
}

fn target(bucket: &str, key: &str, query: VersionQuery) -> Result<ObjectVersion, Failure> {
    let version = match query.version_id {
        None => None,
        Some(id) => Some(VersionId::parse(&id).ok_or_else(|| {
            Failure::from(Error::invalid_argument("version_id", &id, "give the id of a version, or null"))
        })?),
    };
    Ok(ObjectVersion { bucket: BucketName::parse(bucket)?, key: ObjectKey::parse(key)?, version })
}
