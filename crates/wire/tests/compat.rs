//! `docs/operations-of-the-vendors.md` against the routes: what it says of an operation is what happens.

#![expect(clippy::unwrap_used, reason = "the lint's exception for tests does not reach what the tests share")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use headwater_model::bucket::Dialect;
use headwater_wire::{Addressing, ErrorContext, Operation, RequestFacts, decode, encode_error, route};
use http::request::Parts;

const PAGE: &str = include_str!("../../../docs/operations-of-the-vendors.md");
const ROUTES: &str = include_str!("../src/route/table.txt");

/// What OSS calls by a name that S3 has for the same of a bucket.
const OSS_SYNONYMS: [(&str, &str); 3] = [
    ("DeletePublicAccessBlock", "DeleteAccountPublicAccessBlock"),
    ("GetPublicAccessBlock", "GetAccountPublicAccessBlock"),
    ("PutPublicAccessBlock", "PutAccountPublicAccessBlock"),
];

/// Operations that a vendor calls otherwise than the server does: the vendor's name, ours.
const SYNONYMS: [(&str, &str); 20] = [
    ("DeleteBucketPublicAccessBlock", "DeletePublicAccessBlock"),
    ("DeleteBucketTags", "DeleteBucketTagging"),
    ("DeleteMultipleObjects", "DeleteObjects"),
    ("GetBucketAccelerateConfiguration", "GetBucketAccelerate"),
    ("GetBucketLifecycleConfiguration", "GetBucketLifecycle"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketObjectWormConfiguration", "GetObjectLockConfiguration"),
    ("GetBucketPublicAccessBlock", "GetPublicAccessBlock"),
    ("GetBucketTags", "GetBucketTagging"),
    ("GetObjectACL", "GetObjectAcl"),
    ("InitiateMultipartUpload", "CreateMultipartUpload"),
    ("ListBuckets (GetService)", "ListBuckets"),
    ("ListLiveChannel", "ListLiveChannels"),
    ("ListObjects (GetBucket)", "ListObjects"),
    ("PutBucket", "CreateBucket"),
    ("PutBucketLifecycleConfiguration", "PutBucketLifecycle"),
    ("PutBucketObjectWormConfiguration", "PutObjectLockConfiguration"),
    ("PutBucketPublicAccessBlock", "PutPublicAccessBlock"),
    ("PutBucketTags", "PutBucketTagging"),
    ("PutObjectACL", "PutObjectAcl"),
];

struct Row {
    face: Dialect,
    name: &'static str,
    request: &'static str,
    state: &'static str,
    remark: &'static str,
    proof: &'static str,
}

fn rows() -> Vec<Row> {
    let mut face = None;
    let mut rows = Vec::new();
    for line in PAGE.lines() {
        match line.strip_prefix("## ") {
            Some("AWS S3") => face = Some(Dialect::S3),
            Some("Alibaba Cloud OSS") => face = Some(Dialect::Oss),
            Some(other) => panic!("no vendor: {other}"),
            None => {}
        }
        let Some(face) = face.filter(|_| line.starts_with('|') && !line.starts_with("|---")) else { continue };
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, request, state, remark, proof] = cells[..] else { panic!("five cells are wanted: {line}") };
        if name != "operation" {
            rows.push(Row {
                face,
                name,
                request: request.trim_matches('`'),
                state,
                remark,
                proof: proof.trim_matches('`'),
            });
        }
    }
    assert!(rows.len() > 200, "only {} rows were found", rows.len());
    rows
}

/// The head of a row's request, in the words of its face.
fn head(row: &Row) -> Parts {
    let (method, target) = row.request.split_once(' ').unwrap_or_else(|| panic!("{}: no request", row.name));
    let (target, copies) = target.split_once('#').map_or((target, false), |(target, what)| (target, what == "copy"));
    let (host, source) = match row.face {
        Dialect::Oss => ("oss.test", "x-oss-copy-source"),
        Dialect::S3 => ("s3.test", "x-amz-copy-source"),
    };
    let mut request = http::Request::builder().method(method).uri(target).header("host", host);
    if copies {
        request = request.header(source, "/bkt/source");
    }
    request.body(()).unwrap().into_parts().0
}

