//! Every route, asked wrongly: each parameter and header that some operation reads, and each element of each document,
//! empty, twice, too long, of another type, out of range.
//!
//! Whatever comes of it is an operation or an error of the client's: nothing here is ever the server's fault.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;

const WRONG: [&str; 10] =
    ["", "-1", "0", "x", "99999999999999999999", "%ff", "%00", "true", "2030-99-99T00:00:00Z", "a%2C%20b%26c%3Dd%3C"];

/// The names after this sign.
fn names(sign: char) -> Vec<&'static str> {
    include_str!("wrong_inputs.txt").lines().filter_map(|line| line.strip_prefix(sign)).collect()
}

/// Host, method and target of every route.
fn routes() -> Vec<(&'static str, String)> {
    let table = include_str!("../../route/table.txt").lines().filter(|line| !line.starts_with('#'));
    let rows = table.flat_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let target = fields[4].split('#').next().unwrap_or_default();
        let hosts = [("oss", OSS), ("s3", S3)].into_iter().filter(|(face, _)| ["both", *face].contains(&fields[2]));
        hosts.map(|(_, host)| (host, format!("{} {target}", fields[3]))).collect::<Vec<_>>()
    });
    rows.collect()
}

/// Fails unless it is an operation or the client's fault.
fn check(host: &str, line: &str, headers: &[(&str, &str)], body: &str) {
    let Some((status, error)) = fault(host, &parts(host, line, headers), body) else { return };
    assert!(status.is_client_error() || status == 501, "{host} {line} {headers:?} {body}: {status} {error:?}");
}

#[test]
fn wrong_parameters_are_the_clients_fault() {
    let long = "k".repeat(9_000);
    for (host, line) in routes() {
        let join = if line.contains('?') { '&' } else { '?' };
        for name in names('?') {
            for value in WRONG.iter().chain(&[long.as_str()]) {
                check(host, &format!("{line}{join}{name}={value}"), &[("content-length", "0")], "");
            }
            check(host, &format!("{line}{join}{name}=1&{name}=2&{name}"), &[("content-length", "0")], "");
        }
    }
}

#[test]
fn wrong_headers_are_the_clients_fault() {
    let long = "k".repeat(9_000);
    for (host, line) in routes() {
        for name in names(':') {
            for value in WRONG.iter().chain(&[long.as_str()]) {
                check(host, &line, &[("content-length", "0"), (name, value)], "");
            }
            check(host, &line, &[("content-length", "0"), (name, "1"), (name, "2")], "");
        }
    }
}

/// The document with each of its leaves and branches left out, doubled, and each leaf with another text.
fn wrong_documents(document: &str) -> Vec<String> {
    let mut wrong = vec![String::new(), "<".into(), "<a/>".into(), document.replacen('>', "/>", 1), document.repeat(2)];
    let starts = document.match_indices('<').filter(|(at, _)| !document[at + 1..].starts_with('/'));
    for (at, _) in starts {
        let name: String = document[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let close = format!("</{name}>");
        let Some(length) = document[at..].find(&close) else { continue };
        let end = at + length + close.len();
        let element = &document[at..end];
        wrong.push([&document[..at], &document[end..]].concat());
        wrong.push([&document[..end], element, &document[end..]].concat());
        let texts = ["", "-1", "0", "x", "99999999999999999999", "&#0;", " ", "&amp;&lt;", "<b>1</b>"];
        for text in texts.into_iter().map(str::to_owned).chain(["t".repeat(9_000)]) {
            wrong.push([&document[..at], &format!("<{name}>{text}{close}"), &document[end..]].concat());
        }
    }
    wrong
}

#[test]
fn wrong_documents_are_the_clients_fault() {
    let mut taken = 0;
    for line in include_str!("documents.txt").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(4, ' ').collect();
        let (target, document) = (format!("{} {}", fields[1], fields[2]), fields[3]);
        for (face, host) in [("oss", OSS), ("s3", S3)] {
            if !["both", face].contains(&fields[0]) {
                continue;
            }
            let md5 = |body: &str| BASE64.encode(fast_md5::digest(body.as_bytes()));
            let sound = read(host, &target, &[("content-md5", &md5(document))], document);
            assert!(sound.is_ok(), "{host} {target}: {sound:?}");
            for wrong in wrong_documents(document) {
                check(host, &target, &[("content-md5", &md5(&wrong))], &wrong);
                taken += 1;
            }
        }
    }
    assert!(taken > 2_000, "{taken}");
}
