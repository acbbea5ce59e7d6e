//! The order of writing that leaves pages full.
//!
//! A page of the index that overflows is divided in the middle. Rows that come in order of their keys, as those of a backfill
//! do, only ever reach the last page, so that all others would stay half empty: twice the file, and twice the pages that a
//! listing reads. Written in two rounds, the first of three rows in five fills each page to a half, and the second, whose rows
//! lie between them, to some five sixths. Rows that come in any other order are nowhere so close together that it would
//! matter.

/// Rows are taken in stretches of so many.
const STRETCH: usize = 5;

/// `rows`, in ascending order of their keys, those of the first round before those of the second.
///
/// ```
/// let order: Vec<u8> = headwater_index::redb::spread(0..10).collect();
/// assert_eq!(order, [0, 2, 4, 5, 7, 9, 1, 3, 6, 8]);
/// ```
pub fn spread<R>(rows: R) -> impl Iterator<Item = R::Item>
where
    R: Iterator + Clone,
{
    let is_first = |place: usize| (place % STRETCH).is_multiple_of(2);
    let round = move |rows: R, first: bool| {
        rows.enumerate().filter(move |(place, _)| is_first(*place) == first).map(|(_, row)| row)
    };
    round(rows.clone(), true).chain(round(rows, false))
}

#[cfg(test)]
mod tests {
    use super::super::RedbIndex;
    use super::*;

    /// Size of an index of so many rows, written in order of their keys a thousand at a time.
    fn size_bytes(order: impl Fn(std::ops::Range<u32>) -> Vec<u32>) -> u64 {
        let dir = tempfile::tempdir().expect("a directory");
        let index = RedbIndex::open(&dir.path().join("index")).expect("an index");
        for thousand in 0..20 {
            let keys: Vec<[u8; 4]> =
                order(thousand * 1000..thousand * 1000 + 1000).into_iter().map(u32::to_be_bytes).collect();
            index.apply(keys.iter().map(|key| (&key[..], Some(&[7; 120][..]))), 1).expect("applied");
        }
        assert_eq!(index.row_count().expect("rows"), 20_001);
        index.file_bytes().expect("a size")
    }

    #[test]
    fn rows_that_come_in_order_leave_pages_full() {
        let (ascending, spread) = (size_bytes(Iterator::collect), size_bytes(|rows| spread(rows).collect()));
        assert!(spread * 10 < ascending * 8, "{spread} bytes, {ascending} in ascending order");
    }
}
