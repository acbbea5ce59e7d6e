//! The vendors' Python SDKs; the steps of each round are in `tests/clients/*_round.py`.

use crate::harness::{Python, Setup};

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
fn boto3_path_style() {
    let server = Setup::new().start();
    println!("{}", Python::script("boto3_round", &server).with("STYLE", "path").run());
}

#[test]
fn boto3_virtual_hosted_style() {
    let server = Setup::new().flag("--domain", "store.test").start();
    let endpoint = format!("http://store.test:{}", server.address().port());
    let script = Python::script("boto3_round", &server).with("STYLE", "virtual").with("VIRTUAL_ENDPOINT", endpoint);
    println!("{}", script.run());
}
