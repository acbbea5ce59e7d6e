//! The names of actions: one table from both vendors' names to ours.
//!
//! A policy may use either vendor's names, whichever face the request comes through. Names that are real and have no
//! operation here are accepted and mean nothing.

use super::pattern::like;
use crate::op::Action;

/// An action with its names at S3 and OSS, and whether it is on objects: then the resource is `BUCKET/KEY`.
struct Row {
    action: Action,
    s3: &'static [&'static str],
    oss: &'static [&'static str],
}

/// Every action that a policy can speak of. [`Action::Administer`] is not among them: it is root's alone.
const TABLE: &[Row] = &[
    row(Action::ListBuckets, &["listallmybuckets"], &["listbuckets"]),
    row(Action::CreateBucket, &["createbucket"], &["putbucket"]),
    row(Action::DeleteBucket, &["deletebucket"], &["deletebucket"]),
    row(Action::GetBucketInfo, &["getbucketinfo"], &["getbucketinfo"]),
    row(Action::GetBucketLocation, &["getbucketlocation"], &["getbucketlocation"]),
    row(Action::GetBucketAcl, &["getbucketacl"], &["getbucketacl"]),
    row(Action::PutBucketAcl, &["putbucketacl"], &["putbucketacl"]),
    row(Action::GetBucketWebsite, &["getbucketwebsite"], &["getbucketwebsite"]),
    row(Action::PutBucketWebsite, &["putbucketwebsite"], &["putbucketwebsite"]),
    row(Action::DeleteBucketWebsite, &["deletebucketwebsite"], &["deletebucketwebsite"]),
    row(Action::GetBucketPolicy, &["getbucketpolicy"], &["getbucketpolicy"]),
    row(Action::PutBucketPolicy, &["putbucketpolicy"], &["putbucketpolicy"]),
    row(Action::DeleteBucketPolicy, &["deletebucketpolicy"], &["deletebucketpolicy"]),
    row(Action::GetBucketPolicyStatus, &["getbucketpolicystatus"], &["getbucketpolicystatus"]),
    row(Action::GetBucketPublicAccessBlock, &["getbucketpublicaccessblock"], &["getbucketpublicaccessblock"]),
    row(Action::PutBucketPublicAccessBlock, &["putbucketpublicaccessblock"], &["putbucketpublicaccessblock"]),
    row(Action::DeleteBucketPublicAccessBlock, &["putbucketpublicaccessblock"], &["deletebucketpublicaccessblock"]),
    row(Action::GetAccountPublicAccessBlock, &["getaccountpublicaccessblock"], &["getpublicaccessblock"]),
    row(Action::PutAccountPublicAccessBlock, &["putaccountpublicaccessblock"], &["putpublicaccessblock"]),
    row(Action::DeleteAccountPublicAccessBlock, &["putaccountpublicaccessblock"], &["deletepublicaccessblock"]),
    row(Action::GetBucketOwnershipControls, &["getbucketownershipcontrols"], &[]),
    row(Action::PutBucketOwnershipControls, &["putbucketownershipcontrols"], &[]),
    row(Action::ListObjects, &["listbucket"], &["listobjects"]),
    row(Action::ListObjectVersions, &["listbucketversions"], &["listobjectversions"]),
    row(Action::GetBucketTagging, &["getbuckettagging"], &["getbuckettagging", "getbuckettags"]),
    row(Action::PutBucketTagging, &["putbuckettagging"], &["putbuckettagging", "putbuckettags"]),
    row(Action::DeleteBucketTagging, &["putbuckettagging"], &["deletebuckettagging", "deletebuckettags"]),
    row(Action::GetBucketCors, &["getbucketcors"], &["getbucketcors"]),
    row(Action::PutBucketCors, &["putbucketcors"], &["putbucketcors"]),
    row(Action::DeleteBucketCors, &["putbucketcors"], &["deletebucketcors"]),
    row(Action::GetBucketEncryption, &["getencryptionconfiguration"], &["getbucketencryption"]),
    row(Action::PutBucketEncryption, &["putencryptionconfiguration"], &["putbucketencryption"]),
    row(Action::DeleteBucketEncryption, &["putencryptionconfiguration"], &["deletebucketencryption"]),
    row(Action::GetBucketLifecycle, &["getlifecycleconfiguration"], &["getbucketlifecycle"]),
    row(Action::PutBucketLifecycle, &["putlifecycleconfiguration"], &["putbucketlifecycle"]),
    row(Action::DeleteBucketLifecycle, &["putlifecycleconfiguration"], &["deletebucketlifecycle"]),
    row(Action::GetBucketRequestPayment, &["getbucketrequestpayment"], &["getbucketrequestpayment"]),
    row(Action::PutBucketRequestPayment, &["putbucketrequestpayment"], &["putbucketrequestpayment"]),
    row(Action::GetBucketStat, &[], &["getbucketstat"]),
    row(Action::GetBucketReferer, &[], &["getbucketreferer"]),
    row(Action::PutBucketReferer, &[], &["putbucketreferer"]),
    row(Action::PutBucketLogging, &["putbucketlogging"], &["putbucketlogging"]),
    row(Action::DeleteBucketLogging, &[], &["deletebucketlogging"]),
    row(Action::GetLogFields, &[], &["getuserdefinedlogfieldsconfig"]),
    row(Action::PutLogFields, &[], &["putuserdefinedlogfieldsconfig"]),
    row(Action::DeleteLogFields, &[], &["deleteuserdefinedlogfieldsconfig"]),
    row(Action::GetBucketLogging, &["getbucketlogging"], &["getbucketlogging"]),
    row(Action::GetBucketVersioning, &["getbucketversioning"], &["getbucketversioning"]),
    row(Action::PutBucketVersioning, &["putbucketversioning"], &["putbucketversioning"]),
    row(
        Action::GetBucketObjectLockConfiguration,
        &["getbucketobjectlockconfiguration"],
        &["getbucketobjectwormconfiguration"],
    ),
    row(
        Action::PutBucketObjectLockConfiguration,
        &["putbucketobjectlockconfiguration"],
        &["putbucketobjectwormconfiguration"],
    ),
    row(Action::InitiateBucketWorm, &[], &["initiatebucketworm"]),
    row(Action::AbortBucketWorm, &[], &["abortbucketworm"]),
    row(Action::CompleteBucketWorm, &[], &["completebucketworm"]),
    row(Action::ExtendBucketWorm, &[], &["extendbucketworm"]),
    row(Action::GetBucketWorm, &[], &["getbucketworm"]),
    row(Action::GetBucketNotification, &["getbucketnotification"], &[]),
    row(Action::GetBucketAccelerate, &["getaccelerateconfiguration"], &["getbuckettransferacceleration"]),
    row(Action::ListLiveChannels, &[], &["listlivechannel"]),
    row(Action::ListMultipartUploads, &["listbucketmultipartuploads"], &["listmultipartuploads"]),
    row(Action::GetObject, &["getobject"], &["getobject"]),
    row(Action::GetObjectVersion, &["getobjectversion"], &["getobjectversion"]),
    row(Action::GetObjectAcl, &["getobjectacl"], &["getobjectacl"]),
    row(Action::GetObjectVersionAcl, &["getobjectversionacl"], &["getobjectversionacl"]),
    row(Action::PutObjectAcl, &["putobjectacl"], &["putobjectacl"]),
    row(Action::PutObjectVersionAcl, &["putobjectversionacl"], &["putobjectversionacl"]),
    row(Action::GetObjectAttributes, &["getobjectattributes"], &[]),
    row(Action::GetObjectVersionAttributes, &["getobjectversionattributes"], &[]),
    row(Action::GetObjectTagging, &["getobjecttagging"], &["getobjecttagging"]),
    row(Action::PutObjectTagging, &["putobjecttagging"], &["putobjecttagging"]),
    row(Action::DeleteObjectTagging, &["deleteobjecttagging"], &["deleteobjecttagging"]),
    row(Action::GetObjectVersionTagging, &["getobjectversiontagging"], &["getobjectversiontagging"]),
    row(Action::PutObjectVersionTagging, &["putobjectversiontagging"], &["putobjectversiontagging"]),
    row(Action::DeleteObjectVersionTagging, &["deleteobjectversiontagging"], &["deleteobjectversiontagging"]),
    row(Action::GetObjectRetention, &["getobjectretention"], &["getobjectretention"]),
    row(Action::PutObjectRetention, &["putobjectretention"], &["putobjectretention"]),
    row(Action::GetObjectLegalHold, &["getobjectlegalhold"], &["getobjectlegalhold"]),
    row(Action::PutObjectLegalHold, &["putobjectlegalhold"], &["putobjectlegalhold"]),
    row(Action::RestoreObject, &["restoreobject"], &["restoreobject"]),
    row(Action::BypassGovernanceRetention, &["bypassgovernanceretention"], &["bypassgovernanceretention"]),
    row(Action::PutObject, &["putobject"], &["putobject"]),
    row(Action::DeleteObject, &["deleteobject"], &["deleteobject"]),
    row(Action::DeleteObjectVersion, &["deleteobjectversion"], &["deleteobjectversion"]),
    row(Action::ListParts, &["listmultipartuploadparts"], &["listparts"]),
    row(Action::AbortMultipartUpload, &["abortmultipartupload"], &["abortmultipartupload"]),
];

