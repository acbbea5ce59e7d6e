//! The data plane behind TLS. Over TLS the S3 SDKs send bodies in chunks with a trailing checksum.

use std::path::PathBuf;

use headwater_testkit::origin::{TestAuthority, Validity};
use tempfile::TempDir;

use crate::harness::{Headwater, Python, Setup, command, find, run};

/// A server with a certificate, and the authority's certificate in a directory.
fn secure() -> (Headwater, PathBuf, TempDir) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let authority = TestAuthority::new("the operator's");
    let ca = authority.write_pem(directory.path());
    let (certificate, key) = authority.issue(&["127.0.0.1"], Validity::Current).write_pem(directory.path());
    let text = |path: PathBuf| path.to_str().expect("a text path").to_owned();
    let setup = Setup::new().flag("--tls-cert", &text(certificate)).flag("--tls-key", &text(key));
    (setup.start(), ca, directory)
}

#[test]
fn boto3_over_tls() {
    let (server, ca, _directory) = secure();
    let script = Python::script("boto3_round", &server);
    println!("{}", script.with("AWS_CA_BUNDLE", &ca).with("REQUESTS_CA_BUNDLE", &ca).run());
}

#[test]
fn oss2_over_tls() {
    let (server, ca, _directory) = secure();
    let script = Python::script("oss2_round", &server).with("SIGN", "v4");
    println!("{}", script.with("REQUESTS_CA_BUNDLE", &ca).run());
}

#[test]
fn curl_speaks_both_http_versions_over_tls() {
    let (server, ca, _directory) = secure();
    let url = format!("{}/no-such-bucket/k", server.endpoint());
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let mut curl = command(find("curl", "curl"));
        curl.args(["-sS", flag, "-w", "\n%{http_version} %{http_code}", &url]).arg("--cacert").arg(&ca);
        let output = run(&mut curl);
        assert!(output.contains("<Code>NoSuchBucket</Code>"), "{output}");
        assert!(output.ends_with(&format!("\n{version} 404")), "{output}");
    }
}
