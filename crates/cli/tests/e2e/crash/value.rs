//! Bodies that tell which write they are of.

use std::fmt;

use bytes::Bytes;
use headwater_testkit::origin::pattern;

/// One body: its number and length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) id: u64,
    pub(super) length: usize,
}

impl Value {
    /// Number, length, and a pattern of the number, cut to the length.
    pub(super) fn bytes(self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.length + 16);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&(self.length as u64).to_be_bytes());
        bytes.extend_from_slice(&pattern(self.id, 0, self.length.saturating_sub(16)));
        bytes.truncate(self.length);
        bytes.into()
    }

    /// What a body says about itself, for the message of a failure.
    pub(super) fn describe(body: &[u8]) -> String {
        let Some((head, _)) = body.split_first_chunk::<16>() else {
            return format!("{} bytes: {body:?}", body.len());
        };
        let (id, length) = head.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        let claimed = Self { id: number(id), length: number(length) as usize };
        let whole = claimed.length == body.len() && claimed.bytes() == body;
        let kind = if whole { "whole" } else { "broken" };
        format!("{} bytes, {kind}, which call themselves {claimed:?}", body.len())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} ({} bytes)", self.id, self.length)
    }
}
