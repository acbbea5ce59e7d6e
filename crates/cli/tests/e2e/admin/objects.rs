//! `headwater object`: bytes through the data plane, everything else through the admin API.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use headwater_testkit::origin::{Gate, Reply, ScriptedOrigin, TestAuthority, Validity, pattern};

use super::{json, refused};
use crate::harness::{Headwater, Setup, run};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a text path")
}

/// Gives a command this standard input.
fn fed(mut command: Command, input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("it reads"));
        child.wait_with_output().expect("the child is ours")
    })
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("readable");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn objects_are_put_listed_looked_at_got_and_removed() {
    let server = Setup::new().start();
    let shown = |arguments: &[&str]| run(&mut server.client_command(arguments));
    shown(&["bucket", "create", "pics"]);
    let home = directory();
    let source = home.path().join("source");
    let body = pattern(1, 0, 3 << 20);
    std::fs::write(&source, &body).expect("writable");
    for key in ["a/b/c é.jpg", "a/d", "e", "/f"] {
        shown(&["object", "put", text(&source), &format!("pics/{key}"), "--content-type", "image/x-test"]);
    }
    let names = |listing: String| -> Vec<String> {
        listing.lines().map(|line| line.splitn(3, "  ").last().unwrap_or_default().trim().to_owned()).collect()
    };
    let last = |listing: String| -> Vec<String> {
        names(listing).into_iter().map(|line| line.rsplit("  ").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(last(shown(&["object", "ls", "pics"])), ["/", "a/", "e"]);
    assert_eq!(last(shown(&["object", "ls", "pics/a/"])), ["a/b/", "a/d"]);
    assert_eq!(last(shown(&["object", "ls", "pics", "--recursive"])), ["/f", "a/b/c é.jpg", "a/d", "e"]);
    let listing = json(&server, &["object", "ls", "pics/a/"]);
    assert_eq!((&listing["objects"][0]["size_bytes"], &listing["prefixes"][0]), (&body.len().into(), &"a/b/".into()));

    let about = json(&server, &["object", "stat", "pics/a/b/c é.jpg"]);
    assert_eq!((&about["headers"]["content-type"], &about["provenance"]), (&"image/x-test".into(), &"written".into()));
    let target = home.path().join("target");
    for key in ["a/b/c é.jpg", "/f"] {
        shown(&["object", "get", &format!("pics/{key}"), text(&target)]);
        assert!(std::fs::read(&target).expect("written") == body, "{key}");
    }
    let mode = std::fs::metadata(&target).expect("written").permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
    run(server.client_command(&["object", "get", "pics/a/b/c é.jpg"]).current_dir(home.path()));
    assert_eq!(files(home.path()), ["c é.jpg", "source", "target"]);
    let output = server.client_command(&["object", "get", "pics/e", "-"]).output().expect("the binary starts");
    assert!(output.status.success() && output.stdout == body && output.stderr.is_empty(), "bytes and nothing else");

    shown(&["object", "rm", "pics/e"]);
    for arguments in [&["object", "stat", "pics/e"][..], &["object", "get", "pics/e"], &["object", "get", "pics"]] {
        let (status, message) = refused(&server, arguments);
        assert!(status == Some(1) && message.lines().count() == 1, "{message}");
    }
    let (_, message) = refused(&server, &["object", "get", "pics/e", text(&target)]);
    assert!(message.contains("NoSuchKey"), "{message}");
    assert!(std::fs::read(&target).expect("kept") == body, "what was there stays");
}

#[tokio::test]
async fn standard_input_is_put_whole_or_in_parts() {
    let server = Setup::new().start();
    run(&mut server.client_command(&["bucket", "create", "pics"]));
    let small = b"from a pipe".as_slice();
    // A part of 16 MiB, and what is left.
    let large = pattern(2, 0, (16 << 20) + 7);
    for (key, body, kind) in [("empty", &[][..], "normal"), ("small", small, "normal"), ("large", &large, "multipart")]
    {
        let output = fed(server.client_command(&["object", "put", "-", &format!("pics/{key}")]), body);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let about = json(&server, &["object", "stat", &format!("pics/{key}")]);
        assert_eq!((&about["size_bytes"], &about["kind"]), (&body.len().into(), &kind.into()), "{about}");
        server.client().get(&format!("/pics/{key}")).send().await.expect(200).expect_body(body);
    }
    let output = fed(server.client_command(&["object", "put", "-", "nothing/key"]), &large);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("NoSuchBucket"));
    assert_eq!(json(&server, &["bucket", "stat", "pics"])["uploads"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_no_file() {
    let origin = ScriptedOrigin::start().await;
    let (body, gate) = (pattern(3, 0, 4 << 20), Gate::closed());
    origin.on("/k", Reply::ok(body).hold_body_at(1 << 20, &gate));
    let mut server = Setup::new().mirror("pics", &origin.url("/")).start();
    let home = directory();
    let mut command = server.client_command(&["object", "get", "pics/k", "k"]);
    command.current_dir(home.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    gate.wait_for_arrivals(1).await;
    crate::harness::eventually("the unfinished file is there", || async { !files(home.path()).is_empty() }).await;
    assert!(!home.path().join("k").exists(), "{:?}", files(home.path()));
    server.kill();
    let output = child.wait_with_output().expect("the child is ours");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.starts_with("error: the body broke off"), "{message}");
    assert!(files(home.path()).is_empty(), "{:?}", files(home.path()));
}

#[tokio::test]
async fn objects_go_over_tls() {
    let home = directory();
    let authority = TestAuthority::new("the operator's");
    let ca = authority.write_pem(home.path());
    let (certificate, key) = authority.issue(&["127.0.0.1"], Validity::Current).write_pem(home.path());
    let server = Setup::new().flag("--tls-cert", text(&certificate)).flag("--tls-key", text(&key)).start();
    run(&mut server.client_command(&["bucket", "create", "pics"]));
    let file = home.path().join("file");
    std::fs::write(&file, "secret").expect("writable");
    let put = ["object", "put", text(&file), "pics/k"];
    let (status, message) = refused(&server, &put);
    assert!(status == Some(1) && message.contains("--ca-file"), "{message}");
    run(server.client_command(&put).args(["--ca-file", text(&ca)]));
    let get = ["object", "get", "pics/k", "-", "--endpoint", &server.endpoint(), "--ca-file", text(&ca)];
    assert_eq!(run(&mut server.client_command(&get)), "secret");
    run(&mut server.client_command(&["bucket", "empty", "pics", "--yes", "--ca-file", text(&ca)]));
}

#[tokio::test]
async fn an_origin_that_fails_is_left_to_explain() {
    let server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let (status, message) = refused(&server, &["object", "get", "pics/k", "-"]);
    assert!(status == Some(1) && message.contains("headwater explain pics/k --try tells why"), "{message}");
}

/// Without a terminal no bar is drawn.
#[tokio::test]
async fn nothing_is_drawn_without_a_terminal() {
    let server = Setup::new().start();
    run(&mut server.client_command(&["bucket", "create", "pics"]));
    let output: Output = fed(server.client_command(&["object", "put", "-", "pics/k"]), b"x");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(Headwater::command(&["object", "get"]).output().expect("it starts").status.code(), Some(2));
}
