//! A bucket of this very server as an origin: what is stored there is read from the store, without the network.
//!
//! Guarantees: only where the rule says `MirrorUsingRole`, and only for URLs that name this server ([`LocalNames`]); only
//! what is stored is read, never fetched, so that buckets can name each other without ever making a circle; only buckets
//! of the account that owns the mirroring one, and whoever asks for another learns nothing, not even whether it exists.
//! An answer looks like that of an OSS origin to an OSS request, so all that is made of answers is made of these too.
//!
//! How: a candidate whose URL is one of ours carries a [`LocalSource`], which answers its requests. Permits, budgets and
//! breakers of origins do not apply, and neither do their settings: there is no network to be careful with.
//!
//! Not here: roles. `MirrorRole` is kept and echoed; all buckets belong to one account.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_egress::OwnListeners;
use headwater_model::body::{Body, ByteStream};
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::object::{ObjectMeta, Tags};
use headwater_model::origin::{Framing, OriginId, OriginMethod, OriginRequest, OriginResponse, Trailers};
use headwater_model::precondition::{Preconditions, TagCondition, Verdict};
use headwater_model::range::ByteRange;
use headwater_model::{Error, ObjectKey};
use headwater_store::{BucketRef, Store, StoredObject};
use headwater_wire::{Addressing, NamedObject, http_date};
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, IF_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::failure::Failure;
use super::kept::{self, OSS_META};
use crate::control::Snapshot;
use crate::get::content;
use crate::seal::Seal;

/// Reason code of a source that may not be read, or is not there: nobody is told which.
pub(crate) const SOURCE_BUCKET_DENIED: &str = "source_bucket_denied";

/// Reason code of a source that only its writer's key opens (SSE-C).
const SOURCE_KEY_UNKNOWN: &str = "source_encrypted";

/// The names under which URLs mean this very server: its domains, and the addresses on which it serves objects.
#[derive(Clone, Debug)]
pub struct LocalNames {
    addressing: Addressing,
    listeners: OwnListeners,
}

impl LocalNames {
    /// `listeners` are those that serve objects, not that of the admin API.
    pub fn new(addressing: Addressing, listeners: OwnListeners) -> Self {
        Self { addressing, listeners }
    }

    /// What a URL names if it means this server: `BUCKET.DOMAIN`, or path style at a domain or a listener. Listeners are
    /// meant by `localhost` and by addresses; other names are not resolved.
    fn named_by(&self, url: &str, origin: &OriginId) -> Option<NamedObject> {
        let (_, authority) = origin.as_str().split_once("://")?;
        let path = path_of(url);
        if let Some(named) = self.addressing.named_by(authority, path) {
            return Some(named);
        }
        let (host, port) = authority.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let is_own = |ip: IpAddr| self.listeners.hold(SocketAddr::new(ip, port));
        let own = match host.trim_matches(['[', ']']).parse() {
            Ok(ip) => is_own(ip),
            Err(_) if host == "localhost" => is_own(Ipv4Addr::LOCALHOST.into()) || is_own(Ipv6Addr::LOCALHOST.into()),
            Err(_) => false,
        };
        own.then(|| NamedObject::by_path(path))
    }
}

impl Default for LocalNames {
    /// No URL means this server.
    fn default() -> Self {
        let addressing = Addressing {
            domains: Vec::new(),
            website_domains: Vec::new(),
            default_dialect: Dialect::Oss,
            region: "".into(),
        };
        Self { addressing, listeners: OwnListeners::new() }
    }
}

/// The raw path of an absolute URL.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// An object of this server in an origin's place.
#[derive(Debug)]
pub(crate) struct LocalSource {
    /// As the rule names it.
    bucket_name: Box<str>,
    /// `local bucket NAME`, in place of host and port.
    label: Box<str>,
    /// `None` if it may not be read.
    bucket: Option<BucketRef>,
    /// `None` if nothing can be there.
    key: Option<ObjectKey>,
}

