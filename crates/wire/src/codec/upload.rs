//! ListMultipartUploads.

use headwater_model::body::Body;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::multipart::{UploadId, UploadPage};
use headwater_model::op::{ListMultipartUploads, Op};
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};
use http::Response;

use super::page::Names;
use super::{Answer, Request, acl, page};
use crate::date::iso_8601;
use crate::response::open_root;
use crate::xml::read::decimal;

/// Stands for the common prefix that a page ended with, where an upload id has none to give.
const NO_UPLOAD: UploadId = UploadId([0; 16]);

pub(super) fn decode_list(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let text = |name: &str| request.query(name).unwrap_or_default();
    let after_key = text("key-marker");
    // Without a key marker, the upload id marker is ignored (both vendors).
    let after_upload = match text("upload-id-marker") {
        "" => None,
        _ if after_key.is_empty() => None,
        id => {
            let message = "Invalid uploadId marker";
            Some(UploadId::parse(id).ok_or_else(|| Error::invalid_argument("upload-id-marker", id, message))?)
        }
    };
    Ok(Op::ListMultipartUploads(ListMultipartUploads {
        bucket: request.bucket(),
        prefix: text("prefix").into(),
        delimiter: text("delimiter").into(),
        after_key: after_key.into(),
        after_upload: after_upload.filter(|id| *id != NO_UPLOAD),
        limit: page::limit(request, "max-uploads", MAX_LIST_KEYS)?.max(1),
    }))
}

pub(super) fn encode_list(answer: &Answer<'_>, owner: &Owner, listed: &UploadPage) -> Response<Body> {
    let query = |name: &str| answer.routed.queries.get(name).unwrap_or_default();
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "ListMultipartUploadsResult");
    xml.optional("EncodingType", names.encoding());
    xml.element("Bucket", answer.bucket());
    xml.element("KeyMarker", names.print(query("key-marker")));
    xml.element("UploadIdMarker", query("upload-id-marker"));
    let (next_key, next_upload) = match (&listed.next, listed.uploads.last()) {
        (Some((key, id)), _) => (&**key, (*id != NO_UPLOAD).then_some(*id)),
        // OSS tells where a page ends also if nothing follows.
        (None, Some(last)) if answer.is_oss() => (last.key.as_str(), Some(last.id)),
        (None, _) => ("", None),
    };
    xml.element("NextKeyMarker", names.print(next_key));
    xml.element("NextUploadIdMarker", next_upload.map(|id| id.to_string()).unwrap_or_default());
    xml.element("Delimiter", names.print(query("delimiter")));
    xml.element("Prefix", names.print(query("prefix")));
    let limit = decimal::<usize>(query("max-uploads")).unwrap_or(MAX_LIST_KEYS);
    xml.element("MaxUploads", limit.min(MAX_LIST_KEYS));
    xml.element("IsTruncated", listed.next.is_some());
    for upload in &listed.uploads {
        xml.open("Upload");
        xml.element("Key", names.print(upload.key.as_str()));
        xml.element("UploadId", upload.id);
        if !answer.is_oss() {
            let owner = upload.owner.as_ref().unwrap_or(owner);
            xml.open("Initiator");
            xml.element("ID", &owner.id);
            xml.element("DisplayName", &owner.display_name);
            xml.close();
            acl::write_owner(&mut xml, owner);
        }
        xml.element("StorageClass", answer.vocab.default_storage_class);
        xml.element("Initiated", iso_8601(upload.initiated));
        if let Some(algorithm) = upload.checksum_algorithm.filter(|_| !answer.is_oss()) {
            xml.element("ChecksumAlgorithm", algorithm.name());
            xml.element("ChecksumType", upload.checksum_type.name());
        }
        xml.close();
    }
    for prefix in &listed.common_prefixes {
        xml.open("CommonPrefixes");
        xml.element("Prefix", names.print(prefix));
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}
