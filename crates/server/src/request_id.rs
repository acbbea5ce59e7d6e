//! Request ids: 24 upper-case hex digits (OSS clients check the length).

use std::sync::atomic::{AtomicU64, Ordering};

use headwater_model::clock::Clock;

/// Makes ids that do not repeat within a process, nor, but for a chance of 2^-32, across restarts.
pub(crate) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

/// Spreads consecutive numbers over the whole width, so that ids are easy to tell apart by eye. Odd, so the product
/// with a counter is a permutation of 64-bit numbers.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl RequestIds {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let mut seed = [0u8; 12];
        clock.random(&mut seed);
        let (process, first) = seed.split_at(4);
        Self {
            process: u32::from_be_bytes(process.try_into().expect("four bytes")),
            next: AtomicU64::new(u64::from_be_bytes(first.try_into().expect("eight bytes"))),
        }
    }

    pub(crate) fn next(&self) -> RequestId {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let number = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(SPREAD);
        let mut text = [0u8; 24];
        let bytes = self.process.to_be_bytes().into_iter().chain(number.to_be_bytes());
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        RequestId(text)
    }
}

/// One id.
#[derive(Clone, Copy)]
pub(crate) struct RequestId([u8; 24]);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hex digits")
    }
}
