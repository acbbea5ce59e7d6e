//! The PutObject that a form stands for.

use headwater_model::bucket::Dialect;
use headwater_model::rule::SECRET_MASK;
use headwater_model::{Error, Result};
use http::header::{CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Form;
use crate::codec;
use crate::operation::Operation;
use crate::route::{Routed, parse_new_key};
use crate::vocab::Vocab;

/// Fields that are headers of an object under their own name.
const HEADERS: [&str; 7] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "content-md5",
];

const OSS_CONTENT_TYPE: &str = "x-oss-content-type";

/// Fields of the signature that begin like headers.
const SIGNATURE: [&str; 10] = [
    "x-amz-signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-security-token",
];

impl Form {
    /// The request for [`crate::decode`], from the form's own request and in the words of `dialect`. Its body is the file,
    /// of a length that nobody knows.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] without a key or for a field that cannot be a header; what is wrong with the key or the
    /// tags.
    pub fn request(&self, parts: &Parts, routed: &Routed, dialect: Dialect) -> Result<(Routed, Parts)> {
        let key = self.key().filter(|key| !key.is_empty()).ok_or_else(|| {
            Error::invalid_argument("key", "", "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.")
        })?;
        let key = parse_new_key(&key, dialect)?;
        let mut head = parts.clone();
        head.method = Method::PUT;
        head.headers = self.headers(parts, dialect)?;
        let routed = Routed {
            dialect,
            method: Method::PUT,
            key: Some(key),
            operation: Operation::PutObject,
            queries: crate::Queries::default(),
            ..routed.clone()
        };
        Ok((routed, head))
    }

    fn headers(&self, parts: &Parts, dialect: Dialect) -> Result<HeaderMap> {
        let vocab = Vocab::of(dialect);
        let mut headers = HeaderMap::new();
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        headers.extend(parts.headers.get(HOST).map(|host| (HOST, host.clone())));
        for (name, value) in &self.fields {
            let name = match &**name {
                "acl" if dialect == Dialect::S3 => vocab.headers.object_acl,
                "tagging" if dialect == Dialect::S3 => {
                    let tags = codec::tagging_header(value)?;
                    put(&mut headers, vocab.headers.tagging, &tags)?;
                    continue;
                }
                // Whoever asks for a callback waits for it.
                "callback" | "callback-var" if dialect == Dialect::Oss => return Err(codec::not_implemented(name)),
                // See below.
                "content-type" | OSS_CONTENT_TYPE if dialect == Dialect::Oss => continue,
                name if HEADERS.contains(&name) || is_own(name, dialect) => name,
                _ => continue,
            };
            put(&mut headers, name, value)?;
        }
        if let (Dialect::Oss, Some(kind)) = (dialect, self.content_type(dialect)) {
            put(&mut headers, CONTENT_TYPE.as_str(), kind)?;
        }
        Ok(headers)
    }

    /// The type that the object will have: with OSS that of the file's part comes before the field of this name, because
    /// browsers know the file, and a field of its own before both.
    pub(super) fn content_type(&self, dialect: Dialect) -> Option<&str> {
        let field = self.get(CONTENT_TYPE.as_str());
        match dialect {
            Dialect::Oss => self.get(OSS_CONTENT_TYPE).or(self.file_type.as_deref()).or(field),
            Dialect::S3 => field,
        }
    }
}

fn is_own(name: &str, dialect: Dialect) -> bool {
    let prefix = if dialect == Dialect::S3 { "x-amz-" } else { "x-oss-" };
    name.starts_with(prefix) && !SIGNATURE.contains(&name)
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<()> {
    let pair = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()));
    let (Ok(header), Ok(value)) = pair else {
        let shown = if name == codec::CUSTOMER_KEY { SECRET_MASK } else { value };
        return Err(Error::invalid_argument(name, shown, "The field cannot be a header."));
    };
    if !headers.contains_key(&header) {
        headers.insert(header, value);
    }
    Ok(())
}
