//! Whom a client of S3 takes for the owner of a bucket: a guard against writing to a name that changed hands.

use headwater_model::Result;
use headwater_model::bucket::Dialect;
use http::request::Parts;

use crate::route::Routed;

/// The owners that a request insists on. Nothing is judged here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedOwners<'r> {
    /// Of the bucket: `x-amz-expected-bucket-owner`.
    pub bucket: Option<&'r str>,
    /// Of the bucket that a copy reads: `x-amz-source-expected-bucket-owner`.
    pub source: Option<&'r str>,
}

/// Reads them; OSS has none.
///
/// # Errors
/// [`headwater_model::Error::InvalidArgument`] for a value that is no text, or one that differs from the parameter of
/// its name.
pub fn expected_owners<'r>(routed: &'r Routed, parts: &'r Parts) -> Result<ExpectedOwners<'r>> {
    if routed.dialect == Dialect::Oss {
        return Ok(ExpectedOwners::default());
    }
    let fields = routed.fields(parts);
    Ok(ExpectedOwners {
        bucket: fields.get("x-amz-expected-bucket-owner")?,
        source: fields.get("x-amz-source-expected-bucket-owner")?,
    })
}
