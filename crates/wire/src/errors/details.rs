//! The elements that an error's document carries beside code and message: what was wrong with which value.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::error::{SignatureMismatch, VersionError};
use headwater_model::limits::MAX_CLOCK_SKEW;

use super::{CHECKSUM_PREFIX, ErrorContext};
use crate::date::iso_8601;

/// Element and text.
pub(super) type Detail<'a> = (&'static str, Cow<'a, str>);

pub(super) fn of<'a>(dialect: Dialect, error: &'a Error, context: &ErrorContext<'a>) -> Vec<Detail<'a>> {
    match error {
        Error::InvalidBucketName { name: bucket }
        | Error::NoSuchBucket { bucket }
        | Error::NoSuchWebsite { bucket }
        | Error::NoSuchTagSet { bucket }
        | Error::NoSuchCors { bucket }
        | Error::NoSuchEncryption { bucket }
        | Error::NoSuchLifecycle { bucket }
        | Error::NoSuchLogFields { bucket }
        | Error::InvalidLogTarget { target: bucket }
        | Error::NoSuchBucketPolicy { bucket }
        | Error::NoSuchPublicAccessBlock { bucket }
        | Error::NoSuchOwnershipControls { bucket }
        | Error::AclsDisabled { bucket }
        | Error::AclForbidsOwnership { bucket }
        | Error::BucketAlreadyExists { bucket }
        | Error::BucketAlreadyOwnedByYou { bucket }
        | Error::BucketNotEmpty { bucket } => vec![("BucketName", text(bucket))],
        Error::NoSuchKey { .. } | Error::ObjectExists { .. } | Error::InvalidObjectName { .. } => key(error, context),
        Error::KeyTooLong { size_bytes, limit_bytes } => {
            vec![("Size", size_bytes.to_string().into()), ("MaxSizeAllowed", limit_bytes.to_string().into())]
        }
        Error::NoSuchUpload { upload_id } => vec![("UploadId", text(upload_id))],
        Error::InvalidAccessKeyId { access_key_id } => vec![(access_key_name(dialect), text(access_key_id))],
        Error::SignatureMismatch(mismatch) => signature(dialect, mismatch),
        Error::RequestTimeTooSkewed { request_time, server_time } => vec![
            ("RequestTime", date(*request_time)),
            ("ServerTime", date(*server_time)),
            ("MaxAllowedSkewMilliseconds", MAX_CLOCK_SKEW.as_millis().to_string().into()),
        ],
        Error::RequestExpired { expires, server_time } => {
            vec![("Expires", date(*expires)), ("ServerTime", date(*server_time))]
        }
        Error::NoSuchVersion { key, version } | Error::ObjectLocked { key, version } => {
            vec![("Key", text(key)), ("VersionId", version.to_string().into())]
        }
        Error::Version(error) => version(error),
        Error::MirrorFailed(failure) => {
            let mut details = key(error, context);
            if context.owner {
                details.push(("Reason", failure.reason.into()));
                details.extend(failure.origin_status.map(|status| ("OriginStatus", status.to_string().into())));
            }
            details
        }
        Error::BadDigest { header, announced, computed } if dialect == Dialect::S3 => {
            digests(header, announced, computed, is_of_object(context))
        }
        _ => of_value(error),
    }
}

/// S3 has other elements for each kind of digest, and none for checksums.
fn digests<'a>(header: &str, announced: &'a str, computed: &'a str, of_object: bool) -> Vec<Detail<'a>> {
    if header.starts_with(CHECKSUM_PREFIX) {
        return Vec::new();
    }
    if header == "x-amz-content-sha256" {
        return vec![("ClientComputedContentSHA256", text(announced)), ("S3ComputedContentSHA256", text(computed))];
    }
    let expected = BASE64.decode(announced).ok().filter(|_| of_object).map_or_else(|| text(announced), hexadecimal);
    vec![("ExpectedDigest", expected), ("CalculatedDigest", text(computed))]
}

/// S3 tells the MD5 that an object or a part was to have in hexadecimal, of a document in base64.
fn is_of_object(context: &ErrorContext<'_>) -> bool {
    context.method == http::Method::PUT && context.key.is_some()
}

fn hexadecimal<'a>(bytes: Vec<u8>) -> Cow<'a, str> {
    hex::encode(bytes).into()
}

