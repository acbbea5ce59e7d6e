//! The rows: one type a file, each with its key, its ranges and its value.
//!
//! A key is a tag byte of the row's [`RowKind`] followed by the row's identity, encoded so that byte order is the order
//! of the identity; integers are big-endian. A value is a version byte followed by the row in postcard.
//!
//! ```text
//! account     'a' canonical-id
//! bucket      'b' name
//! counter     'c' counter
//! gone        'g' generation key
//! token       'h' token-id
//! upload key  'i' generation upload-id
//! block       'k'
//! gone count  'n' generation
//! object      'o' generation key
//! part        'p' generation upload-id number
//! part order  'q' generation upload-id
//! origin      'r' origin
//! segment     's' segment
//! usage       't' origin
//! upload      'u' generation escaped-key upload-id
//! version     'v' generation escaped-key (0 | 1 number-inverted)
//! ```
//!
//! An older version of a value is migrated when it is read ([`RowValue::migrate`]); an unknown one is an error that
//! names the row ([`RowError::Newer`]), so that going back to an older release never misreads data. The types of
//! `headwater_model` inside the values are part of the format: changing one of them changes the version of every row
//! that holds it, and the golden values in the tests notice a forgotten one.

mod access_token;
mod account;
mod bucket;
mod codec;
mod counter;
mod extent;
mod former;
mod gone;
mod gone_count;
mod key;
mod listed;
mod object;
mod order;
mod origin;
mod origin_usage;
mod part;
mod public_access;
mod segment;
mod stored;
mod upload;
mod upload_key;
mod version;

pub use access_token::AccessTokenRow;
pub use account::AccountRow;
pub use bucket::BucketRow;
pub use codec::{RowError, RowValue, verify};
pub use counter::{Counter, CounterRow};
pub use extent::{BlobRef, Extent};
pub use gone::GoneRow;
pub use gone_count::GoneCountRow;
pub use key::{RowKind, describe};
pub use listed::listed;
pub use object::ObjectRow;
pub use order::OrderRow;
pub use origin::OriginRow;
pub use origin_usage::OriginUsageRow;
pub use part::PartRow;
pub use public_access::PublicAccessRow;
pub use segment::SegmentRow;
pub use upload::UploadRow;
pub use upload_key::UploadKeyRow;
pub use version::{VersionContent, VersionRow};

#[cfg(test)]
mod tests;
