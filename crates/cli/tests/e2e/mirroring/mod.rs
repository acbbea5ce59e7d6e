//! Mirroring as a client and an origin see it: the acceptance rows of the behaviour's specification, each a test that
//! bears its number, and the vendor's documented scenarios with the vendors' SDKs.

mod answers;
mod failures;
mod fixture;
mod forwarding;
mod local_sources;
mod loops;
mod origin_bytes;
mod races;
mod reading;
mod redirects;
mod rules;
mod scenarios;
mod tags;
mod urls;

pub(crate) use fixture::{BUCKET, Fixture, make_bucket, mirror_rule, path, put_rules};
