//! Who pays for requests to a bucket that wants its requesters to.
//!
//! Nobody is charged here. What both vendors check is kept: a request of another account must say that it would pay, and
//! a request of nobody cannot.

use super::{Context, Principal};
use crate::bucket::Bucket;

/// Whether the request may go on: always at a bucket that pays for itself, and for the bucket's owner; of another account
/// if the request says so (`x-amz-request-payer: requester`, `x-oss-request-payer: requester`, header or parameter).
pub fn settles_payment(principal: &Principal, context: &Context<'_>, bucket: &Bucket) -> bool {
    if !bucket.configuration.requester_pays || principal.owns(bucket) {
        return true;
    }
    let says_so = || context.fields.vendor("request-payer").is_some_and(|payer| payer == "requester");
    *principal != Principal::Anonymous && says_so()
}
