//! What a bucket's owner configures, with the vendors' Python SDKs; the steps are in `tests/clients/configuration_round.py`.

use crate::harness::{Python, Setup};

#[test]
fn lifecycle_referer_and_logging() {
    let server = Setup::new().flag("--lifecycle-day", "1").start();
    println!("{}", Python::script("configuration_round", &server).run());
}
