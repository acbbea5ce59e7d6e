//! HTTP messages to operations and back, in the OSS and the S3 dialect; pure functions.

pub mod sign;
pub mod xml;
