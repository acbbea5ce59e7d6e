//! rclone over its S3 backend.

use std::path::Path;

use headwater_testkit::origin::{Reply, ScriptedOrigin, pattern};
use tempfile::TempDir;

use crate::harness::{Headwater, Setup, command, find, run};

const MIB: usize = 1 << 20;

/// `rclone ARGUMENTS` with the remote `hw:`.
fn rclone(server: &Headwater, home: &Path, arguments: &[&str]) -> String {
    let mut command = command(find("rclone", "rclone"));
    let settings = [
        ("TYPE", "s3"),
        ("PROVIDER", "Other"),
        ("ACCESS_KEY_ID", server.key().id),
        ("SECRET_ACCESS_KEY", server.key().secret),
        ("ENDPOINT", &server.endpoint()),
        ("REGION", "cn-hangzhou"),
        ("FORCE_PATH_STYLE", "true"),
    ];
    for (name, value) in settings {
        command.env(format!("RCLONE_CONFIG_HW_{name}"), value);
    }
    let flags = ["--retries", "1", "--low-level-retries", "1", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"];
    command.args(arguments).args(flags).env("RCLONE_CONFIG", home.join("none.conf"));
    run(&mut command)
}

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a writable directory");
    std::fs::write(path, bytes).expect("a writable directory");
}

fn tree() -> TempDir {
    let tree = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    for number in 0..60 {
        write(tree.path(), &format!("d{}/f{number}", number % 4), &pattern(number, 0, 1000 + number as usize));
    }
    write(tree.path(), "empty", b"");
    write(tree.path(), "dir one/ключ 键+&=%25#?.txt", b"odd");
    write(tree.path(), "emoji/😀 'quoted' \"double\".bin", b"odd too");
    write(tree.path(), "big.bin", &pattern(99, 0, 12 * MIB + 345));
    tree
}

#[test]
fn rclone_copies_checks_and_syncs_a_tree() {
    let (server, tree) = (Setup::new().start(), tree());
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let local = tree.path().to_str().expect("a text path");
    let back = home.path().join("back");
    let back = back.to_str().expect("a text path");
    let rclone = |arguments: &[&str]| rclone(&server, home.path(), arguments);

    rclone(&["mkdir", "hw:rclone"]);
    rclone(&["copy", local, "hw:rclone/tree"]);
    rclone(&["check", "--download", local, "hw:rclone/tree"]);
    rclone(&["check", local, "hw:rclone/tree"]);
    let listed = rclone(&["lsf", "-R", "--files-only", "hw:rclone/tree"]);
    assert_eq!(listed.lines().count(), 64, "{listed}");
    rclone(&["copy", "hw:rclone/tree", back]);
    rclone(&["check", local, back]);

    write(tree.path(), "d1/f1", b"changed");
    write(tree.path(), "d9/new", b"new");
    std::fs::remove_file(tree.path().join("empty")).expect("the file exists");
    rclone(&["sync", local, "hw:rclone/tree"]);
    rclone(&["check", "--download", local, "hw:rclone/tree"]);
    rclone(&["sync", "hw:rclone/tree", "hw:rclone/copied"]);
    rclone(&["check", "hw:rclone/tree", "hw:rclone/copied"]);
    rclone(&["move", "hw:rclone/copied/d9/new", "hw:rclone/moved"]);
    assert_eq!(rclone(&["cat", "hw:rclone/moved/new"]), "new");
    rclone(&["purge", "hw:rclone"]);
    assert!(!rclone(&["lsd", "hw:"]).contains("rclone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_copies_what_only_the_origin_has() {
    let origin = ScriptedOrigin::start().await;
    let body = pattern(7, 0, 3 * MIB);
    origin.on("/dir/file.bin", Reply::ok(body.clone()).header("content-type", "application/x-test"));
    let server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let target = home.path().join("file.bin");
    rclone(&server, home.path(), &["copyto", "hw:mirrored/dir/file.bin", target.to_str().expect("a text path")]);
    assert!(std::fs::read(&target).expect("the copy exists") == body, "the copy differs");
    let gets = origin.requests().iter().filter(|request| request.method == "GET").count();
    assert_eq!(gets, 1, "{:?}", origin.requests());
}
