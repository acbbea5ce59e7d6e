//! Storing a file of a browser: a form that is read as it comes.
//!
//! Guarantees: the token of the session stands in the form before the file, and nothing of the file is read before it was
//! compared; what breaks off is not stored, and what is refused shows the page again with the folder that was typed. Scripts send the same form, for each file one, to show how far it is.

use headwater_model::body::{Body, ByteStream};
use headwater_model::bucket::Dialect;
use headwater_model::encryption::WriteEncryption;
use headwater_model::object::{ContentHeaders, ObjectHeaders};
use headwater_model::op::{AnnouncedDigests, PutObject, WriteCondition};
use headwater_model::{Error, ObjectKey};
use headwater_wire::form::{LengthRange, file_stream, read_form};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};

use super::folder;
use crate::bucket::BucketVisit;
use crate::console::{OF_ANOTHER_SESSION, is_own};
use crate::faults::{Faults, OF_FORM};
use crate::page::Outcome;
use crate::visitor::{Visitor, reason, unacknowledged};

/// Whether this is where files are sent.
pub(crate) fn is_upload(path: &str) -> bool {
    bucket_of(path).is_some()
}

fn bucket_of(path: &str) -> Option<&str> {
    path.strip_prefix("/buckets/")?.strip_suffix("/files/upload").filter(|name| !name.contains('/'))
}

/// Stores the file of a form. `None` if its bucket is gone.
pub(crate) async fn upload(visitor: Visitor<'_>, parts: &Parts, body: ByteStream) -> Option<Outcome> {
    let bucket = visitor.administration.engine().bucket(bucket_of(parts.uri.path())?)?;
    let visit = BucketVisit { visitor, bucket };
    let by_script = parts.headers.get(header::ACCEPT).is_some_and(|accepted| accepted == "application/json");
    Some(match visit.store(parts, body).await {
        Ok(_) if by_script => said(StatusCode::CREATED, String::new()),
        Ok(key) => {
            visit.visitor.session.say(format!("{} was stored.", key.as_str()));
            Outcome::To(visit.prefix_path(folder(key.as_str())))
        }
        Err(refusal) if by_script => said(refusal.status, refusal.reason),
        Err(Refusal { status, field, reason, folder }) => {
            visit.refused_upload(status, &folder, Faults::one(field, reason)).await
        }
    })
}

/// Why a file was not stored, and what was typed; browsers do not send a file that was chosen to be chosen again.
struct Refusal {
    status: StatusCode,
    /// The field to blame.
    field: &'static str,
    reason: String,
    folder: String,
}

impl BucketVisit<'_> {
    async fn store(&self, parts: &Parts, mut body: ByteStream) -> Result<ObjectKey, Refusal> {
        const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        let unread = |error: &Error| Refusal {
            status: UNPROCESSABLE,
            field: OF_FORM,
            reason: format!("The form could not be read: {}", reason(error)),
            folder: String::new(),
        };
        let (form, file) = read_form(parts, Dialect::Oss, &mut body).await.map_err(|error| unread(&error))?;
        let folder = form.get("folder").unwrap_or_default();
        let refuse = |status, field, reason| Refusal { status, field, reason, folder: folder.to_owned() };
        if !is_own(self.visitor.session, form.get("csrf").unwrap_or_default()) {
            return Err(refuse(StatusCode::FORBIDDEN, OF_FORM, OF_ANOTHER_SESSION.to_owned()));
        }
        let name = form.file_name();
        if name.is_empty() {
            return Err(refuse(UNPROCESSABLE, "file", "Choose a file.".to_owned()));
        }
        let key = ObjectKey::parse(&format!("{folder}{name}"));
        let key = key.map_err(|error| refuse(UNPROCESSABLE, "folder", reason(&error)))?;
        let content_type = form.file_type().map(Into::into);
        let content = ContentHeaders { content_type, ..ContentHeaders::default() };
        let put = PutObject {
            bucket: self.bucket.name.clone(),
            key: key.clone(),
            headers: ObjectHeaders { content, ..ObjectHeaders::default() },
            tags: Vec::new(),
            acl: None,
            content_length: None,
            digests: AnnouncedDigests::default(),
            condition: WriteCondition::Any,
            encryption: WriteEncryption::BucketDefault,
        };
        let file = Body::Stream(file_stream(body, file, LengthRange::ANY));
        let stored = self.visitor.administration.put_object(self.visitor.requester.clone(), put, file).await;
        stored.map_err(|failure| refuse(UNPROCESSABLE, OF_FORM, unacknowledged(&failure)))?;
        Ok(key)
    }
}

/// For the script: a status, and a sentence if it is no success.
fn said(status: StatusCode, text: String) -> Outcome {
    let mut response = Response::new(Body::Full(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Outcome::Answer(Box::new(response))
}
