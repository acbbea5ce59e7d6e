//! OSS's error table. Codes and messages are the vendor's; an EC stands only where it is documented.

use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_model::error::MirrorFailureKind;
use http::StatusCode as S;

use super::{Fault, row, versions};

pub(super) fn fault(error: &Error) -> Fault {
    let row = row_of(error);
    Fault { ec: ec(error).or(row.ec), ..row }
}

fn row_of(error: &Error) -> Fault {
    match error {
        Error::InvalidBucketName { .. } => {
            row(S::BAD_REQUEST, "InvalidBucketName", "The specified bucket is not valid.")
        }
        Error::InvalidObjectName { .. } | Error::KeyTooLong { .. } => {
            row(S::BAD_REQUEST, "InvalidObjectName", "The specified object is not valid.")
        }
        Error::NoSuchBucket { .. } => row(S::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist."),
        Error::NoSuchKey { .. } => row(S::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        Error::NoSuchVersion { .. } => row(S::NOT_FOUND, "NoSuchVersion", "The specified version does not exist."),
        Error::ObjectLocked { .. } => row(S::CONFLICT, "FileImmutable", "The object you specified is immutable."),
        Error::Version(error) => versions::fault(Dialect::Oss, error),
        Error::NoSuchUpload { .. } => row(
            S::NOT_FOUND,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
             completed.",
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
        Error::NoSuchLifecycle { .. } => row(S::NOT_FOUND, "NoSuchLifecycle", "No Row found in Lifecycle Table."),
        Error::NoSuchEncryption { .. } => {
            row(S::NOT_FOUND, "NoSuchServerSideEncryptionRule", "The server side encryption rule is not configured.")
        }
        Error::InvalidEncryptionAlgorithm { .. } => {
            row(S::BAD_REQUEST, "InvalidEncryptionAlgorithmError", "The Encryption Algorithm is not supported.")
        }
        Error::NoSuchCors { .. } => {
            row(S::NOT_FOUND, "NoSuchCORSConfiguration", "The CORS Configuration does not exist.")
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
        Error::NoSuchTagSet { .. } => row(S::NOT_FOUND, "NoSuchTagSet", "The TagSet does not exist."),
        Error::NoSuchWebsite { .. } => row(
            S::NOT_FOUND,
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration.",
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
        Error::BucketAlreadyOwnedByYou { .. } => {
            row(S::CONFLICT, "BucketAlreadyExists", "The bucket you try to create already exists.")
        }
        Error::BucketNotEmpty { .. } => {
            row(S::CONFLICT, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
        }
        Error::TooManyTombstones { .. } => row(S::BAD_REQUEST, "InvalidRequest", error.to_string()),
        Error::TooManyBuckets { .. } => {
            row(S::BAD_REQUEST, "TooManyBuckets", "You have attempted to create more buckets than allowed.")
        }
        Error::AccessDenied { .. } => {
            row(S::FORBIDDEN, "AccessDenied", "You have no right to access this object because of bucket acl.")
        }
        Error::InvalidToken => row(S::FORBIDDEN, "InvalidSecurityToken", "The security token you provided is invalid."),
        Error::ExpiredToken => {
            row(S::FORBIDDEN, "SecurityTokenExpired", "The security token you provided has expired.")
        }
        Error::InvalidAccessKeyId { .. } => {
            row(S::FORBIDDEN, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
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
        Error::RequestExpired { .. } => row(S::FORBIDDEN, "AccessDenied", "Request has expired."),
        _ => row_of_request(error),
    }
}

/// What is wrong with the request itself.
fn row_of_request(error: &Error) -> Fault {
    match error {
        Error::InvalidArgument { message, .. } => row(S::BAD_REQUEST, "InvalidArgument", message.to_string()),
        Error::InvalidRequest { message } => row(S::BAD_REQUEST, "InvalidRequest", message.to_string()),
        Error::MalformedForm { message } => row(
            S::BAD_REQUEST,
            "MalformedPOSTRequest",
            format!("The body of your POST request is not well-formed multipart/form-data: {message}."),
        ),
        Error::MalformedPolicy { message } | Error::InvalidPolicy { message } => {
            row(S::BAD_REQUEST, "InvalidPolicyDocument", message.to_string())
        }
        Error::PolicyViolated { message } => row(S::FORBIDDEN, "AccessDenied", message.to_string()),
        Error::InvalidTag { message } => row(S::BAD_REQUEST, "InvalidTag", message.to_string()),
        Error::MalformedXml { .. } => row(
            S::BAD_REQUEST,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema.",
        ),
        // OSS has one code for a digest that cannot be one and for a digest of other bytes.
        Error::InvalidDigest { .. } | Error::BadDigest { .. } => {
            row(S::BAD_REQUEST, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        }
        Error::IncompleteBody => row(S::BAD_REQUEST, "IncompleteBody", "The request body is incomplete."),
        Error::MissingContentLength => {
            row(S::LENGTH_REQUIRED, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        }
        Error::EntityTooLarge { .. } => {
            row(S::BAD_REQUEST, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        }
        Error::EntityTooSmall { .. } => {
            row(S::BAD_REQUEST, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.")
        }
        Error::MetadataTooLarge { .. } => row(S::BAD_REQUEST, "InvalidArgument", "Meta is too large."),
        Error::InvalidPart { .. } => row(
            S::BAD_REQUEST,
            "InvalidPart",
            "One or more of the specified parts could not be found or the specified entity tag might not have matched \
             the part's entity tag.",
        ),
        Error::InvalidPartOrder => row(
            S::BAD_REQUEST,
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts list must specified in order by part number.",
        ),
        Error::NotArchived { .. } => {
            row(S::BAD_REQUEST, "OperationNotSupported", "The operation is not supported for this resource")
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
            row(S::RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range cannot be satisfied.")
        }
        Error::PreconditionFailed { .. } | Error::RulesChanged { .. } => row(
            S::PRECONDITION_FAILED,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        ),
        Error::NotModified => row(S::NOT_MODIFIED, "NotModified", "The object is not modified."),
        Error::ObjectExists { .. } => {
            row(S::CONFLICT, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")
        }
        Error::MethodNotAllowed { .. } => {
            row(S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        }
        // 400, where S3 has 501.
        Error::NotImplemented { .. } => row(
            S::BAD_REQUEST,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented.",
        ),
        _ => row_of_server(error),
    }
}

/// What is wrong on this side.
fn row_of_server(error: &Error) -> Fault {
    match error {
        Error::MirrorFailed(failure) => row(S::FAILED_DEPENDENCY, "MirrorFailed", failure.message.to_string()),
        Error::SlowDown { .. } => row(S::SERVICE_UNAVAILABLE, "SlowDown", "Mirror request is rejected by QoS."),
        Error::StorageFull => {
            row(S::INSUFFICIENT_STORAGE, "InsufficientStorage", "There is no space left to store the object.")
        }
        Error::ClientGone => row(
            S::BAD_REQUEST,
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
        _ => row(
            S::INTERNAL_SERVER_ERROR,
            "InternalError",
            "The server encountered an internal error. Please try again.",
        ),
    }
}

fn ec(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NoSuchKey { .. } => "0026-00000001",
        Error::NoSuchBucket { .. } => "0015-00000101",
        Error::BucketNotEmpty { .. } => "0015-00000301",
        Error::InvalidToken => "0002-00000006",
        Error::ExpiredToken => "0002-00000007",
        Error::SignatureMismatch(_) => "0002-00000040",
        Error::RequestTimeTooSkewed { .. } => "0002-00000504",
        Error::InvalidArgument { name, .. } if &**name == "HttpStatus" => "0019-00000002",
        Error::InvalidArgument { name, .. } if &**name == "Region" => "0002-00000226",
        Error::MirrorFailed(failure) => match failure.kind {
            MirrorFailureKind::Answer | MirrorFailureKind::Refused => "0041-00000101",
            MirrorFailureKind::Unreachable => "0041-00000104",
            MirrorFailureKind::ForbiddenAddress => "0041-00000108",
        },
        _ => return None,
    })
}
