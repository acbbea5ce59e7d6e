//! Keys, bucket names and dates of anybody: no panic; what was read and is written again is read to the same.

#![no_main]

use headwater_model::{BucketName, ObjectKey};
use headwater_wire::{http_date, parse_http_date, unescape_path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(at) = parse_http_date(text) {
        let written = http_date(at);
        let again = parse_http_date(written.to_str().expect("ascii")).expect("its own form");
        assert_eq!(again.seconds(), at.seconds().clamp(0, 253_402_300_799), "{text}");
    }
    if let Ok(name) = BucketName::parse(text) {
        assert_eq!(name.as_str(), text);
        assert!((3..=63).contains(&text.len()) && text.is_ascii(), "{text}");
    }
    if let Ok(key) = ObjectKey::parse(text) {
        assert_eq!(key.as_str(), text);
    }
    let _ = unescape_path(text);
});