impl LocalSource {
    /// What a URL names for the object `key` of `bucket`; `None` if it does not mean this server.
    pub(super) fn of(
        (url, origin): (&str, &OriginId),
        (bucket, key): (&Bucket, &ObjectKey),
        names: &LocalNames,
        buckets: &Snapshot,
    ) -> Option<Self> {
        let NamedObject { bucket: bucket_name, key: named } = names.named_by(url, origin)?;
        let source = buckets.get(&*bucket_name).filter(|known| have_one_owner(&known.bucket, bucket));
        let source = source.map(|known| known.reference.clone());
        // The missing object itself: whoever writes it meanwhile does not write it for this fill.
        let is_itself =
            source.as_ref().is_some_and(|source| source.generation == bucket.generation) && named.as_ref() == Some(key);
        let label = format!("local bucket {bucket_name}").into();
        Some(Self { bucket_name, label, bucket: source, key: named.filter(|_| !is_itself) })
    }

    /// The bucket's name, whether or not there is one.
    pub(crate) fn bucket_name(&self) -> &str {
        &self.bucket_name
    }

    /// `local bucket NAME`.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Why it is not read: a reason code.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        self.bucket.is_none().then_some(SOURCE_BUCKET_DENIED)
    }

    /// Answers a request from the store, as an OSS origin would.
    ///
    /// # Errors
    /// The source may not be read, is encrypted with a customer's key, or the store fails.
    pub(super) async fn fetch(
        &self,
        store: &dyn Store,
        seal: &Seal,
        request: &OriginRequest,
    ) -> Result<OriginResponse, Failure> {
        Ok(match self.open(store).await? {
            Some(object) => answer(&self.readable(seal, object)?, request),
            None => response(404, HeaderMap::new(), Body::Empty, request),
        })
    }

    /// The tags of the object if it still is the version with this entity tag.
    ///
    /// # Errors
    /// As [`Self::fetch`].
    pub(super) async fn tags(&self, store: &dyn Store, etag: Option<&HeaderValue>) -> Result<Option<Tags>, Failure> {
        let object = self.open(store).await?;
        Ok(object.filter(|object| etag == quoted(&object.meta).as_ref()).map(|object| object.meta.tags.clone()))
    }

    /// The object with its bytes in the clear.
    fn readable(&self, seal: &Seal, object: StoredObject) -> Result<StoredObject, Failure> {
        let (Some(bucket), Some(key)) = (&self.bucket, &self.key) else { return Ok(object) };
        seal.readable(object, bucket, key, None).map_err(|error| match error {
            Error::InvalidRequest { .. } => Failure::refused(SOURCE_KEY_UNKNOWN),
            error => Failure::Store(error.into()),
        })
    }

    async fn open(&self, store: &dyn Store) -> Result<Option<StoredObject>, Failure> {
        let Some(bucket) = &self.bucket else { return Err(Failure::refused(SOURCE_BUCKET_DENIED)) };
        let Some(key) = &self.key else { return Ok(None) };
        match store.open(bucket, key).await {
            // Deleted since the request came, so it was empty.
            Err(Error::NoSuchBucket { .. }) => Ok(None),
            // An object that another account wrote into the source is that account's.
            Ok(Some(object)) if object.meta.headers.access.as_ref().is_some_and(|access| access.owner.is_some()) => {
                Err(Failure::refused(SOURCE_BUCKET_DENIED))
            }
            found => found.map_err(|error| Failure::Store(error.into())),
        }
    }
}

/// Whether a bucket may be read for another one: else a rule would show its author what another account keeps private.
fn have_one_owner(source: &Bucket, mirroring: &Bucket) -> bool {
    let id = |bucket: &Bucket| bucket.access.owner.as_ref().map(|owner| owner.id.clone());
    id(source) == id(mirroring)
}

