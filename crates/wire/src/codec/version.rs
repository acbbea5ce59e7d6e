//! Ids of versions: which one a request names, and what an answer tells about the one that was read, written or removed.
//!
//! Guarantees: an operation that takes no version refuses a request that names one, instead of doing something else.

use headwater_model::bucket::Dialect;
use headwater_model::op::ObjectVersion;
use headwater_model::reply::VersionNote;
use headwater_model::version::{Governance, VersionId};
use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Request, copy};
use crate::operation::Operation;
use crate::route::Routed;

/// The parameter that names a version.
pub(crate) const VERSION_ID: &str = "versionId";

/// The version that the query names.
pub(super) fn of_query(request: &Request<'_>) -> Result<Option<VersionId>> {
    match request.query(VERSION_ID) {
        None => Ok(None),
        Some("") => Err(Error::invalid_argument(VERSION_ID, "", "Version id cannot be the empty string")),
        Some(text) => parse(VERSION_ID, text).map(Some),
    }
}

/// A version by its id, as `name` gives it.
pub(super) fn parse(name: &str, text: &str) -> Result<VersionId> {
    VersionId::parse(text).ok_or_else(|| invalid(name, text))
}

pub(super) fn invalid(name: &str, text: &str) -> Error {
    Error::invalid_argument(name, text, "Invalid version id specified")
}

/// The object that a request names, or a version of it.
pub(super) fn target(request: &Request<'_>) -> Result<ObjectVersion> {
    Ok(ObjectVersion { bucket: request.bucket(), key: request.key(), version: of_query(request)? })
}

/// Whether a request wants to delete or change what is retained in the mode of governance.
pub(super) fn governance(request: &Request<'_>) -> Result<Governance> {
    let bypass = request.fields.get(request.vocab.headers.bypass_governance)?;
    let bypasses = bypass.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(if bypasses { Governance::Bypassed } else { Governance::Respected })
}

/// Refuses the id of a version where it would be ignored. An OSS client that copies a part may repeat the version of the
/// source, as Alibaba's SDK for Python does.
pub(super) fn refuse_elsewhere(request: &Request<'_>) -> Result<()> {
    let takes = |operation| {
        matches!(
            operation,
            Operation::GetObject
                | Operation::HeadObject
                | Operation::GetObjectMeta
                | Operation::GetObjectAttributes
                | Operation::GetObjectAcl
                | Operation::PutObjectAcl
                | Operation::GetObjectTagging
                | Operation::PutObjectTagging
                | Operation::DeleteObjectTagging
                | Operation::GetObjectRetention
                | Operation::PutObjectRetention
                | Operation::GetObjectLegalHold
                | Operation::PutObjectLegalHold
                | Operation::RestoreObject
                | Operation::GetSymlink
                | Operation::DeleteObject
        )
    };
    let repeats_source = |text| -> Result<bool> {
        if !request.is_oss() || request.routed.operation != Operation::UploadPartCopy {
            return Ok(false);
        }
        let named = copy::source(request)?.version;
        Ok(named.is_some() && named == VersionId::parse(text))
    };
    match request.query(VERSION_ID).filter(|_| request.routed.key.is_some()) {
        Some(text) if repeats_source(text)? => Ok(()),
        Some(text) if !takes(request.routed.operation) => {
            Err(Error::invalid_argument(VERSION_ID, text, "This operation does not accept a version-id."))
        }
        _ => Ok(()),
    }
}

/// Adds what an answer tells about versions. S3 does not tell the id of a null version that was just written.
pub(crate) fn put_note(headers: &mut HeaderMap, routed: &Routed, note: VersionNote) {
    let vocab = routed.vocab();
    let writes =
        matches!(routed.operation, Operation::PutObject | Operation::CopyObject | Operation::CompleteMultipartUpload);
    let is_silent = |version: VersionId| writes && routed.dialect == Dialect::S3 && version == VersionId::Null;
    if let Some(version) = note.version.filter(|version| !is_silent(*version)) {
        put(headers, &vocab.version_id, version);
    }
    if note.is_marker {
        headers.insert(vocab.delete_marker.clone(), HeaderValue::from_static("true"));
    }
    if let Some(version) = note.source {
        put(headers, &vocab.source_version_id, version);
    }
}

fn put(headers: &mut HeaderMap, name: &HeaderName, version: VersionId) {
    let value = HeaderValue::try_from(version.to_string());
    headers.insert(name.clone(), value.expect("ids of versions are visible ascii"));
}
