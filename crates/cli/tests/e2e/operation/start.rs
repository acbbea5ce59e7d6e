//! Starts that must fail: with one line that says what is wrong and what to change, and no success.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::harness::{Headwater, Setup};

/// Runs `headwater ARGUMENTS` to its end: exit code and standard error.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = Headwater::command(arguments).output().expect("the binary can be started");
    assert!(!status.success(), "{arguments:?} was to fail");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    (status.code(), String::from_utf8(stderr).expect("messages are text"))
}

/// Holds a start of a server to failure with one line of words.
#[track_caller]
fn expect_one_line(setup: Setup, words: &[&str]) {
    let (status, log) = setup.start_fails();
    assert_eq!(status.code(), Some(1), "{log:?}");
    let [line] = &log[..] else { panic!("one line was to say why: {log:?}") };
    assert!(line.starts_with("error: "), "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in: {line}");
    }
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

#[test]
fn a_wrong_flag_is_named() {
    let (code, message) = refused(&["serve", "--lisen", "127.0.0.1:1"]);
    assert_eq!(code, Some(2));
    assert!(message.contains("'--lisen'") && message.contains("'--listen'"), "{message}");
    for arguments in [
        &["serve", "--drain", "30"][..],
        &["serve", "--workers", "0"],
        &["serve", "--allow-origin-net", "everywhere"],
        &["serve", "--listen", "here"],
        &["no-such-command"],
    ] {
        let (code, message) = refused(arguments);
        assert_eq!(code, Some(2));
        assert!(message.contains(arguments[arguments.len() - 1]), "{message}");
    }
}

#[test]
fn an_unknown_key_of_the_configuration_is_named_with_the_nearest() {
    let directory = directory();
    let file = directory.path().join("headwater.toml");
    let path = file.to_str().expect("a text path");
    for (text, words) in [
        ("lisen = '127.0.0.1:1'", ["lisen", "did you mean listen?"]),
        ("[origin]\nallow_network = []", ["origin.allow_network;", "origin.allow_networks?"]),
        ("workers = 'many'", ["headwater.toml", "many"]),
    ] {
        std::fs::write(&file, text).expect("a writable directory");
        let (code, message) = refused(&["serve", "--config", path]);
        assert_eq!((code, message.lines().count()), (Some(1), 1), "{message}");
        for word in words {
            assert!(message.contains(word), "{word:?} is not in: {message}");
        }
    }
    let (_, message) = refused(&["serve", "--config", "/no/such/file.toml"]);
    assert!(message.contains("/no/such/file.toml") && message.lines().count() == 1, "{message}");
}

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
    let address = taken.local_addr().expect("a bound listener has an address").to_string();
    for flag in ["--listen", "--admin-listen"] {
        let directory = directory();
        let other = if flag == "--listen" { "--admin-listen" } else { "--listen" };
        let data = directory.path().to_str().expect("a text path");
        let (code, message) = refused(&["serve", "--data", data, flag, &address, other, "127.0.0.1:0"]);
        assert_eq!((code, message.lines().count()), (Some(1), 1), "{message}");
        assert!(message.contains(&address) && message.contains(flag), "{message}");
    }
}

#[test]
fn a_directory_has_one_server() {
    let mut first = Setup::new().start();
    let data = first.data();
    expect_one_line(Setup::new().directory(data.clone()), &["in use by another process", data.to_str().expect("text")]);
    let (code, message) = refused(&["doctor", "--data", data.to_str().expect("a text path")]);
    assert!(code == Some(1) && message.contains("in use"), "{message}");
    first.stop();
    Setup::new().directory(data).start().stop();
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let directory = directory();
    let file = directory.path().join("a-file");
    std::fs::write(&file, "no directory").expect("a writable directory");
    expect_one_line(Setup::new().directory(file.clone()), &[file.to_str().expect("text")]);
    let within = file.join("data");
    expect_one_line(Setup::new().directory(within.clone()), &[within.to_str().expect("text")]);
    // Permissions do not hold root back; procfs does.
    if rustix::process::geteuid().is_root() {
        expect_one_line(Setup::new().directory("/proc/headwater".into()), &["/proc/headwater"]);
    } else {
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o500)).expect("it is ours");
        let data = directory.path().join("data");
        expect_one_line(Setup::new().directory(data.clone()), &[data.to_str().expect("text")]);
    }
}

#[test]
fn foreign_data_is_not_taken_for_ours() {
    let directory = directory();
    std::fs::write(directory.path().join("FORMAT"), "something else\n").expect("a writable directory");
    expect_one_line(Setup::new().directory(directory.path().into()), &["format", "something else"]);
}

#[test]
fn a_mirror_that_differs_from_the_existing_one_names_both() {
    let directory = directory();
    let setup = || Setup::new().directory(directory.path().join("data"));
    setup().mirror("photos", "http://one.example/").start().stop();
    setup().mirror("photos", "http://one.example/").start().stop();
    expect_one_line(
        setup().mirror("photos", "http://two.example/"),
        &["photos", "http://one.example/", "http://two.example/"],
    );
    for wrong in ["photos", "Photos=http://x.example/", "photos=ftp://x.example/"] {
        expect_one_line(Setup::new().flag("--mirror", wrong), &["mirror"]);
    }
}

#[test]
fn half_a_key_pair_is_named() {
    let directory = directory();
    let mut command =
        Headwater::command(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data"]);
    command.arg(directory.path()).env("HEADWATER_ACCESS_KEY_ID", "only-the-id");
    let output = command.output().expect("the binary can be started");
    let message = String::from_utf8(output.stderr).expect("messages are text");
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("HEADWATER_ACCESS_KEY_SECRET"), "{message}");
}
