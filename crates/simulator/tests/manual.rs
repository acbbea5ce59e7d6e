//! The manual has the table that the matrix gives.

use std::path::Path;

use headwater_simulator::matrix::Matrix;
use headwater_simulator::table;

const BEGIN: &str = "<!-- chaos table: begin (made of crates/simulator/matrix.toml; UPDATE_DOCS=1 rewrites it) -->\n";
const END: &str = "<!-- chaos table: end -->\n";

#[test]
fn the_manual_has_the_matrix() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/chaos.md");
    let page = std::fs::read_to_string(&path).expect("docs/chaos.md can be read");
    let (before, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (found, after) = rest.split_once(END).expect("the page marks where the table ends");
    let wanted = table(&Matrix::load());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).expect("docs/chaos.md can be written");
        return;
    }
    assert!(found == wanted, "docs/chaos.md is not what the matrix gives; UPDATE_DOCS=1 cargo test rewrites it");
}
