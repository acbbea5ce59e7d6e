//! HTTP messages to operations and back, in the OSS and the S3 dialect; pure functions.
//!
//! Guarantees: a request is read in one vendor's words and answered in the same; an operation, header or parameter of
//! the vendor that is not offered is refused by name and never ignored where ignoring it would be a wrong success.
//!
//! How: S3 and OSS are one design with different words, so there is one router and one codec, driven by a vocabulary.
//!
//! ```text
//! head ─► route ─► Routed ─► sign::verify ─► decode ─► Op ─► (the engine) ─► Reply ─► encode ─┐
//!           │        │ key, operation, action    │ error                  error │             ▼
//!           └────────┴───────────────────────────┴──────────────────────────────┴─► encode_error ─► response
//! ```
//!
//! A server calls [`route`] with the request's head, checks the signature with [`sign`] over the untouched request,
//! asks whether the caller has [`Routed::action`] and whether [`Routed::decisive_queries`] are all signed, reads the
//! body if [`Routed::body_need`] says so, and passes both to [`decode`]. Whatever comes back goes out through
//! [`encode`] or [`encode_error`].
//!
//! Deliberately not here: sockets, clocks, buckets and keys of access, `Date`, `Connection` and transfer codings.

mod address;
mod codec;
pub mod cors;
mod date;
mod detect;
mod errors;
mod escape;
mod etag;
mod fields;
pub mod form;
mod operation;
mod policy_fields;
mod query;
mod response;
mod route;
pub mod sign;
mod vocab;
pub mod xml;

pub use address::{Addressing, NamedObject, Style, request_host};
pub use codec::{
    ExpectedOwners, RequestFacts, accept_lifecycle, decode, encode, expected_owners, expiry_header,
    overlapping_lifecycle, read_tagging, read_website, traffic_limit, write_website, write_website_with_secrets,
};
pub use date::{http_date, parse_http_date, parse_iso_8601};
pub use detect::Claim;
pub use errors::{ErrorContext, encode_error, error_code, reason};
pub use escape::{encode as escape_key, unescape_path};
pub use operation::{BodyNeed, Operation};
pub use policy_fields::PolicyFields;
pub use query::{MAX_QUERY_PARAMETERS, Queries};
pub use response::ResponseContext;
pub use route::{Refusal, Routed, route};
