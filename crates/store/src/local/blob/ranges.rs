//! A set of offsets, as the ranges that it is made of.

use std::collections::BTreeMap;
use std::ops::Range;

/// Disjoint ranges that do not touch each other, by their starts.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds a range, which is not empty.
    pub(super) fn insert(&mut self, range: Range<u64>) {
        let Range { mut start, mut end } = range;
        // From the last one on: every range that this one overlaps or touches becomes part of it.
        while let Some((&known_start, &known_end)) = self.0.range(..=end).next_back()
            && known_end >= start
        {
            self.0.remove(&known_start);
            start = start.min(known_start);
            end = end.max(known_end);
        }
        self.0.insert(start, end);
    }

    /// Forgets the ranges that end at or below `offset`.
    pub(super) fn forget_below(&mut self, offset: u64) {
        while self.0.first_key_value().is_some_and(|(_, end)| *end <= offset) {
            self.0.pop_first();
        }
    }

    /// Where the range that holds `offset` ends; `offset` itself if there is none.
    pub(super) fn end_of(&self, offset: u64) -> u64 {
        self.0.range(..=offset).next_back().map_or(offset, |(_, end)| offset.max(*end))
    }

    /// How many separate ranges there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_hold_what_was_put_into_them(
            pieces in prop::collection::vec((0u64..60, 1u64..9), 0..20),
            below in 0u64..70,
        ) {
            let mut ranges = Ranges::default();
            let mut held = [false; 80];
            for (start, length) in pieces {
                ranges.insert(start..start + length);
                held[start as usize..(start + length) as usize].fill(true);
            }
            let runs = (0..held.len()).filter(|at| held[*at] && (*at == 0 || !held[at - 1])).count();
            prop_assert_eq!(ranges.len(), runs);
            for offset in 0..held.len() {
                let end = (offset..held.len()).find(|at| !held[*at]).unwrap_or(held.len());
                prop_assert_eq!(ranges.end_of(offset as u64), end as u64);
            }
            ranges.forget_below(below);
            for (offset, held) in held.into_iter().enumerate().skip(below as usize) {
                prop_assert_eq!(ranges.end_of(offset as u64) > offset as u64, held);
            }
        }
    }
}
