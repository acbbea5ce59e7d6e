//! `Range` of anybody and `Content-Range` of any origin: no panic, and never a byte beyond the object.
//!
//! Input: eight bytes of a length, then the value.

#![no_main]

use headwater_engine::fuzzing::content_range;
use headwater_model::range::ByteRange;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fn check_range(text: &str, length: u64) {
    let Some(range) = ByteRange::parse(text) else { return };
    for length in [length, 0, 1, u64::MAX] {
        let Ok(resolved) = range.resolve(length) else { continue };
        assert!(resolved.start < resolved.end && resolved.end <= length, "{range:?} of {length}: {resolved:?}");
        // What was selected selects itself again.
        let again = format!("bytes={}-{}", resolved.start, resolved.end - 1);
        let again = ByteRange::parse(&again).expect("the plainest form").resolve(length);
        assert_eq!(again, Ok(resolved), "{range:?} of {length}");
    }
    let canonical = match range {
        ByteRange::FromTo(first, last) => format!("bytes={first}-{last}"),
        ByteRange::From(first) => format!("bytes={first}-"),
        ByteRange::Suffix(count) => format!("bytes=-{count}"),
    };
    assert_eq!(ByteRange::parse(&canonical), Some(range));
}

fuzz_target!(|input: &[u8]| {
    let Some((length, value)) = input.split_first_chunk::<8>() else { return };
    let length = u64::from_le_bytes(*length);
    if let Ok(text) = std::str::from_utf8(value) {
        check_range(text, length);
    }
    if let Ok(value) = HeaderValue::from_bytes(value) {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_RANGE, value)]);
        if let Some((first, last, total)) = content_range(&headers) {
            let written = HeaderValue::try_from(format!("bytes {first}-{last}/{total}")).expect("digits");
            let headers = HeaderMap::from_iter([(http::header::CONTENT_RANGE, written)]);
            assert_eq!(content_range(&headers), Some((first, last, total)));
        }
    }
});
