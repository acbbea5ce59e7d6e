//! Settings of a bucket that are told as of a bucket for which nobody made them, and who pays for requests.

use headwater_model::body::Body;
use headwater_model::op::Op;
use headwater_model::reply::BucketStat;
use headwater_model::{Error, Result};
use http::Response;

use super::{Answer, Request};
use crate::operation::Operation;
use crate::response::open_root;
use crate::xml::parse;

/// RequestPaymentConfiguration.
pub(super) fn decode_payer(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let payer = document.root("RequestPaymentConfiguration")?.as_container()?.required_text("Payer")?.trim();
    let requester_pays = match payer {
        "BucketOwner" => false,
        "Requester" => true,
        _ => return Err(Error::MalformedXml { message: "the payer is neither BucketOwner nor Requester".into() }),
    };
    Ok(Op::PutBucketRequestPayment(request.bucket(), requester_pays))
}

pub(super) fn encode_payer(answer: &Answer<'_>, requester_pays: bool) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "RequestPaymentConfiguration");
    xml.element("Payer", if requester_pays { "Requester" } else { "BucketOwner" });
    xml.close();
    answer.xml(xml)
}

/// The document of a setting that was never made; `None` for operations that have none.
pub(super) fn encode_unset(answer: &Answer<'_>) -> Option<Response<Body>> {
    let root = match answer.routed.operation {
        Operation::GetBucketNotification => "NotificationConfiguration",
        Operation::GetBucketAccelerate => "AccelerateConfiguration",
        Operation::ListLiveChannels => "ListLiveChannelResult",
        _ => return None,
    };
    let mut xml = open_root(answer.vocab, root);
    if answer.routed.operation == Operation::ListLiveChannels {
        let query = |name: &str| answer.routed.queries.get(name);
        xml.element("Prefix", query("prefix").unwrap_or_default());
        xml.element("Marker", query("marker").unwrap_or_default());
        xml.element("MaxKeys", query("max-keys").unwrap_or("100"));
        xml.element("IsTruncated", false);
        xml.element("NextMarker", "");
    }
    xml.close();
    Some(answer.xml(xml))
}

/// OSS GetBucketStat. Every class of storage is told, those without an object too.
pub(super) fn encode_stat(answer: &Answer<'_>, stat: &BucketStat) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "BucketStat");
    xml.element("Storage", stat.size_bytes);
    xml.element("ObjectCount", stat.objects);
    xml.element("MultipartUploadCount", stat.uploads);
    xml.element("LiveChannelCount", 0);
    xml.element("LastModifiedTime", stat.at.seconds());
    for (class, storage, real, count) in [
        ("Standard", "StandardStorage", None, "StandardObjectCount"),
        ("IA", "InfrequentAccessStorage", Some("InfrequentAccessRealStorage"), "InfrequentAccessObjectCount"),
        ("Archive", "ArchiveStorage", Some("ArchiveRealStorage"), "ArchiveObjectCount"),
        ("ColdArchive", "ColdArchiveStorage", Some("ColdArchiveRealStorage"), "ColdArchiveObjectCount"),
        ("DeepColdArchive", "DeepColdArchiveStorage", Some("DeepColdArchiveRealStorage"), "DeepColdArchiveObjectCount"),
    ] {
        let of_class = stat
            .classes
            .iter()
            .filter(|(stored, ..)| super::storage_class::shown(stored.as_deref(), answer.vocab) == class);
        let (objects, size_bytes) =
            of_class.fold((0, 0), |(objects, bytes), (_, more, size_bytes)| (objects + more, bytes + size_bytes));
        xml.element(storage, size_bytes);
        if let Some(real) = real {
            xml.element(real, size_bytes);
        }
        xml.element(count, objects);
    }
    xml.element("DeleteMarkerCount", stat.markers);
    xml.close();
    answer.xml(xml)
}
