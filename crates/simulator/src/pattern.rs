//! Bytes that tell where they belong.

/// The bytes `offset .. offset + length` of the endless pattern of `seed`. Different offsets and seeds differ at once,
/// so a shifted, repeated or mixed-up body never compares equal.
pub fn pattern(seed: u64, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 16);
    let mut word = offset / 8;
    bytes.extend_from_slice(&mixed(seed, word)[(offset % 8) as usize..]);
    while bytes.len() < length {
        word += 1;
        bytes.extend_from_slice(&mixed(seed, word));
    }
    bytes.truncate(length);
    bytes
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
fn mixed(seed: u64, word: u64) -> [u8; 8] {
    let mut mixed = word.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_together() {
        let whole = pattern(7, 0, 1000);
        for offset in [0, 1, 7, 8, 9, 500, 999] {
            let piece = pattern(7, offset as u64, 1000 - offset);
            assert_eq!(piece, whole[offset..]);
        }
        assert_ne!(pattern(8, 0, 1000), whole);
        assert!(pattern(7, 3, 0).is_empty());
    }
}
