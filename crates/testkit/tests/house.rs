//! The house stays as the map says: arrows point down, files stay rooms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each crate may depend on (ARCHITECTURE.md). Tests may use more.
const ARROWS: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("wire", &["model"]),
    ("index", &["model"]),
    ("store", &["model", "index"]),
    ("egress", &["model", "wire"]),
    ("engine", &["model", "wire", "index", "store", "egress"]),
    ("admin", &["model", "wire", "engine"]),
    ("console", &["model", "wire", "engine", "admin"]),
    ("server", &["model", "wire", "store", "engine", "admin", "console"]),
    ("simulator", &[]),
    ("cli", &["model", "wire", "index", "store", "egress", "engine", "admin", "server", "simulator"]),
    // For tests only, so it may look at what it imitates; nothing but tests may look at it.
    ("testkit", &["model", "index", "store", "egress", "simulator"]),
];

/// Where a file stops being a room.
const MAX_LINES: usize = 600;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies among the others").to_owned()
}

/// Our crates in the `[dependencies]` section of a manifest.
fn dependencies(manifest: &str) -> Vec<&str> {
    let section = manifest.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap_or_default();
    let name = |line: &'_ str| -> Option<usize> { line.find(['.', ' ', '=']) };
    let ours = section.lines().filter_map(|line| line.strip_prefix("headwater-"));
    ours.map(|line| &line[..name(line).unwrap_or(line.len())]).collect()
}

#[test]
fn arrows_point_down() {
    let allowed = BTreeMap::from(ARROWS);
    let mut seen = 0;
    for entry in fs::read_dir(crates()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not on the map"));
        for dependency in dependencies(&manifest) {
            assert!(allowed.contains(&dependency), "{name} may not depend on {dependency}");
        }
        seen += 1;
    }
    assert_eq!(seen, allowed.len(), "a crate of the map is missing");
}

#[test]
fn a_dependency_is_found_in_a_manifest() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nheadwater-model.workspace = true\n\
                    headwater-wire = { path = \"w\" }\n\n[dev-dependencies]\nheadwater-testkit.workspace = true\n";
    assert_eq!(dependencies(manifest), ["model", "wire"]);
}

#[test]
fn files_stay_rooms() {
    let mut folders = vec![crates()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path).unwrap().lines().count();
                assert!(lines <= MAX_LINES, "{} has {lines} lines; {MAX_LINES} is the end", path.display());
            }
        }
    }
}
