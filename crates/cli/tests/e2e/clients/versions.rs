//! Versions and locks with the vendors' Python SDKs; the steps are in `tests/clients/versions_*_round.py`.

use crate::harness::{Python, Setup};

#[test]
fn versions_with_boto3() {
    let server = Setup::new().start();
    println!("{}", Python::script("versions_boto3_round", &server).run());
}

#[test]
fn versions_with_oss2() {
    let server = Setup::new().start();
    for sign in ["v1", "v4"] {
        println!("{}", Python::script("versions_oss2_round", &server).with("SIGN", sign).run());
    }
}
