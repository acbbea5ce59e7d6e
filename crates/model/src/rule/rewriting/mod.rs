//! From a requested key to the URL of an origin, or of a redirect (oss-mirroring 3.4, 4 and 10.1).
//!
//! Guarantees: URLs are plain ASCII without white space; a key's bytes arrive at the origin exactly, each of them
//! percent-encoded unless it is unreserved or `/`; nothing is normalised, so `//` stays `//`; a key that an origin would
//! normalise has no URL at all ([`Unmappable`]).
//!
//! How: `prefix` rewrites the key, `encoding` encodes it, `origin` and `location` put URLs together, `query` tells what
//! of a query may go on, `columns` translates the three-column form of consoles into a rule. The rewritten key only
//! names the object at the origin: what is stored keeps the requested key.

mod columns;
mod encoding;
mod location;
mod origin;
mod prefix;
mod query;

pub use columns::{Columns, three_columns};
pub use encoding::encode_key;
pub use location::location;
pub use origin::{Unmappable, origin_url, origin_urls};
pub use prefix::rewritten_key;
pub use query::{UrlSignature, forwardable_query};

#[cfg(test)]
mod tests;
