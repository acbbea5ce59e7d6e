//! `headwater demo`.

use crate::harness::{Headwater, run};

#[test]
fn the_demo_shows_a_miss_and_a_hit_and_cleans_up() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let output = run(Headwater::command(&["demo"]).current_dir(home.path()).env("TMPDIR", home.path()));
    let lines: Vec<&str> = output.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("{}. ", at + 1)), "steps are numbered: {line}");
    }
    let step = |words: &[&str]| lines.iter().position(|line| words.iter().all(|word| line.contains(word)));
    let miss = step(&["MISS", "examplefolder/example.txt"]).unwrap_or_else(|| panic!("{output}"));
    let off = step(&["switched off"]).unwrap_or_else(|| panic!("{output}"));
    let hit = step(&["HIT", "examplefolder/example.txt", "MIRROR"]).unwrap_or_else(|| panic!("{output}"));
    assert!(miss < off && off < hit, "{output}");
    let left: Vec<_> = std::fs::read_dir(home.path()).expect("the directory is there").collect();
    assert!(left.is_empty(), "{left:?}");
}
