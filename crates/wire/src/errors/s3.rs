//! S3's error table. Codes and messages are the vendor's.

use headwater_model::Error;
use headwater_model::bucket::Dialect;
use http::StatusCode as S;

use super::{CHECKSUM_PREFIX, Fault, row, versions};

pub(super) fn fault(error: &Error) -> Fault {
    match error {
        Error::InvalidBucketName { .. } => {
            row(S::BAD_REQUEST, "InvalidBucketName", "The specified bucket is not valid.")
        }
        Error::InvalidObjectName { .. } => row(S::BAD_REQUEST, "InvalidURI", "Couldn't parse the specified URI."),
        Error::KeyTooLong { .. } => row(S::BAD_REQUEST, "KeyTooLongError", "Your key is too long"),
        Error::NoSuchBucket { .. } => row(S::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist"),
        Error::NoSuchKey { .. } => row(S::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        Error::NoSuchVersion { .. } => row(S::NOT_FOUND, "NoSuchVersion", "The specified version does not exist."),
        Error::ObjectLocked { .. } => {
            row(S::FORBIDDEN, "AccessDenied", "Access Denied because object protected by object lock.")
        }
        Error::Version(error) => versions::fault(Dialect::S3, error),
        Error::NoSuchUpload { .. } => row(
            S::NOT_FOUND,
            "NoSuchUpload",
            "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been \
             aborted or completed.",
        ),
        Error::AppendPosition { .. } => {
            row(S::CONFLICT, "PositionNotEqualToLength", "Position is not equal to file length")
        }
        Error::NotAppendable { .. } => row(S::CONFLICT, "ObjectNotAppendable", "The object is not appendable"),
        Error::NotSymlink { .. } => row(S::BAD_REQUEST, "NotSymlink", "The object is not symlink"),
        Error::SymlinkTarget { is_link: false, .. } => {
            row(S::NOT_FOUND, "SymlinkTargetNotExist", "The symlink target object does not exist")
        }
        Error::SymlinkTarget { is_link: true, .. } => {
            row(S::BAD_REQUEST, "InvalidTargetType", "The symbolic's target object type is invalid")
        }
        Error::NoSuchLogFields { .. } => row(
            S::NOT_FOUND,
            "NoSuchUserDefinedLogFieldsConfig",
            "The specified bucket does not have a user defined log fields configuration.",
        ),
        Error::InvalidLogTarget { .. } => row(
            S::BAD_REQUEST,
            "InvalidTargetBucketForLogging",
            "The target bucket for logging does not exist, or is not owned by the owner of the bucket",
        ),
        Error::DeniedByReferer => row(S::FORBIDDEN, "AccessDenied", "You are denied by bucket referer policy."),
        Error::NoSuchLifecycle { .. } => {
            row(S::NOT_FOUND, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
        }
        Error::NoSuchEncryption { .. } => row(
            S::NOT_FOUND,
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
        Error::InvalidEncryptionAlgorithm { .. } => row(
            S::BAD_REQUEST,
            "InvalidEncryptionAlgorithmError",
            "The encryption request that you specified is not valid. The valid value is AES256.",
        ),
        Error::NoSuchCors { .. } => {
            row(S::NOT_FOUND, "NoSuchCORSConfiguration", "The CORS configuration does not exist.")
        }
        Error::CorsForbidden { enabled: false } => {
            row(S::FORBIDDEN, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
        }
        // The vendors' own spelling.
        Error::CorsForbidden { enabled: true } => row(
            S::FORBIDDEN,
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request \
             method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
             resource's CORS spec.",
        ),
        Error::NoSuchTagSet { .. } => row(S::NOT_FOUND, "NoSuchTagSet", "The TagSet does not exist"),
        Error::NoSuchWebsite { .. } => row(
            S::NOT_FOUND,
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
        ),
        Error::NoSuchBucketPolicy { .. } => row(S::NOT_FOUND, "NoSuchBucketPolicy", "The bucket policy does not exist"),
        Error::NoSuchPublicAccessBlock { .. } => row(
            S::NOT_FOUND,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ),
        Error::NoSuchOwnershipControls { .. } => {
            row(S::NOT_FOUND, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        }
        Error::AclsDisabled { .. } => {
            row(S::BAD_REQUEST, "AccessControlListNotSupported", "The bucket does not allow ACLs")
        }
        Error::AclForbidsOwnership { .. } => row(
            S::BAD_REQUEST,
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ),
        Error::UnresolvableEmail { .. } => row(
            S::BAD_REQUEST,
            "UnresolvableGrantByEmailAddress",
            "The email address you provided does not match any account on record.",
        ),
        Error::BucketAlreadyExists { .. } => row(
            S::CONFLICT,
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
             Please select a different name and try again.",
        ),
        Error::BucketAlreadyOwnedByYou { .. } => row(
            S::CONFLICT,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        ),
        Error::BucketNotEmpty { .. } => {
            row(S::CONFLICT, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        }
        Error::TooManyTombstones { .. } => row(S::BAD_REQUEST, "InvalidRequest", error.to_string()),
        Error::TooManyBuckets { .. } => {
            row(S::BAD_REQUEST, "TooManyBuckets", "You have attempted to create more buckets than allowed")
        }
        Error::AccessDenied { .. } => row(S::FORBIDDEN, "AccessDenied", "Access Denied"),
        Error::InvalidToken => {
            row(S::BAD_REQUEST, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        Error::ExpiredToken => row(S::BAD_REQUEST, "ExpiredToken", "The provided token has expired."),
        Error::InvalidAccessKeyId { .. } => {
            row(S::FORBIDDEN, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        }
        Error::SignatureMismatch(_) => row(
            S::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method.",
        ),
        Error::RequestTimeTooSkewed { .. } => row(
            S::FORBIDDEN,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        Error::RequestExpired { .. } => row(S::FORBIDDEN, "AccessDenied", "Request has expired"),
        _ => fault_of_request(error),
    }
}

/// What is wrong with the request itself.
fn fault_of_request(error: &Error) -> Fault {
    match error {
        Error::InvalidArgument { name, message, .. } => row(S::BAD_REQUEST, argument_code(name), message.to_string()),
        Error::MalformedPolicy { message } => row(S::BAD_REQUEST, "MalformedPolicy", message.to_string()),
        Error::InvalidRequest { message } => row(S::BAD_REQUEST, "InvalidRequest", message.to_string()),
        Error::MalformedForm { message } => row(
            S::BAD_REQUEST,
            "MalformedPOSTRequest",
            format!("The body of your POST request is not well-formed multipart/form-data: {message}."),
        ),
        Error::InvalidPolicy { message } => row(S::BAD_REQUEST, "InvalidPolicyDocument", message.to_string()),
        Error::PolicyViolated { message } => row(S::FORBIDDEN, "AccessDenied", message.to_string()),
        Error::InvalidTag { message } => row(S::BAD_REQUEST, "InvalidTag", message.to_string()),
        Error::MalformedXml { .. } => row(
            S::BAD_REQUEST,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
        Error::InvalidDigest { header, .. } => {
            row(S::BAD_REQUEST, "InvalidDigest", format!("The {header} you specified was invalid."))
        }
        Error::BadDigest { header, .. } if &**header == "x-amz-content-sha256" => row(
            S::BAD_REQUEST,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
        Error::BadDigest { header, .. } => row(S::BAD_REQUEST, "BadDigest", wrong_digest(header)),
        Error::IncompleteBody => row(S::BAD_REQUEST, "IncompleteBody", "The request body terminated unexpectedly"),
        Error::MissingContentLength => {
            row(S::LENGTH_REQUIRED, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        }
        Error::EntityTooLarge { .. } => {
            row(S::BAD_REQUEST, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        }
        Error::EntityTooSmall { .. } => {
            row(S::BAD_REQUEST, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        }
        Error::MetadataTooLarge { .. } => {
            row(S::BAD_REQUEST, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
        }
        Error::InvalidPart { .. } => row(
            S::BAD_REQUEST,
            "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
             specified entity tag may not match the part's entity tag.",
        ),
        Error::InvalidPartOrder => row(
            S::BAD_REQUEST,
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ),
        Error::NotArchived { .. } => {
            row(S::FORBIDDEN, "InvalidObjectState", "Restore is not allowed for the object's current storage class")
        }
        Error::PartNotSequential { .. } => row(
            S::BAD_REQUEST,
            "PartNotSequential",
            "For sequential multipart upload, you must upload or complete parts with sequential part number.",
        ),
        Error::PartAlreadyExists { .. } => {
            row(S::CONFLICT, "PartAlreadyExist", "For sequential multipart upload, you can't overwrite uploaded parts.")
        }
        Error::InvalidRange { .. } => {
            row(S::RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range is not satisfiable")
        }
        Error::NotModified => row(S::NOT_MODIFIED, "NotModified", "Not Modified"),
        // S3 has no other word for an object that must not be replaced.
        Error::PreconditionFailed { .. } | Error::RulesChanged { .. } | Error::ObjectExists { .. } => row(
            S::PRECONDITION_FAILED,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        ),
        Error::MethodNotAllowed { .. } => {
            row(S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        }
        Error::NotImplemented { .. } => row(
            S::NOT_IMPLEMENTED,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        ),
        _ => fault_of_server(error),
    }
}

/// What is wrong on this side. A failure of the origin that may pass is a 503, which SDKs try again; one that stays
/// keeps OSS's word, because S3 has none.
fn fault_of_server(error: &Error) -> Fault {
    match error {
        Error::MirrorFailed(failure) if failure.retry_after.is_some() => {
            row(S::SERVICE_UNAVAILABLE, "ServiceUnavailable", failure.message.to_string())
        }
        Error::MirrorFailed(failure) => row(S::FAILED_DEPENDENCY, "MirrorFailed", failure.message.to_string()),
        Error::SlowDown { .. } => row(S::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."),
        Error::StorageFull => {
            row(S::INSUFFICIENT_STORAGE, "InsufficientStorage", "There is no space left to store the object.")
        }
        Error::ClientGone => row(
            S::BAD_REQUEST,
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
        _ => row(S::INTERNAL_SERVER_ERROR, "InternalError", "We encountered an internal error. Please try again."),
    }
}

/// S3 has codes of their own for some arguments.
fn argument_code(name: &str) -> &'static str {
    match name {
        "Authorization" | "Credential" | "Region" => "AuthorizationHeaderMalformed",
        "LocationConstraint" => "InvalidLocationConstraint",
        "x-amz-website-redirect-location" => "InvalidRedirectLocation",
        "x-amz-storage-class" => "InvalidStorageClass",
        _ if name.starts_with("X-Amz-") => "AuthorizationQueryParametersError",
        _ => "InvalidArgument",
    }
}

/// S3 names a checksum by its algorithm alone.
fn wrong_digest(header: &str) -> String {
    match header.strip_prefix(CHECKSUM_PREFIX) {
        Some(algorithm) => {
            let algorithm = algorithm.to_ascii_uppercase();
            format!("The {algorithm} you specified did not match the calculated checksum.")
        }
        None => format!("The {header} you specified did not match what we received."),
    }
}
