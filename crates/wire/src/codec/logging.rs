//! Where a bucket's requests are written down, as a document of either vendor.

use headwater_model::body::Body;
use headwater_model::limits::{MAX_LOG_FIELDS, MAX_SETTING_BYTES};
use headwater_model::logging::{BucketLogging, LogFields, LogKeyFormat};
use headwater_model::op::Op;
use headwater_model::{BucketName, Error, Result};
use http::Response;

use super::{Answer, Request, not_implemented};
use crate::response::open_root;
use crate::xml::read::{malformed, parse_within};
use crate::xml::{Element, XmlWriter};

/// Longest beginning of the keys: what follows it has to fit too.
const MAX_PREFIX_BYTES: usize = 512;

/// An empty status means nowhere.
pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse_within(body, MAX_SETTING_BYTES)?;
    let root = document.root("BucketLoggingStatus")?.as_container()?;
    let enabled = root.container("LoggingEnabled")?.map(|enabled| read(request, enabled)).transpose()?;
    Ok(Op::PutBucketLogging(request.bucket(), enabled.map(Box::new)))
}

fn read(request: &Request<'_>, enabled: Element<'_>) -> Result<BucketLogging> {
    let target = enabled.required_text("TargetBucket")?.trim();
    let target = BucketName::parse(target).map_err(|_| Error::InvalidLogTarget { target: target.into() })?;
    let prefix = enabled.text("TargetPrefix")?.unwrap_or_default();
    if prefix.len() > MAX_PREFIX_BYTES {
        let message = format!("TargetPrefix has more than {MAX_PREFIX_BYTES} bytes.");
        return Err(Error::invalid_argument("TargetPrefix", prefix, message));
    }
    // S3 recommends policies instead. To ignore a grant would be to promise a right that nobody gets.
    if !request.is_oss() && enabled.child("TargetGrants").is_some_and(|grants| grants.elements().next().is_some()) {
        return Err(not_implemented("TargetGrants"));
    }
    let key_format = match enabled.container("TargetObjectKeyFormat")?.filter(|_| !request.is_oss()) {
        Some(format) => Some(key_format(format)?),
        None => None,
    };
    Ok(BucketLogging { dialect: request.routed.dialect, target, prefix: prefix.into(), key_format })
}

fn key_format(format: Element<'_>) -> Result<LogKeyFormat> {
    let mut kinds = format.elements();
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) if kind.name() == "SimplePrefix" => Ok(LogKeyFormat::Simple),
        (Some(kind), None) if kind.name() == "PartitionedPrefix" => match kind.text("PartitionDateSource")? {
            Some("EventTime") => Ok(LogKeyFormat::ByEventTime),
            Some("DeliveryTime") => Ok(LogKeyFormat::ByDeliveryTime),
            _ => Err(malformed("PartitionDateSource is neither EventTime nor DeliveryTime")),
        },
        _ => Err(malformed("TargetObjectKeyFormat has either SimplePrefix or PartitionedPrefix")),
    }
}

pub(super) fn encode(answer: &Answer<'_>, logging: Option<&BucketLogging>) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "BucketLoggingStatus");
    if let Some(logging) = logging {
        xml.open("LoggingEnabled");
        xml.element("TargetBucket", logging.target.as_str());
        xml.element("TargetPrefix", &logging.prefix);
        if let Some(format) = logging.key_format.filter(|_| !answer.is_oss()) {
            write_key_format(&mut xml, format);
        }
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}

fn write_key_format(xml: &mut XmlWriter, format: LogKeyFormat) {
    let source = match format {
        LogKeyFormat::Simple => None,
        LogKeyFormat::ByEventTime => Some("EventTime"),
        LogKeyFormat::ByDeliveryTime => Some("DeliveryTime"),
    };
    xml.open("TargetObjectKeyFormat");
    xml.open(if source.is_some() { "PartitionedPrefix" } else { "SimplePrefix" });
    xml.optional("PartitionDateSource", source);
    xml.close();
    xml.close();
}

/// OSS PutUserDefinedLogFieldsConfig.
pub(super) fn decode_fields(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse_within(body, MAX_SETTING_BYTES)?;
    let root = document.root("UserDefinedLogFieldsConfiguration")?.as_container()?;
    let fields =
        LogFields { headers: names(root, "HeaderSet", "header")?, parameters: names(root, "ParamSet", "parameter")? };
    Ok(Op::PutLogFields(request.bucket(), Box::new(fields)))
}

fn names(root: Element<'_>, set: &str, name: &str) -> Result<Vec<Box<str>>> {
    let Some(set_element) = root.container(set)? else { return Ok(Vec::new()) };
    let names = set_element.children(name).map(|element| Ok(element.value()?.trim().into()));
    let names = names.collect::<Result<Vec<Box<str>>>>()?;
    if names.len() > MAX_LOG_FIELDS || names.iter().any(|name| name.is_empty()) {
        return Err(Error::invalid_argument(set, "", format!("{set} has at most {MAX_LOG_FIELDS} names, none empty.")));
    }
    Ok(names)
}

pub(super) fn encode_fields(fields: &LogFields) -> XmlWriter {
    let mut xml = XmlWriter::new();
    xml.open("UserDefinedLogFieldsConfiguration");
    for (set, name, names) in [("HeaderSet", "header", &fields.headers), ("ParamSet", "parameter", &fields.parameters)]
    {
        xml.open(set);
        for text in names {
            xml.element(name, text);
        }
        xml.close();
    }
    xml.close();
    xml
}
