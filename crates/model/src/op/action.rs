//! What operations need the right to do.

/// What a request wants to do, for authorisation; named like the permissions of both vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each variant is the permission of its name
pub enum Action {
    ListBuckets,
    CreateBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketAcl,
    PutBucketAcl,
    GetBucketWebsite,
    PutBucketWebsite,
    DeleteBucketWebsite,
    DeleteBucket,
    GetBucketPolicy,
    PutBucketPolicy,
    DeleteBucketPolicy,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock,
    PutBucketPublicAccessBlock,
    DeleteBucketPublicAccessBlock,
    GetAccountPublicAccessBlock,
    PutAccountPublicAccessBlock,
    DeleteAccountPublicAccessBlock,
    GetBucketOwnershipControls,
    PutBucketOwnershipControls,
    ListObjects,
    ListObjectVersions,
    GetObject,
    GetObjectAttributes,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    GetBucketStat,
    GetBucketRequestPayment,
    PutBucketRequestPayment,
    GetBucketReferer,
    PutBucketReferer,
    GetBucketLogging,
    PutBucketLogging,
    DeleteBucketLogging,
    GetLogFields,
    PutLogFields,
    DeleteLogFields,
    GetBucketVersioning,
    PutBucketVersioning,
    GetBucketObjectLockConfiguration,
    PutBucketObjectLockConfiguration,
    InitiateBucketWorm,
    AbortBucketWorm,
    CompleteBucketWorm,
    ExtendBucketWorm,
    GetBucketWorm,
    GetBucketNotification,
    GetBucketAccelerate,
    ListLiveChannels,
    GetBucketCors,
    PutBucketCors,
    DeleteBucketCors,
    GetBucketEncryption,
    PutBucketEncryption,
    DeleteBucketEncryption,
    GetBucketLifecycle,
    PutBucketLifecycle,
    DeleteBucketLifecycle,
    GetBucketTagging,
    PutBucketTagging,
    DeleteBucketTagging,
    PutObject,
    DeleteObject,
    GetObjectVersion,
    GetObjectVersionAttributes,
    GetObjectVersionAcl,
    PutObjectVersionAcl,
    GetObjectVersionTagging,
    PutObjectVersionTagging,
    DeleteObjectVersionTagging,
    DeleteObjectVersion,
    GetObjectRetention,
    PutObjectRetention,
    GetObjectLegalHold,
    PutObjectLegalHold,
    RestoreObject,
    BypassGovernanceRetention,
    ListMultipartUploads,
    ListParts,
    AbortMultipartUpload,
    Administer,
}

impl Action {
    /// The permission for the same on a version that is named by its id.
    #[must_use]
    pub fn on_version(self) -> Self {
        match self {
            Self::GetObject => Self::GetObjectVersion,
            Self::GetObjectAttributes => Self::GetObjectVersionAttributes,
            Self::GetObjectAcl => Self::GetObjectVersionAcl,
            Self::PutObjectAcl => Self::PutObjectVersionAcl,
            Self::GetObjectTagging => Self::GetObjectVersionTagging,
            Self::PutObjectTagging => Self::PutObjectVersionTagging,
            Self::DeleteObjectTagging => Self::DeleteObjectVersionTagging,
            Self::DeleteObject => Self::DeleteObjectVersion,
            // The vendors ask for locks of versions under the name that they have for those of objects.
            other => other,
        }
    }

    /// Whether it is about an object, so that policies speak of `BUCKET/KEY`.
    pub fn is_on_objects(self) -> bool {
        self.depends_on_object()
            || matches!(
                self,
                Self::PutObject
                    | Self::DeleteObject
                    | Self::DeleteObjectVersion
                    | Self::GetObjectRetention
                    | Self::PutObjectRetention
                    | Self::GetObjectLegalHold
                    | Self::PutObjectLegalHold
                    | Self::RestoreObject
                    | Self::BypassGovernanceRetention
                    | Self::ListParts
                    | Self::AbortMultipartUpload
            )
    }

    /// Whether the answer may depend on the object, so that it is asked again with the object in hand.
    pub fn depends_on_object(self) -> bool {
        matches!(
            self,
            Self::GetObject
                | Self::GetObjectAttributes
                | Self::GetObjectAcl
                | Self::PutObjectAcl
                | Self::GetObjectTagging
                | Self::PutObjectTagging
                | Self::DeleteObjectTagging
                | Self::GetObjectVersion
                | Self::GetObjectVersionAttributes
                | Self::GetObjectVersionAcl
                | Self::PutObjectVersionAcl
                | Self::GetObjectVersionTagging
                | Self::PutObjectVersionTagging
                | Self::DeleteObjectVersionTagging
        )
    }

    /// Whether it is about every bucket of the server, whoever owns it: nobody may do it merely for having an account.
    pub fn is_on_server(self) -> bool {
        matches!(
            self,
            Self::GetAccountPublicAccessBlock
                | Self::PutAccountPublicAccessBlock
                | Self::DeleteAccountPublicAccessBlock
                | Self::Administer
        )
    }

    /// Whether it is about the policy of a bucket.
    pub fn is_on_policy(self) -> bool {
        matches!(self, Self::GetBucketPolicy | Self::PutBucketPolicy | Self::DeleteBucketPolicy)
    }
}