fn version(error: &VersionError) -> Vec<Detail<'_>> {
    match error {
        VersionError::Deleted { key, .. } | VersionError::NoLock { key } => {
            vec![("Key", text(key))]
        }
        VersionError::IsMarker { .. } => vec![("Method", "GET".into()), ("ResourceType", "DeleteMarker".into())],
        VersionError::NoLockConfiguration { bucket } => vec![("BucketName", text(bucket))],
        _ => Vec::new(),
    }
}

/// The value that was wrong.
fn of_value(error: &Error) -> Vec<Detail<'_>> {
    match error {
        Error::InvalidArgument { name, value, .. } => {
            vec![("ArgumentName", text(name)), ("ArgumentValue", text(value))]
        }
        Error::MalformedXml { message } => vec![("ErrorDetail", text(message))],
        Error::InvalidDigest { header, value } => vec![("Header", text(header)), ("ArgumentValue", text(value))],
        Error::BadDigest { header, announced, computed } => {
            vec![("Header", text(header)), ("ExpectedDigest", text(announced)), ("CalculatedDigest", text(computed))]
        }
        Error::EntityTooLarge { size_bytes, limit_bytes } => {
            vec![("ProposedSize", size_bytes.to_string().into()), ("MaxSizeAllowed", limit_bytes.to_string().into())]
        }
        Error::EntityTooSmall { part_number, size_bytes, limit_bytes } => vec![
            ("PartNumber", part_number.to_string().into()),
            ("ProposedSize", size_bytes.to_string().into()),
            ("MinSizeAllowed", limit_bytes.to_string().into()),
        ],
        Error::MetadataTooLarge { size_bytes, limit_bytes } => {
            vec![("Size", size_bytes.to_string().into()), ("MaxSizeAllowed", limit_bytes.to_string().into())]
        }
        Error::InvalidPart { part_number, upload_id } => {
            vec![("UploadId", text(upload_id)), ("PartNumber", part_number.to_string().into())]
        }
        Error::PartNotSequential { part_number } | Error::PartAlreadyExists { part_number } => {
            vec![("PartNumber", part_number.to_string().into())]
        }
        Error::InvalidRange { range, size_bytes } => {
            vec![("RangeRequested", text(range)), ("ActualObjectSize", size_bytes.to_string().into())]
        }
        Error::PreconditionFailed { condition } => vec![("Condition", Cow::Borrowed(condition))],
        Error::MethodNotAllowed { method, resource } => {
            vec![("Method", text(method)), ("ResourceType", Cow::Borrowed(resource))]
        }
        Error::NotImplemented { what } => vec![("Header", text(what))],
        _ => Vec::new(),
    }
}

/// The key that the request names, else the one that the error names.
fn key<'a>(error: &'a Error, context: &ErrorContext<'a>) -> Vec<Detail<'a>> {
    let named: Option<&str> = match error {
        Error::NoSuchKey { key, .. } | Error::ObjectExists { key } | Error::InvalidObjectName { key } => Some(key),
        _ => None,
    };
    context.key.or(named).map(|key| ("Key", text(key))).into_iter().collect()
}

fn signature(dialect: Dialect, mismatch: &SignatureMismatch) -> Vec<Detail<'_>> {
    let mut details = vec![
        (access_key_name(dialect), text(&mismatch.access_key_id)),
        ("SignatureProvided", text(&mismatch.provided)),
        ("StringToSign", text(&mismatch.string_to_sign)),
        ("StringToSignBytes", hex_bytes(&mismatch.string_to_sign).into()),
    ];
    if let Some(canonical) = &mismatch.canonical_request {
        details.push(("CanonicalRequest", text(canonical)));
        if dialect == Dialect::S3 {
            details.push(("CanonicalRequestBytes", hex_bytes(canonical).into()));
        }
    }
    details
}

fn access_key_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oss => "OSSAccessKeyId",
        Dialect::S3 => "AWSAccessKeyId",
    }
}

/// Bytes in hex, separated by spaces.
fn hex_bytes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        let gap = if out.is_empty() { "" } else { " " };
        write!(out, "{gap}{byte:02X}").expect("writing to a string cannot fail");
    }
    out
}

fn text(value: &str) -> Cow<'_, str> {
    Cow::Borrowed(value)
}

fn date(at: Timestamp) -> Cow<'static, str> {
    iso_8601(at).to_string().into()
}