/// The operation that a request selects, or status and code of its refusal as the page writes them.
fn outcome(row: &Row) -> Result<Operation, String> {
    let parts = head(row);
    let addressing = Addressing {
        domains: Vec::new(),
        website_domains: Vec::new(),
        default_dialect: row.face,
        region: "cn-hangzhou".into(),
    };
    let error = match route(&parts, &addressing, &|_| None) {
        Err(refusal) => refusal.error,
        Ok(routed) => {
            assert_eq!(routed.dialect, row.face, "{}", row.name);
            // A preflight is answered before anything is read of it.
            if routed.operation == Operation::Preflight {
                return Ok(routed.operation);
            }
            let facts = RequestFacts { signed: true, secure: false, has_website: false };
            match decode(&routed, &parts, None, &facts) {
                Err(error @ headwater_model::Error::NotImplemented { .. }) => error,
                _ => return Ok(routed.operation),
            }
        }
    };
    let context = ErrorContext {
        request_id: "1",
        elapsed: Duration::ZERO,
        host: "h",
        method: &parts.method,
        path: parts.uri.path(),
        bucket: None,
        key: None,
        owner: false,
        site: false,
    };
    let status = encode_error(row.face, &error, &context).status().as_u16();
    Err(format!("{status} `{}`", headwater_wire::error_code(row.face, &error)))
}

#[test]
fn every_row_says_what_happens() {
    let mut wrong = Vec::new();
    for row in rows() {
        let (name, request) = (row.name, row.request);
        match (row.state, outcome(&row)) {
            ("yes" | "partly", Ok(operation)) => {
                let listed = if row.face == Dialect::Oss { &OSS_SYNONYMS[..] } else { &[] };
                let mut synonyms = listed.iter().chain(&SYNONYMS);
                let ours = synonyms.find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
                if operation.name() != ours {
                    wrong.push(format!("{name}: `{request}` is {}", operation.name()));
                }
            }
            ("yes" | "partly", Err(answer)) => wrong.push(format!("{name}: `{request}` is refused with {answer}")),
            ("no", Err(answer)) if row.remark.starts_with(&answer) => {}
            ("no", Err(answer)) => {
                wrong.push(format!("{name}: `{request}` is refused with {answer}, not {}", row.remark));
            }
            ("no", Ok(operation)) => {
                wrong.push(format!("{name}: `{request}` is not refused, it is {}", operation.name()));
            }
            (state, _) => wrong.push(format!("{name}: {state} is none of yes, partly, no")),
        }
        if row.state == "yes" && !row.remark.is_empty() {
            wrong.push(format!("{name}: yes, but something differs"));
        }
        if row.state == "partly" && row.remark.is_empty() {
            wrong.push(format!("{name}: partly, and nobody is told what differs"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operation_has_a_row() {
    let rows = rows();
    let told = |face, name| {
        let mut of_face = rows.iter().filter(|row| row.face == face);
        of_face.any(|row| outcome(row).is_ok_and(|operation| operation.name() == name))
    };
    let mut missing = Vec::new();
    for line in ROUTES.lines().filter(|line| !line.starts_with('#')) {
        let [name, _, faces, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        for (face, word) in [(Dialect::Oss, "oss"), (Dialect::S3, "s3")] {
            if (faces == "both" || faces == word) && !told(face, name) {
                missing.push(format!("{word}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "operations without a row: {}", missing.join(", "));
}

#[test]
fn every_proof_is_a_test() {
    let tests = tests_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let mut missing = Vec::new();
    for row in rows() {
        match row.state {
            "no" if row.proof.is_empty() => {}
            _ if tests.contains(row.proof) => {}
            _ => missing.push(format!("{}: {:?}", row.name, row.proof)),
        }
    }
    assert!(missing.is_empty(), "proofs that are no tests:\n{}", missing.join("\n"));
}

/// Names of all functions of the workspace that are marked as tests.
fn tests_of(folder: &Path) -> BTreeSet<String> {
    let mut folders = vec![PathBuf::from(folder)];
    let mut tests = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                collect_tests(&std::fs::read_to_string(&path).unwrap(), &mut tests);
            }
        }
    }
    tests
}

fn collect_tests(source: &str, tests: &mut BTreeSet<String>) {
    let mut marked = false;
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, name)) = line.split_once("fn ").filter(|_| marked) {
            tests.extend(name.split(['(', '<']).next().map(str::to_owned));
            marked = false;
        }
    }
}
