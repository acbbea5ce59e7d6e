//! Reading and writing files at offsets: the few loops that system calls need.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags};

use super::chunk::Chunk;

/// Slices of one `pwritev`: the kernel takes 1,024; beyond some dozens the call's own cost is gone.
pub(super) const MAX_SLICES: usize = 64;

/// Fills `chunk` from `offset`. What the page cache holds is copied in place, because a hop to another thread costs more
/// than the copy; the rest is read on a thread that may wait for the disk.
///
/// # Errors
/// What the kernel says; `UnexpectedEof` if the file ends first.
pub(super) async fn fill(file: &Arc<File>, mut chunk: Chunk, offset: u64) -> io::Result<Chunk> {
    let cached = read_cached(file, chunk.as_mut(), offset)?;
    if cached == chunk.as_ref().len() {
        return Ok(chunk);
    }
    let file = Arc::clone(file);
    let read = move || {
        file.read_exact_at(&mut chunk.as_mut()[cached..], offset + cached as u64)?;
        Ok(chunk)
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

/// Fills a prefix of `buffer` with what is in the page cache, without waiting for a disk; returns its length. A file
/// system that cannot tell (it answers `EOPNOTSUPP`) gives none.
fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let mut rest = [IoSliceMut::new(&mut buffer[filled..])];
        match rustix::io::preadv2(file, &mut rest, offset + filled as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN | Errno::OPNOTSUPP) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(filled)
}

/// Writes all of `pieces` (at most [`MAX_SLICES`]), one after the other, from `offset`.
pub(super) fn write_all(file: &File, pieces: &[Bytes], mut offset: u64) -> Result<(), Errno> {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    for (slice, piece) in slices.iter_mut().zip(pieces) {
        *slice = IoSlice::new(piece);
    }
    let mut rest = &mut slices[..pieces.len()];
    IoSlice::advance_slices(&mut rest, 0); // drops empty slices in front
    while !rest.is_empty() {
        match rustix::io::pwritev(file, rest, offset) {
            Ok(0) => return Err(Errno::IO), // a regular file never takes nothing
            Ok(written) => {
                offset += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
