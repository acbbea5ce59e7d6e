//! The words in which the two V4 vocabularies differ.

use headwater_model::bucket::Dialect;

use crate::sign::scheme::Scheme;

/// A vendor's words for V4.
#[derive(Debug)]
pub(in crate::sign) struct Style {
    pub(in crate::sign) dialect: Dialect,
    pub(in crate::sign) algorithm: &'static str,
    /// Stands before the secret in the first step of the key.
    pub(in crate::sign) secret_prefix: &'static str,
    pub(in crate::sign) terminator: &'static str,
    /// Accepted services; the first is ours when signing.
    pub(in crate::sign) services: &'static [&'static str],
    pub(in crate::sign) header_scheme: Scheme,
    pub(in crate::sign) query_scheme: Scheme,
    /// The component of the `Authorization` header that lists header names.
    pub(in crate::sign) header_names_field: &'static str,
    pub(in crate::sign) header_names_required: bool,
    pub(in crate::sign) date_header: &'static str,
    pub(in crate::sign) content_header: &'static str,
    pub(in crate::sign) token_header: &'static str,
    pub(in crate::sign) query: QueryNames,
}

/// The parameters of a presigned URL.
#[derive(Debug)]
pub(in crate::sign) struct QueryNames {
    pub(in crate::sign) algorithm: &'static str,
    pub(in crate::sign) credential: &'static str,
    pub(in crate::sign) date: &'static str,
    pub(in crate::sign) expires: &'static str,
    pub(in crate::sign) header_names: &'static str,
    pub(in crate::sign) signature: &'static str,
    pub(in crate::sign) token: &'static str,
    pub(in crate::sign) content: &'static str,
}

/// AWS SigV4 for S3.
pub(in crate::sign) static AWS: Style = Style {
    dialect: Dialect::S3,
    algorithm: "AWS4-HMAC-SHA256",
    secret_prefix: "AWS4",
    terminator: "aws4_request",
    services: &["s3"],
    header_scheme: Scheme::SigV4Header,
    query_scheme: Scheme::SigV4Query,
    header_names_field: "SignedHeaders",
    header_names_required: true,
    date_header: "x-amz-date",
    content_header: "x-amz-content-sha256",
    token_header: "x-amz-security-token",
    query: QueryNames {
        algorithm: "X-Amz-Algorithm",
        credential: "X-Amz-Credential",
        date: "X-Amz-Date",
        expires: "X-Amz-Expires",
        header_names: "X-Amz-SignedHeaders",
        signature: "X-Amz-Signature",
        token: "X-Amz-Security-Token",
        content: "X-Amz-Content-Sha256",
    },
};

/// OSS V4.
pub(in crate::sign) static OSS: Style = Style {
    dialect: Dialect::Oss,
    algorithm: "OSS4-HMAC-SHA256",
    secret_prefix: "aliyun_v4",
    terminator: "aliyun_v4_request",
    services: &["oss", "oss-cloudbox"],
    header_scheme: Scheme::OssV4Header,
    query_scheme: Scheme::OssV4Query,
    header_names_field: "AdditionalHeaders",
    header_names_required: false,
    date_header: "x-oss-date",
    content_header: "x-oss-content-sha256",
    token_header: "x-oss-security-token",
    query: QueryNames {
        algorithm: "x-oss-signature-version",
        credential: "x-oss-credential",
        date: "x-oss-date",
        expires: "x-oss-expires",
        header_names: "x-oss-additional-headers",
        signature: "x-oss-signature",
        token: "x-oss-security-token",
        content: "x-oss-content-sha256",
    },
};

/// The vocabulary of a dialect.
pub(in crate::sign) fn style_of(dialect: Dialect) -> &'static Style {
    match dialect {
        Dialect::S3 => &AWS,
        Dialect::Oss => &OSS,
    }
}
