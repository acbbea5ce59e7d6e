//! Configuration of `headwater serve`: flags, then `HEADWATER_*` variables, then the file, then defaults.
//!
//! Every setting exists in all three forms. A key of the file that is not known is an error that names it and the
//! nearest one that is.

mod args;
mod file;
mod merge;

pub(crate) use args::ServeArgs;
pub(crate) use merge::{Config, Mirror};
