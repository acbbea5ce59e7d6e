//! PostObject: a request whose form says who asks, and for what.
//!
//! ```text
//! read the form's head ─► authenticate by its policy ─► authorise ─► hold it against the policy ─► decode as PutObject
//!      ─► engine, with the file as the body ─► the answer that the form asks for
//! ```
//! Guarantees: the order of every other request: who asks is known and allowed before the policy is judged, and nothing is
//! stored before the delimiter behind the file has come.

use headwater_model::access::{Context, Principal};
use headwater_model::body::{Body, ByteStream};
use headwater_model::op::Caller;
use headwater_model::reply::{Reply, VersionNote};
use headwater_model::{Error, Result};
use headwater_wire::form::{encode_form, file_stream, read_form};
use headwater_wire::{PolicyFields, RequestFacts, ResponseContext, Routed, decode};
use http::Response;
use http::request::Parts;

use crate::record::RequestRecord;
use crate::service::Service;

impl Service {
    /// Answers a form upload.
    pub(crate) async fn post(
        &self,
        parts: &Parts,
        routed: &Routed,
        secure: bool,
        mut body: ByteStream,
        record: &mut RequestRecord,
    ) -> Result<Response<Body>> {
        let Some(bucket) = &routed.bucket else { return Err(Error::internal("post a form", "it names no bucket")) };
        let (form, file) = read_form(parts, routed.dialect, &mut body).await?;
        let found = self.engine.bucket(bucket.as_str());
        let dialect = form.dialect(found.as_ref().map(|bucket| bucket.dialect), routed.dialect)?;
        record.kind.1 = dialect;
        let principal = self.authenticator.form(&form, self.engine.accounts(), record.time, dialect)?;
        if let Principal::Key(identity) = &principal {
            record.access_key_id = Some(identity.access_key_id.clone());
            record.requester = Some(identity.owner.id.clone());
        }
        record.may_know_reasons = self.engine.may_know_reasons(&principal, Some(bucket));
        // What is wrong with the request is told to who may make it.
        let (request, wrong) = match form.request(parts, routed, dialect) {
            Ok(request) => (Some(request), None),
            Err(error) => (None, Some(error)),
        };
        let (put, head) = request.as_ref().map_or((routed, parts), |(put, head)| (put, head));
        record.key = put.key.as_ref().map(|key| key.shared().clone());
        let fields = PolicyFields::new(put, head);
        let context = Context { source: Some(record.remote), secure, now: record.time, fields: &fields };
        let caller = Caller { principal, dialect, context };
        self.engine.authorise(&caller, routed.action(), Some(bucket), put.key.as_ref())?;
        let range = form.check(bucket, dialect, record.time)?;
        if let Some(error) = wrong {
            return Err(error);
        }
        let facts = RequestFacts {
            signed: caller.principal != Principal::Anonymous,
            secure,
            has_website: found.is_some_and(|bucket| bucket.website.is_some()),
        };
        let op = decode(put, head, None, &facts)?;
        self.check_owners(head, put, &op)?;
        let file = Body::Stream(file_stream(body, file, range));
        let (reply, note) = match self.engine.perform(&caller, op, file).await? {
            Reply::Versioned(reply, note) => (*reply, note),
            reply => (reply, VersionNote::default()),
        };
        match reply {
            Reply::Stored(meta) => {
                let elapsed = self.elapsed_of(record);
                let context = ResponseContext { request_id: record.id.as_str(), elapsed, secure };
                record.object_bytes = Some(meta.size_bytes);
                let mut response = encode_form(&form, (put, head), (&meta, note), &context);
                response.headers_mut().extend(self.expiry_of(put, &meta));
                Ok(response)
            }
            _ => Err(Error::internal("post a form", "the engine stored nothing")),
        }
    }
}
