//! What uploads are begun with, and what of an object changes without its body.

use headwater_model::digest::{ChecksumAlgorithm, ChecksumType};
use headwater_model::multipart::PartOrder;
use headwater_model::object::{ObjectAccess, ObjectHeaders, Tags};
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