/// Conditions first, then the range.
fn answer(object: &StoredObject, request: &OriginRequest) -> OriginResponse {
    let meta = &object.meta;
    let field = |name| request.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let conditions = Preconditions {
        if_match: field(IF_MATCH).map(TagCondition::parse),
        if_unmodified_since: field(IF_UNMODIFIED_SINCE).and_then(kept::http_date),
        ..Preconditions::default()
    };
    let mut headers = headers(meta);
    if conditions.evaluate(&meta.etag, meta.last_modified) != Verdict::Proceed {
        return response(412, headers, Body::Empty, request);
    }
    let whole = 0..meta.size_bytes;
    let (status, range) = match field(RANGE).and_then(ByteRange::parse).map(|range| range.resolve(meta.size_bytes)) {
        None => (200, whole),
        Some(Ok(range)) => {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, meta.size_bytes);
            headers.insert(CONTENT_RANGE, text.parse().expect("digits make a header value"));
            (206, range)
        }
        Some(Err(_)) => {
            let text = format!("bytes */{}", meta.size_bytes);
            headers.insert(CONTENT_RANGE, text.parse().expect("digits make a header value"));
            return response(416, headers, Body::Empty, request);
        }
    };
    headers.insert(CONTENT_LENGTH, (range.end - range.start).into());
    let body = if request.method == OriginMethod::Head { Body::Empty } else { content(object, range.clone()) };
    OriginResponse { framing: Framing::Length(range.end - range.start), ..response(status, headers, body, request) }
}

fn response(status: u16, headers: HeaderMap, body: Body, request: &OriginRequest) -> OriginResponse {
    let body: ByteStream = match body {
        Body::Empty => Box::pin(futures_util::stream::empty()),
        Body::Full(bytes) => Box::pin(futures_util::stream::iter([Ok(bytes)])),
        Body::Stream(stream) => stream,
    };
    let final_url = request.url.clone();
    OriginResponse { status, headers, final_url, framing: Framing::Length(0), body, trailers: Trailers::default() }
}

/// The metadata as OSS tells it. The entity tag is not said to be the body's MD5 (`x-oss-object-type`): that of a mirrored
/// object need not be. What a field cannot carry, no hit could show either.
fn headers(meta: &ObjectMeta) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(LAST_MODIFIED, http_date(meta.last_modified));
    headers.insert("x-oss-hash-crc64ecma", meta.crc64.into());
    headers.extend(quoted(meta).map(|etag| (ETAG, etag)));
    if let Some(md5) = meta.md5 {
        headers.insert("content-md5", BASE64.encode(md5).parse().expect("base64 makes a header value"));
    }
    let content = &meta.headers.content;
    let fields = [
        (CONTENT_TYPE, &content.content_type),
        (CONTENT_ENCODING, &content.content_encoding),
        (CONTENT_DISPOSITION, &content.content_disposition),
        (CONTENT_LANGUAGE, &content.content_language),
        (CACHE_CONTROL, &content.cache_control),
        (EXPIRES, &content.expires),
        (ACCESS_CONTROL_ALLOW_ORIGIN, &content.access_control_allow_origin),
    ];
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).ok();
    headers.extend(fields.into_iter().filter_map(|(name, text)| Some((name, value(text.as_deref()?)?))));
    for (name, text) in &meta.headers.user {
        if let (Ok(name), Some(value)) = (HeaderName::try_from(format!("{OSS_META}{name}")), value(text)) {
            headers.append(name, value);
        }
    }
    headers
}

