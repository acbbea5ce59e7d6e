//! A portable copy of all rows, of one moment: independent of redb's file format, checked as a whole.
//!
//! ```text
//! "HWINDEX1"                                      8 bytes
//! { key length u32 LE > 0, value length u32 LE, key, value } …   in ascending order of keys
//! 0 u32 LE, rows u64 LE, CRC-64/XZ of all before u64 LE
//! ```

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
use headwater_model::{Error, Result};

use super::RedbIndex;
use super::file::IndexFile;
use super::spread;
use crate::{KeyRange, Row};

const MAGIC: &[u8; 8] = b"HWINDEX1";
/// Longest key that a dump may hold: many times the longest object key, escaped.
const MAX_KEY_BYTES: u32 = 64 << 10;
/// Longest value that a dump may hold: many times an object of ten thousand extents.
const MAX_VALUE_BYTES: u32 = 64 << 20;
/// Rows that [`load`] commits at a time, so that its memory does not grow with the dump.
const LOAD_BATCH_ROWS: usize = 10_000;
/// Bytes of rows that [`load`] commits at a time.
const LOAD_BATCH_BYTES: usize = 16 << 20;

/// What a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpSummary {
    /// Rows.
    pub rows: u64,
    /// Bytes of the dump.
    pub bytes: u64,
}

impl RedbIndex {
    /// Writes all rows of one moment to `out`, which the caller flushes and makes durable.
    ///
    /// # Errors
    /// Those of reading the index; `Internal` if `out` fails.
    pub fn dump(&self, out: &mut impl Write) -> Result<DumpSummary> {
        let mut out = Summed::new(out);
        out.write(MAGIC).map_err(fail_write)?;
        let (mut rows, mut failure) = (0u64, None);
        self.snapshot()?.for_each(&KeyRange::all(), |key, value| match write_row(&mut out, key, value) {
            Ok(()) => {
                rows += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = failure {
            return Err(fail_write(error));
        }
        out.write(&0u32.to_le_bytes()).map_err(fail_write)?;
        out.write(&rows.to_le_bytes()).map_err(fail_write)?;
        let sum = out.digest.finalize();
        out.write(&sum.to_le_bytes()).map_err(fail_write)?;
        Ok(DumpSummary { rows, bytes: out.bytes })
    }
}

/// Makes a new index at `path` from a dump. `path` must not exist; after an error it may hold an unfinished index that
/// must not be used.
///
/// # Errors
/// `Damaged` for anything but a whole dump; `Internal` if `path` exists or the file system fails.
pub fn load(path: &Path, dump: &mut impl Read) -> Result<DumpSummary> {
    if path.exists() {
        return Err(Error::internal("load the index", format!("{} exists", path.display())));
    }
    let file = IndexFile::open(path)?;
    let mut input = Summed::new(dump);
    if &input.read_array::<8>()? != MAGIC {
        return Err(damaged("it does not begin as a dump"));
    }
    let mut rows = 0u64;
    loop {
        let (batch, more) = read_batch(&mut input)?;
        rows += batch.len() as u64;
        file.write(|table| spread(batch.iter()).try_for_each(|row| table.put(&row.key, &row.value)))?;
        if !more {
            break;
        }
    }
    if u64::from_le_bytes(input.read_array()?) != rows {
        return Err(damaged("rows are missing"));
    }
    let sum = input.digest.finalize();
    if u64::from_le_bytes(input.read_array()?) != sum {
        return Err(damaged("its checksum does not match"));
    }
    Ok(DumpSummary { rows, bytes: input.bytes })
}

fn write_row(out: &mut Summed<&mut impl Write>, key: &[u8], value: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "a row is too long for a dump");
    let length = |bytes: &[u8], limit: u32| {
        u32::try_from(bytes.len()).ok().filter(|length| *length <= limit).ok_or_else(too_long)
    };
    out.write(&length(key, MAX_KEY_BYTES)?.to_le_bytes())?;
    out.write(&length(value, MAX_VALUE_BYTES)?.to_le_bytes())?;
    out.write(key)?;
    out.write(value)
}

/// The next rows, and whether more may follow.
fn read_batch(input: &mut Summed<&mut impl Read>) -> Result<(Vec<Row>, bool)> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < LOAD_BATCH_ROWS && bytes < LOAD_BATCH_BYTES {
        let key_length = u32::from_le_bytes(input.read_array()?);
        if key_length == 0 {
            return Ok((rows, false));
        }
        let value_length = u32::from_le_bytes(input.read_array()?);
        if key_length > MAX_KEY_BYTES || value_length > MAX_VALUE_BYTES {
            return Err(damaged("a row is too long"));
        }
        let key = input.read_vec(key_length as usize)?;
        let value = Bytes::from(input.read_vec(value_length as usize)?);
        bytes += key.len() + value.len();
        rows.push(Row { key, value });
    }
    Ok((rows, true))
}

/// A stream with its length and checksum so far.
struct Summed<S> {
    stream: S,
    digest: Digest,
    bytes: u64,
}

impl<S> Summed<S> {
    fn new(stream: S) -> Self {
        Self { stream, digest: Digest::new(CrcAlgorithm::Crc64Xz), bytes: 0 }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<W: Write> Summed<&mut W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.count(bytes);
        Ok(())
    }
}

impl<R: Read> Summed<&mut R> {
    fn read_into(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.stream.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
            _ => Error::internal("read an index dump", error),
        })?;
        self.count(bytes);
        Ok(())
    }

    fn read_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_into(&mut bytes)?;
        Ok(bytes)
    }

    fn read_vec(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.read_into(&mut bytes)?;
        Ok(bytes)
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { detail: format!("index dump: {detail}").into() }
}

fn fail_write(error: io::Error) -> Error {
    Error::internal("write an index dump", error)
}
