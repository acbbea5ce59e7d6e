//! Segment files: the pieces that the log is stored in. The picture is in `docs/storage.md`.
//!
//! A segment is made whole (header written, synced, its directory synced) before the first frame is written to it, so a
//! newest segment without a good header holds nothing that was acknowledged.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use headwater_model::clock::Timestamp;
use rustix::io::{Errno, ReadWriteFlags};

use super::frame;
use super::probe::{Point, Probe};

/// Bytes before the first frame.
pub(super) const SEGMENT_HEADER_BYTES: usize = 64;
/// Begins every segment; the last two digits are the version of the layout.
const MAGIC: [u8; 8] = *b"HWSEGM01";
/// Files are readable by the server's account only.
pub(super) const FILE_MODE: u32 = 0o600;

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Its number: segments are in the order of their numbers.
    pub(super) number: u64,
    /// Sequence of its first entry.
    pub(super) first_sequence: u64,
    /// When it was made.
    pub(super) created: Timestamp,
    /// Goes into the CRC of its frames.
    pub(super) salt: u64,
}

impl SegmentHeader {
    /// `"HWSEGM01" │ number │ first_sequence │ created │ salt │ zeros │ crc32c of all before`.
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.created.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.salt.to_le_bytes());
        let crc = frame::checksum(0, &bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` if it is not what [`SegmentHeader::encode`] writes.
    pub(super) fn parse(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Option<Self> {
        let field = |at: usize| -> [u8; 8] { bytes[at..at + 8].try_into().expect("8 bytes within the header") };
        let crc = u32::from_le_bytes(bytes[60..].try_into().expect("4 bytes"));
        (field(0) == MAGIC && crc == frame::checksum(0, &bytes[..60])).then(|| Self {
            number: u64::from_le_bytes(field(8)),
            first_sequence: u64::from_le_bytes(field(16)),
            created: Timestamp(i64::from_le_bytes(field(24))),
            salt: u64::from_le_bytes(field(32)),
        })
    }
}

/// Name of a segment's file.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:016x}.seg")
}

/// The number of the segment that a file called `name` is.
pub(super) fn parse_file_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    (file_name(number) == name).then_some(number)
}

/// An open segment file. It stays readable after it is unlinked.
#[derive(Debug)]
pub(super) struct SegmentFile {
    /// Its header.
    pub(super) header: SegmentHeader,
    file: File,
}

impl SegmentFile {
    /// Makes a segment and makes it durable. A file of that name, left by a crash before its header was durable, is
    /// made anew.
    pub(super) fn create(directory: &Path, header: SegmentHeader, probe: &Probe) -> io::Result<Self> {
        let path = directory.join(file_name(header.number));
        probe.at(Point::SegmentCreate)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(FILE_MODE).open(&path)?;
        probe.at(Point::SegmentCreated)?;
        file.write_all_at(&header.encode(), 0)?;
        probe.at(Point::SegmentHeaderWritten)?;
        file.sync_all()?;
        File::open(directory)?.sync_all()?;
        probe.at(Point::SegmentHeaderSynced)?;
        Ok(Self { header, file })
    }

    /// Opens an existing segment for reading and appending. `Ok(None)`: it has no good header.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(SegmentHeader::parse(&bytes).map(|header| Self { header, file })),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Length of the file.
    pub(super) fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Writes at `offset_bytes`; not durable before [`SegmentFile::sync`].
    pub(super) fn write(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset_bytes)
    }

    /// Makes everything written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Cuts the file off at `size_bytes`.
    pub(super) fn truncate(&self, size_bytes: u64) -> io::Result<()> {
        self.file.set_len(size_bytes)
    }

    /// Reads as much as there is, up to the length of `buffer`; waits for the disk.
    pub(super) fn read(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset_bytes + filled as u64) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Fills `buffer` from the page cache without ever waiting for the disk; `false` if not all of it is there, or the
    /// file system cannot tell.
    pub(super) fn read_cached(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            let target = &mut [IoSliceMut::new(&mut buffer[filled..])];
            match rustix::io::preadv2(&self.file, target, offset_bytes + filled as u64, ReadWriteFlags::NOWAIT) {
                Ok(0) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => return Ok(false),
                Ok(bytes) => filled += bytes,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

/// The segments in `directory`, ascending; other files are none of the log's.
pub(super) fn discover(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(number) = entry.file_name().to_str().and_then(parse_file_name) {
            found.push((number, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader { number: 3, first_sequence: 17, created: Timestamp(5), salt: 99 };

    #[test]
    fn names_carry_the_number() {
        assert_eq!(file_name(255), "00000000000000ff.seg");
        assert_eq!(parse_file_name("00000000000000ff.seg"), Some(255));
        for other in ["reserve", "ff.seg", "00000000000000FF.seg", "00000000000000ff", "+0000000000000ff.seg"] {
            assert_eq!(parse_file_name(other), None, "{other}");
        }
    }

    #[test]
    fn headers_read_back_and_every_bit_matters() {
        let bytes = HEADER.encode();
        assert_eq!(SegmentHeader::parse(&bytes), Some(HEADER));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::parse(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_segment_is_read_back_from_cache_and_disk() {
        let directory = tempfile::tempdir().expect("temp dir");
        let segment = SegmentFile::create(directory.path(), HEADER, &Probe::none()).expect("create");
        segment.write(b"frame", SEGMENT_HEADER_BYTES as u64).expect("write");
        segment.sync().expect("sync");
        let found = discover(directory.path()).expect("discover");
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3]);
        let reopened = SegmentFile::open(&found[0].1).expect("open").expect("good header");
        assert_eq!(reopened.header, HEADER);
        let mut buffer = [0; 9];
        assert_eq!(reopened.read(&mut buffer, 64).expect("read"), 5);
        assert_eq!(&buffer[..5], b"frame");
        assert!(!reopened.read_cached(&mut buffer, 64).expect("read"), "bytes beyond the end are not there");
    }
}
