//! The manual's table, made from the matrix.

use std::fmt::Write as _;

use crate::matrix::Matrix;

/// All rows as Markdown, a table per section.
pub fn table(matrix: &Matrix) -> String {
    let mut text = String::new();
    let mut section = "";
    for row in &matrix.rows {
        if row.section != section {
            section = &row.section;
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n### {section}\n\n| # | the origin | Alibaba Cloud OSS | nginx | Headwater |\n|---|---|---|---|---|\n"
            );
        }
        let cells = [&row.origin, &row.oss, &row.nginx, &row.ours].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} | {} |", row.id, cells.join(" | "));
    }
    text
}
