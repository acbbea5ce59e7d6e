//! Where things are in a blob file, and the checksums of its blocks. See the picture in [`super`].

use headwater_model::{Error, Result};

/// Payload bytes under one checksum. Large enough that sums cost 0.006 % of space, small enough that a short range does
/// not read much more than it asks for.
pub(crate) const BLOCK_BYTES: u64 = 64 << 10;
/// Bytes of one block's CRC32C in the trailer, little-endian.
pub(super) const SUM_BYTES: u64 = 4;
/// Bytes of the fixed tail that ends every blob file.
pub(super) const TAIL_BYTES: u64 = 24;
/// Longest footer. The longest honest one (a key of 1 KiB, headers of 64 KiB, each byte escaped as six) stays below;
/// a longer one is damage, not something to allocate.
pub(super) const MAX_FOOTER_BYTES: u32 = 1 << 20;

/// Ends every blob file. The last digit is the version of the layout; the footer has a version of its own.
const MAGIC: [u8; 8] = *b"HWBLOB01";

/// CRC32C (iSCSI) of `bytes`.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// Bytes of the trailer that belongs to a payload of `payload_bytes`.
pub(super) fn trailer_bytes(payload_bytes: u64) -> u64 {
    payload_bytes.div_ceil(BLOCK_BYTES) * SUM_BYTES
}

/// The fixed tail of a blob file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FixedTail {
    /// Bytes of the trailer.
    pub(super) trailer_bytes: u64,
    /// Bytes of the footer.
    pub(super) footer_bytes: u32,
    /// CRC32C of trailer, footer and the two lengths.
    pub(super) crc32c: u32,
}

impl FixedTail {
    /// The bytes that follow the payload: trailer, footer, fixed tail.
    pub(super) fn seal(trailer: &[u8], footer: &[u8]) -> Vec<u8> {
        let mut end = Vec::with_capacity(trailer.len() + footer.len() + TAIL_BYTES as usize);
        end.extend_from_slice(trailer);
        end.extend_from_slice(footer);
        end.extend_from_slice(&(trailer.len() as u64).to_le_bytes());
        end.extend_from_slice(&(footer.len() as u32).to_le_bytes());
        end.extend_from_slice(&crc32c(&end).to_le_bytes());
        end.extend_from_slice(&MAGIC);
        end
    }

    /// Reads the last [`TAIL_BYTES`] of a file of `file_bytes`. Lengths are checked against each other here; the CRC is
    /// checked by [`FixedTail::open`] once what it covers is read.
    ///
    /// # Errors
    /// [`Error::Damaged`] if this is not the end of a whole blob file.
    pub(super) fn parse(bytes: [u8; TAIL_BYTES as usize], file_bytes: u64) -> Result<Self> {
        let (lengths, rest) = bytes.split_at(12);
        let (crc, magic) = rest.split_at(4);
        if magic != MAGIC {
            return Err(damaged("file does not end as a blob"));
        }
        let tail = Self {
            trailer_bytes: u64::from_le_bytes(lengths[..8].try_into().expect("8 of 12 bytes")),
            footer_bytes: u32::from_le_bytes(lengths[8..].try_into().expect("4 of 12 bytes")),
            crc32c: u32::from_le_bytes(crc.try_into().expect("4 bytes")),
        };
        let payload_bytes = tail.payload_bytes(file_bytes);
        if tail.footer_bytes > MAX_FOOTER_BYTES || payload_bytes.map(trailer_bytes) != Some(tail.trailer_bytes) {
            return Err(damaged("lengths in the fixed tail contradict the file's"));
        }
        Ok(tail)
    }

    /// Payload length in a file of `file_bytes`; none if the file is too short for the lengths.
    pub(super) fn payload_bytes(self, file_bytes: u64) -> Option<u64> {
        file_bytes.checked_sub(TAIL_BYTES)?.checked_sub(u64::from(self.footer_bytes))?.checked_sub(self.trailer_bytes)
    }

    /// Splits `end` (trailer, footer and fixed tail, as read) into trailer and footer if its CRC holds.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it does not.
    pub(super) fn open(self, end: &[u8]) -> Result<(&[u8], &[u8])> {
        let covered = end.len() - (TAIL_BYTES as usize - 12);
        if crc32c(&end[..covered]) != self.crc32c {
            return Err(damaged("trailer or footer fails its checksum"));
        }
        let (trailer, rest) = end.split_at(self.trailer_bytes as usize);
        Ok((trailer, &rest[..self.footer_bytes as usize]))
    }
}

/// An [`Error::Damaged`] with what was found.
pub(super) fn damaged(detail: impl Into<Box<str>>) -> Error {
    Error::Damaged { detail: detail.into() }
}

/// The trailer of a payload, growing as the payload passes.
#[derive(Clone)]
pub(super) struct BlockSums {
    sums: Vec<u8>,
    open: crc_fast::Digest,
    open_bytes: usize,
}

impl BlockSums {
    /// The trailer of the empty payload.
    pub(super) fn new() -> Self {
        let open = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi);
        Self { sums: Vec::new(), open, open_bytes: 0 }
    }

    /// Takes the next bytes of the payload.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES as usize - self.open_bytes));
            self.open.update(now);
            self.open_bytes += now.len();
            if self.open_bytes == BLOCK_BYTES as usize {
                self.close_block();
            }
            bytes = later;
        }
    }

    /// The trailer; the last block may be short.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.open_bytes > 0 {
            self.close_block();
        }
        self.sums
    }

    fn close_block(&mut self) {
        self.sums.extend_from_slice(&(self.open.finalize() as u32).to_le_bytes());
        self.open.reset();
        self.open_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_one_per_block_however_the_payload_is_cut() {
        let payload: Vec<u8> = (0..3 * BLOCK_BYTES as u32 + 5).map(|i| (i >> 5) as u8).collect();
        let expected: Vec<u8> =
            payload.chunks(BLOCK_BYTES as usize).flat_map(|block| crc32c(block).to_le_bytes()).collect();
        for piece_bytes in [1000, 65_536, 65_537, payload.len()] {
            let mut sums = BlockSums::new();
            payload.chunks(piece_bytes).for_each(|piece| sums.update(piece));
            assert_eq!(sums.finish(), expected);
        }
        assert_eq!(expected.len() as u64, trailer_bytes(payload.len() as u64));
    }

    #[test]
    fn every_bit_of_the_end_matters() {
        let payload_bytes = BLOCK_BYTES + 1;
        let end = FixedTail::seal(&[7; 8], b"{}");
        let file_bytes = payload_bytes + end.len() as u64;
        let read = |end: &[u8]| -> Result<()> {
            let fixed = end[end.len() - TAIL_BYTES as usize..].try_into().expect("fixed size");
            FixedTail::parse(fixed, file_bytes)?.open(end).map(drop)
        };
        read(&end).expect("as written");
        for bit in 0..end.len() * 8 {
            let mut flipped = end.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(read(&flipped), Err(Error::Damaged { .. })), "bit {bit}");
        }
    }
}
