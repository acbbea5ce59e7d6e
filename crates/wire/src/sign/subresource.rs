//! The query parameters that OSS V1 and AWS V2 sign.
//!
//! The vendor's SDKs do not agree: each signs the parameters it knows. A client may therefore send a parameter that its
//! SDK signs and another's does not. Every listed name is signed by all SDKs that send it; beside them, newer SDKs sign
//! whatever begins with `x-oss-`, older ones only what is listed. Hence two readings, the wider one first.

/// A set of signed query parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubResources {
    /// The listed names and everything that begins with `x-oss-`.
    ListedAndPrefixed,
    /// The listed names.
    Listed,
    /// What AWS V2 signs.
    Aws,
}

impl SubResources {
    pub(super) const READINGS: [Self; 2] = [Self::ListedAndPrefixed, Self::Listed];

    pub(super) fn contains(self, name: &str) -> bool {
        let listed = || LISTED.binary_search(&name).is_ok();
        match self {
            Self::ListedAndPrefixed => name.starts_with("x-oss-") || listed(),
            Self::Listed => listed(),
            Self::Aws => AWS_LISTED.binary_search(&name).is_ok(),
        }
    }
}

/// What AWS documents for V2, and the later names that its SDKs added; sorted by bytes for the search.
const AWS_LISTED: [&str; 35] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// The union over the vendor's SDKs, sorted by bytes for the search.
const LISTED: [&str; 112] = [
    "MetaQuery",
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cleanRestoredObject",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "dataPipeline",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "legalHold",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "objectWorm",
    "overwriteConfig",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "processConfiguration",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "rtc",
    "seal",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfId",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "userDefinedLogFieldsConfig",
    "versionId",
    "versioning",
    "versions",
    "vip",
    "vod",
    "vpcip",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-delete",
    "x-oss-dir",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-rename",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(LISTED.is_sorted() && AWS_LISTED.is_sorted(), "binary search would miss names");
    }

    #[test]
    fn readings() {
        for (name, wide, narrow) in [
            ("acl", true, true),
            ("x-oss-process", true, true),
            ("x-oss-unheard-of", true, false),
            ("prefix", false, false),
            ("ACL", false, false),
        ] {
            assert_eq!(SubResources::ListedAndPrefixed.contains(name), wide, "{name}");
            assert_eq!(SubResources::Listed.contains(name), narrow, "{name}");
        }
    }
}
