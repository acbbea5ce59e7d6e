//! Frames: how one entry lies in a segment. The picture is in `docs/storage.md`.
//!
//! Guarantees: a frame that [`is_good`] is, byte for byte, one that this store wrote into this segment: the CRC32C covers
//! the segment's random salt, all fields, body and rows. What a good frame proves about the bytes before it is told by
//! `batch_offset`: everything below it was durable when the frame was written.

use super::change::{self, RowChange};

/// Bytes before the body.
pub(super) const FRAME_HEADER_BYTES: usize = 32;
/// Longest frame. The longest honest entry completes an upload of 10,000 parts: 10,000 deleted rows and as many extents
/// are below 2 MiB. A longer one is damage, not something to allocate.
pub(super) const MAX_FRAME_BYTES: usize = 16 << 20;

/// Begins every frame; the last digit is the version of the layout.
pub(super) const MAGIC: [u8; 4] = *b"HWF1";

/// A frame that parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Position of the entry in the order of all entries.
    pub(super) sequence: u64,
    /// Where in the segment the batch began that it was written with.
    pub(super) batch_offset: u32,
    /// A small object's body.
    pub(super) body: &'a [u8],
    /// Row changes, encoded.
    pub(super) rows: &'a [u8],
}

impl Frame<'_> {
    /// Length of the whole frame.
    pub(super) fn size_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.body.len() + self.rows.len()
    }
}

/// What a frame is written from.
pub(super) struct FrameDraft<'a> {
    /// Salt of the segment.
    pub(super) salt: u64,
    /// See [`Frame::sequence`].
    pub(super) sequence: u64,
    /// See [`Frame::batch_offset`].
    pub(super) batch_offset: u32,
    /// See [`Frame::body`].
    pub(super) body: &'a [u8],
    /// Row changes.
    pub(super) changes: &'a [RowChange],
}

impl FrameDraft<'_> {
    /// Appends the frame to a batch.
    pub(super) fn append_to(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        buffer.extend_from_slice(self.body);
        let rows_start = buffer.len();
        change::encode(self.changes, buffer);
        let rows_length = u32::try_from(buffer.len() - rows_start).expect("entries are below MAX_FRAME_BYTES");
        let body_length = u32::try_from(self.body.len()).expect("inline bodies are below MAX_FRAME_BYTES");
        let frame = &mut buffer[start..];
        frame[..4].copy_from_slice(&MAGIC);
        frame[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        frame[16..20].copy_from_slice(&self.batch_offset.to_le_bytes());
        frame[20..24].copy_from_slice(&body_length.to_le_bytes());
        frame[24..28].copy_from_slice(&rows_length.to_le_bytes());
        let crc = checksum(self.salt, &frame[8..]);
        frame[4..8].copy_from_slice(&crc.to_le_bytes());
    }
}

/// What the head of a frame says about its length, before its CRC can be checked.
pub(super) fn announced_bytes(head: &[u8; FRAME_HEADER_BYTES]) -> Option<usize> {
    if head[..4] != MAGIC {
        return None;
    }
    let body_length = u32_at(head, 20) as usize;
    let rows_length = u32_at(head, 24) as usize;
    let total = FRAME_HEADER_BYTES + body_length + rows_length;
    (total <= MAX_FRAME_BYTES).then_some(total)
}

/// Whether `bytes` is a frame of the segment with this salt, with nothing before or after it.
pub(super) fn is_good(bytes: &[u8], salt: u64) -> bool {
    let Some(head) = bytes.first_chunk::<FRAME_HEADER_BYTES>() else { return false };
    announced_bytes(head) == Some(bytes.len()) && u32_at(head, 4) == checksum(salt, &bytes[8..])
}

/// The fields of a frame that [`is_good`].
pub(super) fn split(bytes: &[u8]) -> Frame<'_> {
    let (head, payload) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>().expect("a good frame has a head");
    let (body, rows) = payload.split_at(u32_at(head, 20) as usize);
    let sequence = u64::from_le_bytes(head[8..16].try_into().expect("8 bytes"));
    Frame { sequence, batch_offset: u32_at(head, 16), body, rows }
}

fn u32_at(head: &[u8; FRAME_HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes(head[at..at + 4].try_into().expect("4 bytes within the head"))
}

/// CRC32C (iSCSI) of the salt and `bytes`.
pub(super) fn checksum(salt: u64, bytes: &[u8]) -> u32 {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi);
    digest.update(&salt.to_le_bytes());
    digest.update(bytes);
    digest.finalize() as u32
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn parse(bytes: &[u8], salt: u64) -> Option<Frame<'_>> {
        is_good(bytes, salt).then(|| split(bytes))
    }

    fn sample() -> Vec<u8> {
        let changes = [RowChange { key: Bytes::from_static(b"key"), value: None, former: None }];
        let mut buffer = b"before".to_vec();
        let draft = FrameDraft { salt: 7, sequence: 9, batch_offset: 64, body: b"body", changes: &changes };
        draft.append_to(&mut buffer);
        buffer.split_off(6)
    }

    #[test]
    fn a_frame_reads_back_as_written() {
        let bytes = sample();
        let frame = parse(&bytes, 7).expect("good frame");
        assert_eq!((frame.sequence, frame.batch_offset, frame.body), (9, 64, b"body".as_slice()));
        assert_eq!(change::decode(frame.rows).map(|changes| changes.len()), Some(1));
        assert_eq!(frame.size_bytes(), bytes.len());
    }

    #[test]
    fn every_bit_the_length_and_the_salt_matter() {
        let bytes = sample();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&flipped, 7), None, "bit {bit}");
        }
        assert_eq!(parse(&bytes, 8), None, "a frame of another segment");
        assert_eq!(parse(&bytes[..bytes.len() - 1], 7), None);
    }
}
