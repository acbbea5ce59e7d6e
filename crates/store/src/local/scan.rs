//! Reading a segment frame by frame, and telling a torn tail from damage.
//!
//! Holds a window of the file, not the whole: a mebibyte, or one frame if that is longer.

use std::io;
use std::sync::Arc;

use super::frame::{self, FRAME_HEADER_BYTES, Frame, MAX_FRAME_BYTES};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentFile};

/// Bytes read at a time.
const WINDOW_BYTES: usize = 1 << 20;

/// Goes through a segment from its first frame on.
pub(super) struct FrameReader {
    segment: Arc<SegmentFile>,
    /// Offset of the next frame.
    offset: u64,
    /// Length of the file.
    end: u64,
    window: Vec<u8>,
    /// Offset of the window in the file.
    window_start: u64,
}

/// What lies at a place of a segment.
pub(super) enum Found<'a> {
    /// A frame, and where it begins.
    Frame(u64, Frame<'a>),
    /// The end of the file.
    End,
    /// Bytes that are no frame, from this offset on.
    Bad(u64),
}

impl FrameReader {
    /// Begins at the first frame.
    pub(super) fn new(segment: Arc<SegmentFile>) -> io::Result<Self> {
        let end = segment.size_bytes()?;
        let offset = SEGMENT_HEADER_BYTES as u64;
        Ok(Self { segment, offset, end, window: Vec::new(), window_start: 0 })
    }

    /// Where the next frame begins: the length of the good part of the file so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame. After [`Found::Bad`] it finds the same again.
    pub(super) fn next_frame(&mut self) -> io::Result<Found<'_>> {
        let at = self.offset;
        if at == self.end {
            return Ok(Found::End);
        }
        let Some(length) = self.good_at(at)? else { return Ok(Found::Bad(at)) };
        self.offset = at + length as u64;
        Ok(Found::Frame(at, frame::split(self.within_window(at, length))))
    }

    /// Whether a frame behind the bad bytes at `bad` proves that these were durable once: then they are damage, and not
    /// a tail that was torn while it was written.
    pub(super) fn is_damage(&mut self, bad: u64) -> io::Result<bool> {
        let mut at = bad + 1;
        while let Some((found, length)) = self.next_good(at)? {
            if u64::from(frame::split(self.within_window(found, length)).batch_offset) > bad {
                return Ok(true);
            }
            at = found + length as u64;
        }
        Ok(false)
    }

    /// Goes on behind bad bytes, at the next good frame; `false` if there is none.
    pub(super) fn skip_bad(&mut self) -> io::Result<bool> {
        let found = self.next_good(self.offset + 1)?;
        self.offset = found.map_or(self.end, |(offset, _)| offset);
        Ok(found.is_some())
    }

    /// Offset and length of the first good frame that begins at `at` or behind it.
    fn next_good(&mut self, mut at: u64) -> io::Result<Option<(u64, usize)>> {
        while let Some(distance) = self.distance_to_magic(at)? {
            at += distance;
            if let Some(length) = self.good_at(at)? {
                return Ok(Some((at, length)));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Length of the frame at `at`, if there is a good one.
    fn good_at(&mut self, at: u64) -> io::Result<Option<usize>> {
        let Some(length) = self.announced(at)? else { return Ok(None) };
        let salt = self.segment.header.salt;
        let is_good = self.bytes(at, length)?.is_some_and(|bytes| frame::is_good(bytes, salt));
        Ok(is_good.then_some(length))
    }

    /// Distance from `at` to the next bytes that begin like a frame.
    fn distance_to_magic(&mut self, at: u64) -> io::Result<Option<u64>> {
        let mut from = at;
        while from + FRAME_HEADER_BYTES as u64 <= self.end {
            let length = usize::try_from((self.end - from).min(WINDOW_BYTES as u64)).expect("at most WINDOW_BYTES");
            let Some(bytes) = self.bytes(from, length)? else { return Ok(None) };
            if let Some(found) = bytes.windows(frame::MAGIC.len()).position(|window| window == frame::MAGIC) {
                return Ok(Some(from - at + found as u64));
            }
            from += (length - frame::MAGIC.len() + 1) as u64;
        }
        Ok(None)
    }

    /// Length that the frame at `at` announces, if it fits into the file.
    fn announced(&mut self, at: u64) -> io::Result<Option<usize>> {
        let Some(head) = self.bytes(at, FRAME_HEADER_BYTES)? else { return Ok(None) };
        let head = head.first_chunk().expect("as long as asked for");
        Ok(frame::announced_bytes(head).filter(|length| *length as u64 <= self.end - at))
    }

    /// The bytes from `at` on; `None` if the file is shorter.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<Option<&[u8]>> {
        debug_assert!(length <= MAX_FRAME_BYTES.max(WINDOW_BYTES));
        if at.saturating_add(length as u64) > self.end {
            return Ok(None);
        }
        let window_end = self.window_start + self.window.len() as u64;
        if at < self.window_start || at + length as u64 > window_end {
            let wanted = (length.max(WINDOW_BYTES) as u64).min(self.end - at);
            self.window.resize(usize::try_from(wanted).expect("at most a frame"), 0);
            self.window_start = at;
            let filled = self.segment.read(&mut self.window, at)?;
            self.window.truncate(filled);
            if filled < length {
                return Ok(None);
            }
        }
        Ok(Some(self.within_window(at, length)))
    }

    fn within_window(&self, at: u64, length: usize) -> &[u8] {
        let start = usize::try_from(at - self.window_start).expect("what was read last is in the window");
        &self.window[start..start + length]
    }
}
