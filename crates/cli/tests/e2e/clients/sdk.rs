//! The vendors' Python SDKs; the steps of each round are in `tests/clients/*_round.py`.

use crate::harness::{Python, Setup};

const DOMAIN: &str = "store.test";

#[test]
fn oss2_with_v1_signatures() {
    let server = Setup::new().start();
    println!("{}", Python::script("oss2_round", &server).with("SIGN", "v1").run());
}

#[test]
fn oss2_with_v4_signatures() {
    let server = Setup::new().start();
    println!("{}", Python::script("oss2_round", &server).with("SIGN", "v4").run());
}

#[test]
fn alibabacloud_oss_v2() {
    let server = Setup::new().start();
    println!("{}", Python::script("oss_v2_round", &server).run());
}

#[test]
fn boto3() {
    let server = Setup::new().start();
    println!("{}", Python::script("boto3_round", &server).run());
}

#[test]
fn every_sdk_with_buckets_as_host_names() {
    let server = Setup::new().flag("--domain", DOMAIN).start();
    println!("{}", Python::script("oss2_round", &server).with("SIGN", "v1").under(DOMAIN, &server).run());
    println!("{}", Python::script("oss_v2_round", &server).under(DOMAIN, &server).run());
    println!("{}", Python::script("boto3_round", &server).under(DOMAIN, &server).run());
}
