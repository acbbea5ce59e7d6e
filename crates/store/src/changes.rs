//! What uploads are begun with, and what of an object changes without its body.

use headwater_model::digest::{ChecksumAlgorithm, ChecksumType};
use headwater_model::encryption::Encryption;
use headwater_model::multipart::PartOrder;
use headwater_model::object::{ObjectAccess, ObjectHeaders, SharedMeta, Tags};
use headwater_model::version::{Governance, Retention};

/// What an upload is begun with, for the object that its completion makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUpload {
    /// What the writer chose.
    pub headers: ObjectHeaders,
    /// Tags.
    pub tags: Tags,
    /// Additional checksum of its parts.
    pub checksum_algorithm: Option<ChecksumAlgorithm>,
    /// Of what the object's checksum will be one.
    pub checksum_type: ChecksumType,
    /// How its parts are encrypted, and so the object.
    pub encryption: Option<Box<Encryption>>,
    /// If its parts must come in order: where they stand. It is begun with the default.
    pub order: Option<PartOrder>,
}

/// What of a stored object can change without another body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// Its tags are these.
    Tags(Tags),
    /// Its owner and list are these.
    Access(Option<Box<ObjectAccess>>),
    /// It is retained so, if its present retention permits that
    /// ([`headwater_model::Error::ObjectLocked`] otherwise).
    Retention(Option<Retention>, Governance),
    /// Whether somebody holds it.
    LegalHold(bool),
}

/// An amendment, and the object that somebody looked at before he permitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedAmendment {
    /// What changes.
    pub amendment: Amendment,
    /// Metadata of the object that may be changed so, and no other; `None` is any. Two objects of the same metadata are
    /// judged alike.
    pub judged: Option<SharedMeta>,
}

impl From<Amendment> for JudgedAmendment {
    /// An amendment of whatever is there.
    fn from(amendment: Amendment) -> Self {
        Self { amendment, judged: None }
    }
}
