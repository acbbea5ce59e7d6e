//! Encryption by the server: what requests ask for, what answers tell, and what buckets do by default.
//!
//! Guarantees: a request that asks for encryption which is not offered (KMS, SM4) or that contradicts itself is refused, on
//! every operation; a customer's key is taken only with the MD5 that proves it whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::encryption::{AES256, BucketEncryption, CustomerKey, KEY_BYTES, KeyHolder, WriteEncryption};
use headwater_model::object::ObjectMeta;
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::{Answer, Request, not_implemented};
use crate::fields::first;
use crate::operation::Operation;
use crate::response::open_root;
use crate::xml::read::malformed;
use crate::xml::{Document, Element, XmlWriter, parse};

const S3: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const OSS: HeaderName = HeaderName::from_static("x-oss-server-side-encryption");
const KMS_KEY_ID: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const CUSTOMER_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-customer-algorithm");
const CUSTOMER_KEY_MD5: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-customer-key-md5");

/// The three headers of a customer's key: algorithm, key, MD5 of the key.
type Names = [&'static str; 3];

/// The header, or field of a form, that is a customer's key: no message shows it.
pub(crate) const CUSTOMER_KEY: &str = "x-amz-server-side-encryption-customer-key";

const OF_OBJECT: Names =
    ["x-amz-server-side-encryption-customer-algorithm", CUSTOMER_KEY, "x-amz-server-side-encryption-customer-key-md5"];
const OF_SOURCE: Names = [
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
];

/// Whether a request asks for encryption in any way.
pub(super) fn is_asked_for(request: &Request<'_>) -> bool {
    let own = if request.is_oss() { OSS } else { S3 };
    request.fields.has(own.as_str()) || (!request.is_oss() && request.fields.has(OF_OBJECT[0]))
}

/// What the writer of an object asks for.
///
/// # Errors
/// [`Error::NotImplemented`] for KMS and SM4; [`Error::InvalidArgument`], [`Error::InvalidRequest`].
pub(super) fn of_write(request: &Request<'_>) -> Result<WriteEncryption> {
    refuse_two_kinds(request)?;
    let is_managed = asks_for_managed(request)?;
    match customer_key(request)? {
        Some(key) => Ok(WriteEncryption::Customer(key)),
        None if is_managed => Ok(WriteEncryption::Managed),
        None => Ok(WriteEncryption::BucketDefault),
    }
}

/// S3: a customer's key and a key of the server's contradict each other, whatever the server's is.
fn refuse_two_kinds(request: &Request<'_>) -> Result<()> {
    let name = S3;
    let own = name.as_str();
    if request.is_oss() || !request.fields.has(own) || !OF_OBJECT.iter().any(|name| request.fields.has(name)) {
        return Ok(());
    }
    let message =
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
    Err(invalid(own, request.fields.get(own)?.unwrap_or_default(), message))
}

fn asks_for_managed(request: &Request<'_>) -> Result<bool> {
    let name = if request.is_oss() { OSS } else { S3 };
    let asked = request.fields.get(name.as_str())?;
    if !request.is_oss() && request.fields.has(KMS_KEY_ID) && !asked.is_some_and(is_kms) {
        let message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption \
                       : aws:kms";
        return Err(invalid(name.as_str(), asked.unwrap_or_default(), message));
    }
    match asked {
        None => Ok(false),
        Some(AES256) => Ok(true),
        Some(other) => Err(unoffered(name.as_str(), other, request.is_oss())),
    }
}

fn is_kms(algorithm: &str) -> bool {
    matches!(algorithm, "aws:kms" | "aws:kms:dsse" | "KMS")
}

/// Why an algorithm other than AES256 is refused.
fn unoffered(name: &str, algorithm: &str, is_oss: bool) -> Error {
    let is_known =
        if is_oss { matches!(algorithm, "KMS" | "SM4") } else { is_kms(algorithm) || algorithm == "aws:fsx" };
    if is_known {
        return not_implemented(&format!("{name}: {algorithm}"));
    }
    if is_oss {
        return Error::InvalidEncryptionAlgorithm { algorithm: algorithm.into() };
    }
    invalid(name, algorithm, "The encryption method specified is not supported")
}

/// S3: the key of the object, as its writer and all its readers send it.
///
/// # Errors
/// [`Error::InvalidArgument`] if one of the three headers is missing or wrong.
pub(super) fn customer_key(request: &Request<'_>) -> Result<Option<CustomerKey>> {
    if request.is_oss() { Ok(None) } else { key_of(request, OF_OBJECT) }
}

/// S3: the key of the source of a copy.
///
/// # Errors
/// As [`customer_key`].
pub(super) fn source_customer_key(request: &Request<'_>) -> Result<Option<CustomerKey>> {
    if request.is_oss() { Ok(None) } else { key_of(request, OF_SOURCE) }
}

const NEEDS: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide ";

fn key_of(request: &Request<'_>, names: Names) -> Result<Option<CustomerKey>> {
    let (algorithm, md5) = (request.fields.get(names[0])?, request.fields.get(names[2])?);
    // Never of a URL, which logs show.
    let key = first(&request.parts.headers, names[1]).map(|value| value.to_str().unwrap_or_default());
    if algorithm.is_none() && key.is_none() && md5.is_none() {
        return Ok(None);
    }
    let missing = |name: &str, what: &str| invalid(name, "", &format!("{NEEDS}{what}."));
    let algorithm = algorithm.ok_or_else(|| missing(names[0], "a valid encryption algorithm"))?;
    if algorithm != AES256 {
        return Err(Error::InvalidEncryptionAlgorithm { algorithm: algorithm.into() });
    }
    let key = key.ok_or_else(|| missing(names[1], "an appropriate secret key"))?;
    let sent_md5 = md5.ok_or_else(|| missing(names[2], "the client calculated MD5 of the secret key"))?;
    // The key is in no answer and no message.
    let bytes = zeroize::Zeroizing::new(BASE64.decode(key).unwrap_or_default());
    let Ok(bytes) = <[u8; KEY_BYTES]>::try_from(&bytes[..]) else {
        return Err(invalid(names[1], "", "The secret key was invalid for the specified algorithm."));
    };
    let md5 = fast_md5::digest(&bytes);
    if BASE64.decode(sent_md5).ok().as_deref() != Some(&md5[..]) {
        let message = "The calculated MD5 hash of the key did not match the hash that was provided.";
        return Err(invalid(names[2], sent_md5, message));
    }
    Ok(Some(CustomerKey::new(bytes, md5)))
}

fn invalid(name: &str, value: &str, message: &str) -> Error {
    Error::invalid_argument(name, value, message)
}

/// Only what makes an object can be asked to encrypt it (both vendors).
///
/// # Errors
/// [`Error::InvalidArgument`].
pub(super) fn refuse_elsewhere(request: &Request<'_>) -> Result<()> {
    let makes_object = matches!(
        request.routed.operation,
        Operation::PutObject | Operation::AppendObject | Operation::CopyObject | Operation::CreateMultipartUpload
    );
    let name = if request.is_oss() { OSS } else { S3 };
    if makes_object || !request.fields.has(name.as_str()) {
        return Ok(());
    }
    let value = request.fields.get(name.as_str())?.unwrap_or_default();
    Err(invalid(name.as_str(), value, &format!("{name} header is not supported for this operation.")))
}

/// Adds what an answer tells of an object that is encrypted.
pub(super) fn put(headers: &mut HeaderMap, dialect: Dialect, meta: &ObjectMeta) {
    if let Some(encryption) = &meta.composition.encryption {
        put_holder(headers, dialect, encryption.holder);
    }
}

/// As [`put`]. OSS has no word for a customer's key.
pub(super) fn put_holder(headers: &mut HeaderMap, dialect: Dialect, holder: KeyHolder) {
    const VALUE: HeaderValue = HeaderValue::from_static(AES256);
    match (holder, dialect) {
        (KeyHolder::Server, Dialect::Oss) => {
            headers.insert(OSS, VALUE);
        }
        (KeyHolder::Server, Dialect::S3) => {
            headers.insert(S3, VALUE);
        }
        (KeyHolder::Customer { key_md5 }, Dialect::S3) => {
            headers.insert(CUSTOMER_ALGORITHM, VALUE);
            let md5 = HeaderValue::try_from(BASE64.encode(key_md5)).expect("base64 is visible ascii");
            headers.insert(CUSTOMER_KEY_MD5, md5);
        }
        (KeyHolder::Customer { .. }, Dialect::Oss) => {}
    }
}

/// PutBucketEncryption.
pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let configuration = if request.is_oss() { read_oss(&document)? } else { read_s3(&document)? };
    Ok(Op::PutBucketEncryption(request.bucket(), configuration))
}

