//! A real tree of thousands of files through a real origin: everything arrives, stays when the origin is gone, and
//! survives a kill.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Headwater, Nginx, Python, Setup, run};

/// A tree with fewer files is no real input.
const MIN_FILES: usize = 2000;
/// Files taken, evenly over the tree: a minute of reading with two SDKs on two cores.
const MAX_FILES: usize = 2500;
/// Larger files are left out; bodies of many megabytes have tests of their own.
const MAX_FILE_BYTES: u64 = 4 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_a_real_tree_is_mirrored_and_stays() {
    let (tree, names) = tree();
    let list = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a writable directory");
    std::fs::write(list.path(), names.join("\n")).expect("a writable directory");
    let nginx = Nginx::serving(&tree).await;
    let buckets = [("tree-oss", "oss2-v4"), ("tree-s3", "boto3")];
    let setup = buckets.iter().fold(Setup::new(), |setup, (bucket, _)| setup.mirror(bucket, &nginx.url()));
    let mut server = setup.start();
    let compare = async |server: &Headwater| {
        let scripts = buckets.map(|(bucket, sdk)| {
            let script = Python::script("tree", server).with("SDK", sdk).with("BUCKET", bucket);
            let script = script.with("TREE", &tree).with("FILES", list.path());
            tokio::task::spawn_blocking(move || script.run())
        });
        for script in scripts {
            let output = script.await.expect("the script passes");
            assert!(output.starts_with(&format!("{} files right", names.len())), "{output}");
        }
    };
    compare(&server).await;
    nginx.stop();
    compare(&server).await;
    server.kill();
    server.restart();
    compare(&server).await;
    server.stop();
}

/// A directory that most machines have, and the files in it that are taken, relative to it.
fn tree() -> (PathBuf, Vec<String>) {
    let sysroot = run(Command::new("rustc").args(["--print", "sysroot"]));
    let documentation = Path::new(sysroot.trim()).join("share/doc");
    let candidates = [documentation, "/usr/share/doc".into(), "/usr/share".into()];
    for root in candidates {
        let mut names = Vec::new();
        collect(&root, &root, &mut names);
        if names.len() >= MIN_FILES {
            names.sort();
            let step = names.len().div_ceil(MAX_FILES);
            return (root, names.into_iter().step_by(step).collect());
        }
    }
    panic!("no tree with {MIN_FILES} files on this machine; rustup component add rust-docs installs one");
}

/// Adds the regular files under `directory`; symbolic links are neither followed nor taken.
fn collect(root: &Path, directory: &Path, names: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() {
            collect(root, &path, names);
        } else if kind.is_file() && entry.metadata().is_ok_and(|file| file.len() <= MAX_FILE_BYTES) {
            let name = path.strip_prefix(root).expect("the file lies in the tree").to_str();
            names.extend(name.filter(|name| !name.contains('\n')).map(ToOwned::to_owned));
        }
    }
}