fn quoted(meta: &ObjectMeta) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{}\"", meta.etag.as_str())).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::StreamExt as _;
    use headwater_model::clock::Timestamp;
    use headwater_model::digest::ETag;
    use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
    use headwater_model::origin::{OriginTimeouts, RequestCause};
    use headwater_store::{Expectation, NewObject, WriteIntent};
    use headwater_testkit::{ManualClock, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn conditions_and_ranges_are_those_of_http() {
        let store = MemoryStore::new(Arc::new(ManualClock::default()));
        let bucket = BucketRef::from(&store.create_bucket(crate::fill::tests::world::bucket()).await.unwrap());
        let key = ObjectKey::parse("k").unwrap();
        let intent = WriteIntent {
            bucket: bucket.clone(),
            key: key.clone(),
            content_length: None,
            max_bytes: u64::MAX,
            checksum: None,
            followed: false,
            data_key: None,
        };
        let mut writer = store.begin(intent).await.unwrap();
        writer.write("0123456789".into()).await.unwrap();
        writer.finish().await.unwrap();
        let object = NewObject {
            etag: ETag::from_text("tag"),
            last_modified: Timestamp::from_seconds(784_111_777),
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            checksum: None,
            tags: Vec::new(),
            composition: headwater_model::object::Composition::default(),
        };
        writer.seal(object, Expectation::Any).await.unwrap();
        let (bucket_name, label) = ("bucket".into(), "local bucket bucket".into());
        let seal = Seal::new(&[1; crate::seal::MASTER_KEY_BYTES], Arc::new(ManualClock::default()));
        let source = LocalSource { bucket_name, label, bucket: Some(bucket), key: Some(key) };
        let (date, earlier) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT");
        for (method, fields, status, range, body) in [
            (OriginMethod::Get, vec![], 200, None, "0123456789"),
            (OriginMethod::Head, vec![], 200, None, ""),
            (OriginMethod::Get, vec![(RANGE, "bytes=4-")], 206, Some("bytes 4-9/10"), "456789"),
            (OriginMethod::Get, vec![(RANGE, "bytes=4-5"), (IF_MATCH, "\"tag\"")], 206, Some("bytes 4-5/10"), "45"),
            (OriginMethod::Get, vec![(RANGE, "bytes=10-")], 416, Some("bytes */10"), ""),
            (OriginMethod::Get, vec![(RANGE, "bytes=4-"), (IF_MATCH, "\"other\"")], 412, None, ""),
            (OriginMethod::Get, vec![(IF_UNMODIFIED_SINCE, date)], 200, None, "0123456789"),
            (OriginMethod::Get, vec![(IF_UNMODIFIED_SINCE, earlier)], 412, None, ""),
        ] {
            let context = format!("{method:?} {fields:?}");
            let headers = fields.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
            let request = OriginRequest {
                url: "http://bucket.here/k".into(),
                method,
                headers,
                confidential: Vec::new(),
                signing: None,
                cause: RequestCause::Resume,
                follow_redirects: true,
                timeouts: OriginTimeouts::default(),
            };
            let response = source.fetch(&store, &seal, &request).await.unwrap();
            let field = |name| response.headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned());
            assert_eq!((response.status, field(CONTENT_RANGE).as_deref()), (status, range), "{context}");
            assert_eq!(field(ETAG).as_deref(), Some("\"tag\""), "{context}");
            let chunks: Vec<_> = response.body.map(Result::unwrap).collect().await;
            assert_eq!(chunks.concat(), body.as_bytes(), "{context}");
        }
    }

    #[test]
    fn the_servers_own_names_are_known_and_others_are_not() {
        let addressing = Addressing { domains: vec!["s3.here".into()], ..LocalNames::default().addressing };
        let listeners = OwnListeners::new();
        listeners.set(["127.0.0.1:9000".parse().unwrap(), "[::1]:9000".parse().unwrap()]);
        let names = LocalNames::new(addressing, listeners);
        for (url, bucket) in [
            ("http://src.s3.here/k", Some("src")),
            ("https://SRC.S3.here.:8443/k?a=/b", Some("src")),
            ("http://s3.here/src/k", Some("src")),
            ("http://localhost:9000/src/k", Some("src")),
            ("http://127.0.0.1:9000/src/k", Some("src")),
            ("http://[::1]:9000/src/k", Some("src")),
            ("http://[::ffff:127.0.0.1]:9000/src/k", Some("src")),
            ("http://127.0.0.1:9001/src/k", None),
            ("http://localhost/src/k", None),
            ("http://there/src/k", None),
            ("http://src.s3.there/k", None),
        ] {
            let named = names.named_by(url, &OriginId::parse(url).unwrap());
            assert_eq!(named.as_ref().map(|named| &*named.bucket), bucket, "{url}");
            assert!(named.is_none_or(|named| named.key.is_some_and(|key| key.as_str() == "k")), "{url}");
        }
    }
}
