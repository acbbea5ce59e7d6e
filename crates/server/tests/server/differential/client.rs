//! One face of the server as a client of that vendor sees it: signed requests out, and answers in which only what the
//! vendors call differently is called alike.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_testkit::SeededRandom;
use headwater_wire::sign::{
    ContentSha256, Signing, SigningKeys, Target, presign_oss_v1, presign_v4, sign_oss_v1_headers, sign_v4_headers,
};
use headwater_wire::{escape_key, xml};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

use crate::support::{Running, collect};

/// How long a presigned URL is valid.
const LIFETIME: Duration = Duration::from_mins(15);

/// A request in which `*` stands for the vendor's word (`amz`, `oss`) in the names of headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) key: Option<&'static str>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

/// What came back, in common words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Headers that tell of an object, `*` for the vendor's word.
    pub(super) headers: BTreeMap<String, String>,
    /// Of a document what it says of objects, otherwise the length and a digest.
    pub(super) facts: Vec<String>,
}

pub(super) struct Client<'r> {
    running: &'r Running,
    pub(super) dialect: Dialect,
    connection: Option<SendRequest<Full<Bytes>>>,
    /// Chooses the scheme of each signature.
    random: SeededRandom,
    keys: SigningKeys,
}

impl<'r> Client<'r> {
    pub(super) fn new(running: &'r Running, dialect: Dialect, seed: u64) -> Self {
        Self { running, dialect, connection: None, random: SeededRandom::new(seed), keys: SigningKeys::new() }
    }

    /// The answer and its untouched body.
    pub(super) async fn send(&mut self, bucket: &str, asked: &Asked) -> (Answer, Bytes) {
        let request = self.signed(bucket, asked);
        let mut connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.running.connect().await,
        };
        let response = match connection.ready().await {
            Ok(()) => connection.send_request(request).await,
            // Closed behind an answer whose request's body it would not read.
            Err(_) => {
                connection = self.running.connect().await;
                connection.send_request(request).await
            }
        };
        let (parts, body) = collect(response.unwrap()).await;
        self.connection = Some(connection);
        let vendor = format!("x-{}-", word(self.dialect));
        let told = parts.headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().replace(&vendor, "x-*-");
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            common_header(&name, &value).map(|value| (name, value))
        });
        let document = parts.headers.get("content-type").is_some_and(|kind| kind == "application/xml");
        let mut headers: BTreeMap<_, _> = told.collect();
        let facts = if document { facts(&body) } else { digest(&body) };
        if document {
            // OSS tells the tag of what was copied or completed here too.
            headers.retain(|name, _| name != "content-type" && name != "etag");
        }
        (Answer { status: parts.status.as_u16(), headers, facts }, body)
    }

    fn signed(&mut self, bucket: &str, asked: &Asked) -> Request<Full<Bytes>> {
        let path = asked.key.map_or(String::new(), |key| escape_key(key).into_owned());
        let query: Vec<String> = asked.query.iter().map(|(name, value)| parameter(name, value)).collect();
        let separator = if query.is_empty() { "" } else { "?" };
        let target = format!("/{bucket}/{path}{separator}{}", query.join("&"));
        let mut request = Request::builder().method(&asked.method).uri(target).header("host", "127.0.0.1");
        for (name, value) in &asked.headers {
            let name = HeaderName::try_from(name.replace('*', word(self.dialect))).unwrap();
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (mut parts, body) = request.body(Full::new(asked.body.clone())).unwrap().into_parts();
        let now = SystemClock::new().now();
        let signing = Signing {
            dialect: self.dialect,
            access_key_id: "root",
            secret: "secret-of-root",
            session_token: None,
            region: "any",
            target: Target { bucket: Some(bucket), key: asked.key },
            additional_headers: &[],
            now,
            keys: &self.keys,
        };
        match (self.dialect, self.random.below(5)) {
            (_, 0) => presign_v4(&mut parts, LIFETIME, &signing),
            (Dialect::Oss, 1) => presign_oss_v1(&mut parts, now.plus(LIFETIME), &signing),
            (Dialect::Oss, 2) => sign_oss_v1_headers(&mut parts, &signing),
            _ => sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing),
        }
        .unwrap();
        Request::from_parts(parts, body)
    }
}

pub(super) fn word(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::S3 => "amz",
        Dialect::Oss => "oss",
    }
}

fn parameter(name: &str, value: &str) -> String {
    if value.is_empty() { name.into() } else { format!("{name}={}", escape_key(value).replace('/', "%2F")) }
}

/// The value of a header that both vendors have, in common words; `None` for any other header.
fn common_header(name: &str, value: &str) -> Option<String> {
    match name {
        "content-type"
        | "content-encoding"
        | "content-disposition"
        | "content-language"
        | "cache-control"
        | "expires"
        | "content-range"
        | "x-*-tagging-count"
        | "x-*-delete-marker" => Some(value.into()),
        "etag" => Some(value.to_ascii_lowercase()),
        // S3 does not tell the id of a null version that was just written; OSS does.
        "x-*-version-id" | "x-*-copy-source-version-id" if value != "null" => Some("made".into()),
        name if name.starts_with("x-*-meta-") => Some(value.into()),
        _ => None,
    }
}

/// What a document says of objects, in its order.
fn facts(body: &[u8]) -> Vec<String> {
    fn walk(element: xml::Element<'_>, parent: &str, found: &mut Vec<String>) {
        let name = element.name();
        if name == "TagSet" {
            // S3 shows tags in the order of their keys, OSS in the order given.
            let tag = |tag: xml::Element<'_>| format!("{:?}={:?}", tag.text("Key"), tag.text("Value"));
            let mut tags: Vec<String> = element.elements().map(tag).collect();
            tags.sort();
            found.extend(tags);
            return;
        }
        if let Ok(text) = element.value() {
            let common = match name {
                "Key" | "Size" | "Value" | "IsLatest" | "IsTruncated" | "PartNumber" | "DeleteMarker" | "KeyCount"
                | "Code" => text.to_owned(),
                "Prefix" if parent == "CommonPrefixes" => text.to_owned(),
                "ETag" => text.trim_matches('"').to_ascii_lowercase(),
                "VersionId" | "DeleteMarkerVersionId" if text == "null" => text.to_owned(),
                "VersionId" | "DeleteMarkerVersionId" => "made".to_owned(),
                _ => return,
            };
            found.push(format!("{name}={common}"));
        }
        element.elements().for_each(|child| walk(child, name, found));
    }
    let text = String::from_utf8_lossy(body);
    let Ok(document) = xml::parse(body) else {
        // A control character of a key, which XML 1.0 cannot say.
        return text
            .split("Code>")
            .nth(1)
            .map(|code| format!("Code={}", code.trim_end_matches("</")))
            .into_iter()
            .collect();
    };
    let behind = text.split_once("?>").map_or(&*text, |(_, rest)| rest).trim_start().trim_start_matches('<');
    let root = behind.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut found = Vec::new();
    walk(document.root(root).unwrap(), "", &mut found);
    found
}

fn digest(body: &[u8]) -> Vec<String> {
    vec![format!("{} bytes, MD5 {}", body.len(), hex::encode(fast_md5::digest(body)))]
}
