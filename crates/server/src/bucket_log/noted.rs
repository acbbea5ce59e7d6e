//! What a line tells of a request's head, kept until the answer has ended. Nothing is kept of requests to buckets without
//! logging.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::BucketName;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::logging::{BucketLogging, LogFields};
use headwater_wire::request_host;
use headwater_wire::sign::Scheme;
use http::header::{REFERER, USER_AGENT};
use http::request::Parts;

use super::line::{Told, line};
use crate::record::RequestRecord;
use crate::service::Service;

/// Longest text of a client in a line; more is cut off. Lines stay readable, and memory bounded.
const MAX_TEXT_BYTES: usize = 2 << 10;

/// A request to a bucket with logging.
pub(crate) struct Noted {
    pub(super) logging: Arc<BucketLogging>,
    pub(super) source: BucketName,
    /// Canonical id of the bucket's owner.
    pub(super) owner: Arc<str>,
    /// Method, target and version.
    pub(super) request_line: String,
    pub(super) referer: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) host: Option<String>,
    pub(super) signature: Option<&'static str>,
    pub(super) signed_in: Option<&'static str>,
    pub(super) secure: bool,
    /// OSS: the fields that the bucket's owner named, in Base64.
    pub(super) fields: Option<String>,
}

#[cfg(test)]
impl Default for Noted {
    fn default() -> Self {
        let name = BucketName::parse("bkt").expect("a name");
        let logging = BucketLogging { dialect: Dialect::S3, target: name.clone(), prefix: "".into(), key_format: None };
        Self {
            logging: Arc::new(logging),
            source: name,
            owner: "".into(),
            request_line: String::new(),
            referer: None,
            user_agent: None,
            host: None,
            signature: None,
            signed_in: None,
            secure: false,
            fields: None,
        }
    }
}

/// What the answer to a noted request came to.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) duration: Duration,
}

impl Service {
    /// Keeps what a line will tell, if the bucket has logging.
    pub(crate) fn note(
        &self,
        parts: &Parts,
        secure: bool,
        bucket: &Bucket,
        record: &RequestRecord,
    ) -> Option<Box<Noted>> {
        let logging = bucket.configuration.logging.clone()?;
        let text = |name| parts.headers.get(name).map(|value| clean(&String::from_utf8_lossy(value.as_bytes())));
        let (signature, signed_in) = signature(record.scheme);
        let fields = bucket.configuration.log_fields.as_deref().filter(|_| logging.dialect == Dialect::Oss);
        let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Some(Box::new(Noted {
            source: bucket.name.clone(),
            owner: self.engine.owner_id(bucket),
            request_line: clean(&format!("{} {target} {:?}", parts.method, parts.version)),
            referer: text(REFERER),
            user_agent: text(USER_AGENT),
            host: Some(clean(request_host(parts))),
            signature,
            signed_in,
            secure,
            fields: fields.map(|fields| own_fields(fields, parts)),
            logging,
        }))
    }

    /// Keeps the line of a noted request.
    pub(crate) fn write_down(&self, noted: &Noted, record: &RequestRecord, outcome: &Outcome) {
        let told = Told {
            at: record.time,
            remote: record.remote,
            request_id: record.id.as_str(),
            requester: record.requester.as_deref(),
            operation: record.kind.0,
            method: record.method.as_str(),
            key: record.key.as_deref(),
            status: outcome.status,
            error: record.error.as_deref(),
            bytes_sent: outcome.bytes_sent,
            bytes_received: outcome.bytes_received,
            object_bytes: record.object_bytes,
            duration_ms: outcome.duration.as_millis(),
        };
        self.bucket_logs.push(noted, record.time, self.clock.elapsed(), &line(noted, &told));
    }
}

/// S3's words for the scheme of a signature, and for where it was. OSS's V1 and V2 have no word.
fn signature(scheme: Option<Scheme>) -> (Option<&'static str>, Option<&'static str>) {
    let Some(scheme) = scheme else { return (None, None) };
    let word = match scheme {
        Scheme::SigV4Header | Scheme::SigV4Query | Scheme::OssV4Header | Scheme::OssV4Query => Some("SigV4"),
        Scheme::SigV2Header | Scheme::SigV2Query => Some("SigV2"),
        Scheme::OssV1Header | Scheme::OssV1Query | Scheme::OssV2Header | Scheme::OssV2Query => None,
    };
    (word, Some(if scheme.is_presigned() { "QueryString" } else { "AuthHeader" }))
}

/// Text that stays within its quotes and its line.
fn clean(text: &str) -> String {
    let safe = |found: char| match found {
        '"' => '\'',
        found if found.is_control() => '?',
        found => found,
    };
    let mut kept: String = text.chars().map(safe).collect();
    kept.truncate(kept.floor_char_boundary(MAX_TEXT_BYTES));
    kept
}

/// `{"headers":{…},"params":{…}}` in Base64, as OSS writes it; what the request lacks is left out.
fn own_fields(fields: &LogFields, parts: &Parts) -> String {
    let member = |name: &str, value: &str| format!("{}:{}", json(name), json(&clean(value)));
    // Keys that customers encrypt with are in no log.
    let headers = fields
        .headers
        .iter()
        .filter(|name| !name.to_ascii_lowercase().ends_with("encryption-customer-key"))
        .filter_map(|name| {
            let value = parts.headers.get(&**name)?;
            Some(member(name, &String::from_utf8_lossy(value.as_bytes())))
        });
    let query = parts.uri.query().unwrap_or_default();
    let parameters = fields.parameters.iter().filter_map(|name| {
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == &**name).map(|(_, value)| member(name, value))
    });
    let joined = |members: Vec<String>| members.join(",");
    let document =
        format!("{{\"headers\":{{{}}},\"params\":{{{}}}}}", joined(headers.collect()), joined(parameters.collect()));
    BASE64.encode(document)
}

/// A text in JSON; [`clean`] has taken out what else would need an escape.
fn json(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
