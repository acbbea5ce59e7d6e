//! A disk without room: writes are refused in the vendor's words, everything else goes on.

use std::cell::Cell;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use headwater_testkit::origin::{Reply, ScriptedOrigin, pattern};

use crate::harness::{Headwater, Setup, eventually, find};

const DISK_BYTES: usize = 48 << 20;
const BODY_BYTES: usize = 1 << 20;

/// A server whose directory is on a small memory disk, in a mount namespace that ends with it.
fn on_small_disk(mount: &Path, origin: &ScriptedOrigin) -> Headwater {
    let unshare = find("unshare", "util-linux");
    let unshare = unshare.to_str().expect("a text path");
    // Others than root may mount in a user namespace of their own.
    let namespace = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let script = format!("mount -t tmpfs -o size={DISK_BYTES} none '{}' && exec \"$0\" \"$@\"", mount.display());
    let setup = Setup::new().mirror("mirrored", &origin.url("/")).directory(mount.join("data"));
    setup.wrapper(&[unshare, namespace, "sh", "-c", &script]).start()
}

/// The memory disk as this process sees it.
fn seen_from_here(server: &Headwater, mount: &Path) -> PathBuf {
    let relative = mount.strip_prefix("/").expect("an absolute path");
    PathBuf::from(format!("/proc/{}/root", server.pid())).join(relative)
}

/// Writes a file until the disk has not a byte left.
fn fill(file: &Path) {
    let mut filler = std::fs::File::create(file).expect("the disk can be reached through procfs");
    for piece in [1 << 20, 1 << 12, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let mount = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let origin = ScriptedOrigin::start().await;
    let server = on_small_disk(mount.path(), &origin);
    let client = server.client();
    client.put("/full/", "").send().await.expect(200);

    let mut stored = 0;
    let refusal = loop {
        let answer = client.put(&format!("/full/k{stored}"), pattern(stored, 0, BODY_BYTES)).send().await;
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
        assert!((stored as usize) * BODY_BYTES < DISK_BYTES, "more was stored than fits");
    };
    refusal.expect_error(507, "InsufficientStorage");
    assert!(stored > 10, "the disk was full after {stored} objects");
    let s3 = client.put("/full/more", pattern(0, 0, BODY_BYTES)).s3().send().await;
    s3.expect_error(507, "InsufficientStorage");

    let filler = seen_from_here(&server, mount.path()).join("filler");
    fill(&filler);
    // The server asks the disk now and then, and has a reserve of its own for the time between: what it takes, it keeps.
    let taken = Cell::new(0);
    eventually("small writes are refused too", || async {
        let answer = client.put(&format!("/full/small{}", taken.get()), "small").send().await;
        let full = answer.status == 507;
        if !full {
            answer.expect(200);
            taken.set(taken.get() + 1);
        }
        full
    })
    .await;
    for number in 0..taken.get() {
        client.get(&format!("/full/small{number}")).send().await.expect(200).expect_body(b"small");
    }
    for number in 0..stored {
        client.get(&format!("/full/k{number}")).send().await.expect(200).expect_body(&pattern(number, 0, BODY_BYTES));
    }
    let listing = client.get("/full/?max-keys=1000").send().await.expect(200);
    assert_eq!(listing.text().matches("<Key>").count() as u64, stored + taken.get());

    for (key, length) in [("small", 100), ("large", 6 << 20)] {
        origin.on(&format!("/{key}"), Reply::pattern(7, length));
        let answer = server.anonymous().get(&format!("/mirrored/{key}")).send().await.expect(200);
        answer.expect_body(&pattern(7, 0, length as usize));
    }

    client.delete("/full/k0").send().await.expect(204);
    client.get("/full/k0").send().await.expect_error(404, "NoSuchKey");

    std::fs::remove_file(filler).expect("the disk can be reached through procfs");
    for number in 1..stored {
        client.delete(&format!("/full/k{number}")).send().await.expect(204);
    }
    eventually("there is room again", || async {
        client.put("/full/again", pattern(9, 0, BODY_BYTES)).send().await.status == 200
    })
    .await;
    client.get("/full/again").send().await.expect(200).expect_body(&pattern(9, 0, BODY_BYTES));
}
