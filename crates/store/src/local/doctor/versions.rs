//! How the versions of each key stand to each other.

use headwater_index::KeyRange;
use headwater_index::rows::{self, ObjectRow, RowKind, RowValue, VersionContent, VersionRow};
use headwater_model::bucket::Generation;
use headwater_model::version::VersionNumber;
use headwater_model::{ObjectKey, Result};

use super::{DoctorReport, Finding};
use crate::local::view::View;

/// Rows read at a time.
const CHUNK_ROWS: usize = 1024;

/// The newest version row of a key, so far.
struct Newest {
    life: Generation,
    key: ObjectKey,
    row_key: Vec<u8>,
    place: VersionNumber,
    is_marker: bool,
    is_superseded: bool,
}

/// Of each key the current object is the newest version, or else a delete marker that nothing superseded is; and the
/// current one is not among the others.
pub(super) fn compare(truth: &View, report: &mut DoctorReport) -> Result<()> {
    let mut newest: Option<Newest> = None;
    for row in truth.rows(KeyRange::prefix(&[RowKind::Version.tag()]), CHUNK_ROWS) {
        let (row_key, value) = row?;
        // What cannot be read is found where the bodies are looked for.
        let (Ok((life, key, version)), Ok(row)) =
            (VersionRow::parse_key(&row_key), VersionRow::decode(&row_key, &value))
        else {
            continue;
        };
        let object_key = ObjectRow::key(life, &key);
        if let Some(current) = truth.get(&object_key)?
            && ObjectRow::decode(&object_key, &current).is_ok_and(|current| current.meta.version == version)
        {
            report.add(Finding::Row { row: rows::describe(&row_key).into(), detail: "is the current object too" });
        }
        let found = Newest {
            life,
            key,
            row_key: row_key.to_vec(),
            place: row.place,
            is_marker: matches!(row.content, VersionContent::Marker { .. }),
            is_superseded: row.superseded.is_some(),
        };
        newest = Some(match newest.take() {
            Some(known) if (known.life, &known.key) == (found.life, &found.key) => {
                let (newer, older) = if known.place > found.place { (known, found) } else { (found, known) };
                if !older.is_superseded {
                    let row = rows::describe(&older.row_key).into();
                    report.add(Finding::Row { row, detail: "was superseded, but does not say when" });
                }
                newer
            }
            known => {
                judge(truth, known, report)?;
                found
            }
        });
    }
    judge(truth, newest, report)
}

fn judge(truth: &View, newest: Option<Newest>, report: &mut DoctorReport) -> Result<()> {
    let Some(newest) = newest else { return Ok(()) };
    let is_current = truth.get(&ObjectRow::key(newest.life, &newest.key))?.is_some();
    let detail = match (is_current, newest.is_superseded) {
        (true, false) => "is the newest version, although there is a current object",
        (false, true) => "was superseded, but nothing is newer",
        (false, false) if !newest.is_marker => "is the newest version and no delete marker, but not current",
        _ => return Ok(()),
    };
    report.add(Finding::Row { row: rows::describe(&newest.row_key).into(), detail });
    Ok(())
}
