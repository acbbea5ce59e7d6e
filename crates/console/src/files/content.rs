//! The bytes of an object: to keep, or to look at.
//!
//! Guarantees: what is looked at is text or an image, in a document that may run, load and reach nothing (CSP `sandbox`),
//! within a frame that is sandboxed too; everything else is only to keep. No origin is asked.

use headwater_model::body::Body;
use headwater_model::encryption::KeyHolder;
use headwater_model::object::{ContentHeaders, ObjectMeta};
use headwater_model::op::{GetObject, MissContext, Op};
use headwater_model::precondition::Preconditions;
use headwater_model::range::ByteRange;
use headwater_model::reply::{ObjectReply, Reply};
use headwater_model::{Error, ObjectKey, Result};
use http::{HeaderName, HeaderValue, Response, header};

use crate::bucket::BucketVisit;
use crate::page::{Outcome, escaped};

/// How much of a text is shown.
const TEXT_BYTES: u64 = 64 << 10;
/// Largest image that is shown.
const IMAGE_BYTES: u64 = 8 << 20;
/// Of what is looked at.
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'self'";

/// How an object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preview {
    /// As text, the beginning of it if there is more.
    Text {
        /// Whether there is more.
        cut: bool,
    },
    /// As an image of the type that it says.
    Image,
}

impl Preview {
    /// `None` for what is only to keep: other types, what is encoded or encrypted for others, what is too large or empty.
    pub(crate) fn of(meta: &ObjectMeta) -> Option<Self> {
        let content = &meta.headers.content;
        let customers = meta.composition.encryption.as_deref().is_some_and(|kept| kept.holder != KeyHolder::Server);
        if content.content_encoding.is_some() || customers || meta.size_bytes == 0 || meta.composition.link.is_some() {
            return None;
        }
        let kind = content.content_type.as_deref().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.split_once('/')? {
            ("image", _) if meta.size_bytes <= IMAGE_BYTES => Some(Self::Image),
            ("text", _) | ("application", "json" | "xml" | "javascript") => {
                Some(Self::Text { cut: meta.size_bytes > TEXT_BYTES })
            }
            _ => None,
        }
    }

    /// What to say above it.
    pub(crate) fn hint(self) -> Option<&'static str> {
        (self == Self::Text { cut: true }).then_some("The first 64 KiB.")
    }
}

impl BucketVisit<'_> {
    /// The whole object, as a file.
    pub(crate) async fn download(&self, key: &ObjectKey) -> Outcome {
        let reply = match self.content(key, None).await {
            Ok(reply) => reply,
            Err(error) => return self.missing(key, &error),
        };
        let name = key.as_str().rsplit('/').find(|name| !name.is_empty()).unwrap_or("file");
        let disposition = format!("attachment; filename*=UTF-8''{}", escaped(name).replace('+', "%20"));
        let fields = [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CONTENT_LENGTH, reply.meta.size_bytes.to_string()),
        ];
        answer(reply.body, fields)
    }

    /// What of an object may be looked at.
    pub(crate) async fn preview(&self, key: &ObjectKey) -> Outcome {
        let who = &self.visitor.session.who;
        let meta = match self.visitor.administration.object_meta(who, self.current(key)).await {
            Ok(meta) => meta,
            Err(error) => return self.missing(key, &error),
        };
        let (kind, range) = match Preview::of(&meta) {
            None => return self.object(key).await,
            Some(Preview::Image) => (meta.headers.content.content_type.as_deref().unwrap_or_default().to_owned(), None),
            Some(Preview::Text { .. }) => {
                ("text/plain; charset=utf-8".to_owned(), Some(ByteRange::FromTo(0, TEXT_BYTES - 1)))
            }
        };
        let reply = match self.content(key, range).await {
            Ok(reply) => reply,
            Err(error) => return self.missing(key, &error),
        };
        let fields = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, SANDBOX.to_owned())];
        answer(reply.body, fields)
    }

    async fn content(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<ObjectReply> {
        let get = GetObject {
            bucket: self.bucket.name.clone(),
            key: key.clone(),
            version: None,
            range: range.map(|range| (range, "".into())),
            strict_range: false,
            part: None,
            conditions: Preconditions::default(),
            overrides: ContentHeaders::default(),
            miss: MissContext { never: true, ..MissContext::default() },
            customer_key: None,
        };
        let reply =
            self.visitor.administration.perform(&self.visitor.session.who, Op::GetObject(Box::new(get))).await?;
        let reply = match reply {
            Reply::Versioned(reply, _) => *reply,
            reply => reply,
        };
        match reply {
            Reply::Object(reply) => Ok(*reply),
            _ => Err(Error::internal("read an object", "the reply is another operation's")),
        }
    }
}

fn answer<const N: usize>(body: Body, fields: [(HeaderName, String); N]) -> Outcome {
    let mut response = Response::new(body);
    for (name, value) in fields {
        // What an origin called its type may be no header any more.
        let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        response.headers_mut().insert(name, value);
    }
    Outcome::Answer(Box::new(response))
}
