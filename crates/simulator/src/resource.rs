//! An object of an origin, with its validators, as well-behaved origins serve it.

use bytes::Bytes;

use crate::record::RecordedRequest;
use crate::reply::Reply;

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Resource {
    body: Bytes,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Resource {
    /// Without any validator.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), etag: None, last_modified: None }
    }

    /// With an entity tag, quotes included.
    #[must_use]
    pub fn etag(mut self, tag: &str) -> Self {
        self.etag = Some(tag.to_owned());
        self
    }

    /// With a date in the form of HTTP.
    #[must_use]
    pub fn last_modified(mut self, date: &str) -> Self {
        self.last_modified = Some(date.to_owned());
        self
    }

    /// The answer to a request: 200, 206, 412 or 416, by `Range`, `If-Match`, `If-Range` and `If-Unmodified-Since`.
    pub fn answer(&self, request: &RecordedRequest) -> Reply {
        if !Self::matches(request.header("if-match"), self.etag.as_deref())
            || !Self::matches(request.header("if-unmodified-since"), self.last_modified.as_deref())
        {
            return self.dressed(Reply::status(412));
        }
        let stale = request.header("if-range").is_some_and(|wanted| {
            Some(wanted) != self.etag.as_deref() && Some(wanted) != self.last_modified.as_deref()
        });
        let reply = if stale { Reply::ok(self.body.clone()) } else { Reply::ranged(request, &self.body) };
        self.dressed(reply)
    }

    fn matches(wanted: Option<&str>, own: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| wanted == "*" || own == Some(wanted))
    }

    fn dressed(&self, mut reply: Reply) -> Reply {
        if let Some(tag) = &self.etag {
            reply = reply.header("etag", tag);
        }
        if let Some(date) = &self.last_modified {
            reply = reply.header("last-modified", date);
        }
        reply
    }
}
