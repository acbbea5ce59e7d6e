//! What the doctor found.

use std::fmt;

use crate::local::segment::file_name;

/// Most findings that are kept; one cause usually damages things by the thousand.
const MAX_FINDINGS: usize = 100;

/// Counts and findings of an examination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoctorReport {
    /// Log segments read.
    pub segments: u64,
    /// Log entries read.
    pub entries: u64,
    /// Bytes behind the last whole entry: an append that a crash cut short. The next start cuts them off.
    pub torn_bytes: u64,
    /// Objects.
    pub objects: u64,
    /// Bytes of their bodies.
    pub object_bytes: u64,
    /// Versions that are not current, delete markers included.
    pub versions: u64,
    /// Parts of open uploads.
    pub parts: u64,
    /// Blob files.
    pub blobs: u64,
    /// Blob files that no row names; a few are what a crash leaves, and the next start removes them.
    pub orphan_blobs: u64,
    /// Their bytes.
    pub orphan_bytes: u64,
    /// What is wrong, at most the first hundred.
    pub findings: Vec<Finding>,
    /// How much more is wrong.
    pub more_findings: u64,
    /// Whether the index was made anew.
    pub rebuilt: bool,
}

impl DoctorReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether everything that is wrong concerns the index alone: a rebuild loses nothing.
    pub fn is_cured_by_rebuild(&self) -> bool {
        self.more_findings == 0
            && self.findings.iter().all(|finding| matches!(finding, Finding::Index { .. } | Finding::Row { .. }))
    }

    /// Bytes of a log segment that are no good entry.
    pub(super) fn lost(&mut self, segment: u64, offset_bytes: u64, detail: &'static str) {
        let segment = file_name(segment).into();
        self.add(Finding::Log { segment, offset_bytes, detail: detail.into() });
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Bytes of the log are not what was written: the entries there are lost, and what they deleted may be back.
    Log {
        /// File name of the segment.
        segment: Box<str>,
        /// Where in it.
        offset_bytes: u64,
        /// What is wrong.
        detail: Box<str>,
    },
    /// A log segment that the index knows is not there.
    Segment {
        /// File name of the segment.
        segment: Box<str>,
    },
    /// The index cannot be read. A rebuild makes it anew.
    Index {
        /// Why.
        detail: Box<str>,
    },
    /// A row of the index is not what the log says. A rebuild makes it so.
    Row {
        /// Which row.
        row: Box<str>,
        /// How it differs.
        detail: &'static str,
    },
    /// Bytes that a row names are damaged or missing: data loss.
    Body {
        /// Which row.
        row: Box<str>,
        /// What is wrong.
        detail: Box<str>,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log { segment, offset_bytes, detail } => write!(f, "log {segment} at {offset_bytes}: {detail}"),
            Self::Segment { segment } => write!(f, "log segment {segment} is missing"),
            Self::Index { detail } => write!(f, "index: {detail}"),
            Self::Row { row, detail } => write!(f, "{row}: {detail}"),
            Self::Body { row, detail } => write!(f, "{row}: {detail}"),
        }
    }
}