fn read_s3(document: &Document<'_>) -> Result<BucketEncryption> {
    let root = document.root("ServerSideEncryptionConfiguration")?.as_container()?;
    let mut rules = root.children("Rule");
    let (Some(rule), None) = (rules.next(), rules.next()) else {
        return Err(malformed("there is exactly one Rule"));
    };
    let by_default = rule.container("ApplyServerSideEncryptionByDefault")?;
    let by_default = by_default.ok_or_else(|| malformed("ApplyServerSideEncryptionByDefault is missing"))?;
    let algorithm = by_default.required_text("SSEAlgorithm")?.trim();
    check_algorithm(algorithm, false)?;
    if by_default.text("KMSMasterKeyID")?.is_some() {
        let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(invalid("KMSMasterKeyID", "", message));
    }
    refuse_blocking(rule)?;
    let bucket_key = rule.boolean("BucketKeyEnabled")?;
    Ok(BucketEncryption { bucket_key })
}

/// A rule may forbid kinds of encryption (`BlockedEncryptionTypes`); none is forbidden here.
fn refuse_blocking(rule: Element<'_>) -> Result<()> {
    const NAME: &str = "BlockedEncryptionTypes";
    let Some(blocked) = rule.container(NAME)? else { return Ok(()) };
    for kind in blocked.children("EncryptionType") {
        if kind.value()?.trim() != "NONE" {
            return Err(not_implemented(NAME));
        }
    }
    Ok(())
}