const fn row(action: Action, s3: &'static [&'static str], oss: &'static [&'static str]) -> Row {
    Row { action, s3, oss }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ActionSet(u128);

const _: () = assert!(TABLE.len() <= 128, "the set has a bit for each action");

impl ActionSet {
    pub(super) fn contains(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }

    /// Adds what a name with wildcards means: `*`, `s3:Get*`, `oss:*`. `false` if it is no name of an action.
    pub(super) fn add(&mut self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let (service, verb) = match name.split_once(':') {
            Some(parts) => parts,
            None if name == "*" => ("*", "*"),
            None => return false,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'-');
        if service.is_empty() || verb.is_empty() || !service.bytes().chain(verb.bytes()).all(plain) {
            return false;
        }
        let (s3, oss) = (like(service.as_bytes(), b"s3"), like(service.as_bytes(), b"oss"));
        if verb == "*" && (s3 || oss) {
            // Everything, what only the other vendor has a name for among it.
            self.0 = all();
            return true;
        }
        let named = |names: &[&str]| names.iter().any(|known| like(verb.as_bytes(), known.as_bytes()));
        for row in TABLE.iter().filter(|row| (s3 && named(row.s3)) || (oss && named(row.oss))) {
            self.0 |= bit(row.action);
        }
        true
    }

    pub(super) fn complement(self) -> Self {
        Self(all() & !self.0)
    }
}

/// Whether a name belongs to a service that has buckets.
pub(super) fn is_of_storage(name: &str) -> bool {
    name == "*"
        || name.split_once(':').is_some_and(|(service, _)| {
            let service = service.to_ascii_lowercase();
            like(service.as_bytes(), b"s3") || like(service.as_bytes(), b"oss")
        })
}

fn all() -> u128 {
    TABLE.iter().fold(0, |all, row| all | bit(row.action))
}

fn bit(action: Action) -> u128 {
    TABLE.iter().position(|row| row.action == action).map_or(0, |at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> ActionSet {
        let mut set = ActionSet::default();
        for name in names {
            assert!(set.add(name), "{name}");
        }
        set
    }

    #[test]
    fn both_vendors_names_mean_the_same_actions() {
        assert_eq!(set(&["s3:ListBucket"]), set(&["oss:ListObjects"]));
        assert_eq!(set(&["s3:*"]), set(&["*"]));
        assert!(set(&["S3:GETobject"]).contains(Action::GetObject));
        assert!(!set(&["s3:PutObject"]).contains(Action::GetObject));
        assert!(set(&["s3:Get*"]).contains(Action::GetBucketAcl));
        assert!(set(&["s3:Get*"]).contains(Action::GetObjectVersion));
        assert!(!set(&["s3:GetObject"]).contains(Action::GetObjectVersion), "a version by its id is another right");
        assert!(set(&["oss:*"]).contains(Action::BypassGovernanceRetention));
        assert_eq!(set(&["s3:GetObjectTorrent", "iam:*"]), ActionSet::default(), "real names that mean nothing here");
        assert!(!set(&["*"]).contains(Action::Administer), "that is root's alone");
        assert!(!set(&["s3:GetObject"]).complement().contains(Action::GetObject));
        assert!(set(&["s3:GetObject"]).complement().contains(Action::PutObject));
        for wrong in ["", "GetObject", "s3:", ":Get", "s3:Get Object", "s3"] {
            assert!(!ActionSet::default().add(wrong), "{wrong}");
        }
    }
}
