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

    /// The value that a body is, if it is a whole one that is long enough to tell.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        Self::claimed(body).filter(|claimed| claimed.length == body.len() && claimed.bytes() == body)
    }

    /// What a body says about itself, for the message of a failure.
    pub(super) fn describe(body: &[u8]) -> String {
        match Self::claimed(body) {
            None => format!("{} bytes: {body:?}", body.len()),
            Some(claimed) => {
                let kind = if Self::of(body).is_some() { "whole" } else { "broken" };
                format!("{} bytes, {kind}, which call themselves {claimed:?}", body.len())
            }
        }
    }

    /// The value that a body says it is.
    fn claimed(body: &[u8]) -> Option<Self> {
        let (head, _) = body.split_first_chunk::<16>()?;
        let (id, length) = head.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        Some(Self { id: number(id), length: number(length) as usize })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} ({} bytes)", self.id, self.length)
    }
}