fn read_oss(document: &Document<'_>) -> Result<BucketEncryption> {
    let root = document.root("ServerSideEncryptionRule")?.as_container()?;
    let by_default = root.container("ApplyServerSideEncryptionByDefault")?;
    let by_default = by_default.ok_or_else(|| malformed("ApplyServerSideEncryptionByDefault is missing"))?;
    check_algorithm(by_default.required_text("SSEAlgorithm")?.trim(), true)?;
    for name in ["KMSMasterKeyID", "KMSDataEncryption"] {
        if by_default.text(name)?.is_some_and(|text| !text.trim().is_empty()) {
            return Err(not_implemented(name));
        }
    }
    Ok(BucketEncryption::default())
}

fn check_algorithm(algorithm: &str, is_oss: bool) -> Result<()> {
    match unoffered("SSEAlgorithm", algorithm, is_oss) {
        _ if algorithm == AES256 => Ok(()),
        Error::InvalidEncryptionAlgorithm { .. } | Error::InvalidArgument { .. } => {
            Err(malformed("SSEAlgorithm is not one that there is"))
        }
        error => Err(error),
    }
}

/// GetBucketEncryption.
pub(super) fn encode(answer: &Answer<'_>, encryption: BucketEncryption) -> Response<Body> {
    let root = if answer.is_oss() { "ServerSideEncryptionRule" } else { "ServerSideEncryptionConfiguration" };
    let mut xml = open_root(answer.vocab, root);
    if answer.is_oss() {
        write_default(&mut xml);
    } else {
        xml.open("Rule");
        write_default(&mut xml);
        if let Some(enabled) = encryption.bucket_key {
            xml.element("BucketKeyEnabled", enabled);
        }
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}

fn write_default(xml: &mut XmlWriter) {
    xml.open("ApplyServerSideEncryptionByDefault");
    xml.element("SSEAlgorithm", AES256);
    xml.close();
}
