//! Names of blob files: an id is all that is needed to find one, and nothing a client says is part of a path.
//!
//! ```text
//! <root>/2026112211/c4/01939a5b-....-7...-....-..........c4
//!        hour (UTC)  last byte of the id
//! ```
//! The hour is that of the id's own timestamp (UUID v7), so recent files can be found without reading the others.

use std::fmt;
use std::path::{Path, PathBuf};

use headwater_model::clock::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Identifies a blob file: a UUID v7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct BlobId(pub(crate) [u8; 16]);

impl BlobId {
    /// When the id was made, to the millisecond.
    pub(crate) fn created(self) -> Timestamp {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.0[..6]);
        Timestamp(i64::from_be_bytes(millis))
    }

    /// Reads a file's name; `None` if it is not one that [`fmt::Display`] prints.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(name).ok()?.into_bytes());
        (id.to_string() == name).then_some(id)
    }

    /// The file's directories and path below `root`.
    pub(super) fn place(self, root: &Path) -> Place {
        let hour = root.join(hour_name(self.created()));
        let shard = hour.join(format!("{:02x}", self.0[15]));
        let file = shard.join(self.to_string());
        Place { hour, shard, file }
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Paths of one blob.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Directory of the hour.
    pub(super) hour: PathBuf,
    /// Directory below it, one of 256: keeps directories short when an hour sees millions of blobs.
    pub(super) shard: PathBuf,
    /// The file.
    pub(super) file: PathBuf,
}

/// `yyyymmddhh` in UTC. Byte order is time order until the year 9999.
pub(super) fn hour_name(at: Timestamp) -> String {
    let seconds = at.seconds().max(0);
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}{month:02}{day:02}{:02}", seconds / 3600 % 24)
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar. Counts from the first
/// of March, so that the leap day is the last of its year and months follow one linear formula.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01 to 1970-01-01
    let era = days.div_euclid(146_097); // 400 years
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_the_calendar() {
        for (seconds, name) in [
            (0, "1970010100"),
            (951_782_400, "2000022900"),
            (1_709_251_199, "2024022923"),
            (1_735_689_599, "2024123123"),
            (4_107_542_400, "2100030100"),
        ] {
            assert_eq!(hour_name(Timestamp::from_seconds(seconds)), name);
        }
    }

    #[test]
    fn a_place_follows_from_the_id_alone() {
        let id = BlobId::parse("01939a5b-7c00-7abc-8def-0123456789c4").expect("an id");
        let place = id.place(Path::new("/r"));
        assert_eq!(place.file, Path::new("/r/2024120605/c4/01939a5b-7c00-7abc-8def-0123456789c4"));
        assert_eq!(place.file.parent(), Some(place.shard.as_path()));
        for bad in ["", "x", "01939A5B-7C00-7ABC-8DEF-0123456789C4", "01939a5b7c007abc8def0123456789c4"] {
            assert_eq!(BlobId::parse(bad), None, "{bad}");
        }
    }
}
