//! What commands print: JSON, lines of names and values, tables.
//!
//! Texts of origins and clients are data here too: control characters are shown, never sent to the terminal.

use std::io::Write as _;

use headwater_admin::leaves;
pub(super) use headwater_admin::{plain, printable};
use serde_json::Value;

/// Prints to standard output. A reader that went away is no reason to fail.
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// As the API gave it.
pub(super) fn json(value: &Value) {
    print(&format!("{value:#}\n"));
}

/// The leaves of a document, one a line: `guard.min_bytes  0`.
pub(super) fn fields(value: &Value) -> String {
    table(&leaves(value).into_iter().map(|(name, text)| vec![name, text]).collect::<Vec<_>>())
}

/// Columns as wide as their longest cell, two spaces apart.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_lines_and_nothing_reaches_the_terminal_raw() {
        let document = json!({"a": {"b": 1, "long_name": "x\u{1b}[2J"}, "c": null, "d": []});
        assert_eq!(fields(&document), "a.b          1\na.long_name  x\\u{1b}[2J\nc            -\nd            []\n");
    }
}
