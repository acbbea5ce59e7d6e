//! XML bodies, read and written.
//!
//! [`mod@read`] guarantees that no body costs more than a fixed amount of memory and time, whatever it contains; [`mod@write`]
//! guarantees that every text comes out escaped. Neither knows any vendor's element names: the codecs do.

pub mod read;
pub(crate) mod stand_in;
pub mod write;

pub use read::{Document, Element, parse};
pub use write::{Controls, XmlWriter};
pub(crate) use write::{Tags, tags};
