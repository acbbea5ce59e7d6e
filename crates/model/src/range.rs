//! Byte ranges of RFC 9110 section 14.
//!
//! Both vendors serve a single range; a request for several gets the whole object (RFC 9110 section 14.2 allows to
//! ignore `Range`). The header is parsed here, resolution against a length is separate because the length of a running
//! fill may be known later.

use std::ops::Range;

/// One `bytes` range as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// `bytes=FIRST-LAST`, both inclusive.
    FromTo(u64, u64),
    /// `bytes=FIRST-`.
    From(u64),
    /// `bytes=-LENGTH`: the last bytes.
    Suffix(u64),
}

/// The range cannot be satisfied for this length (RFC 9110 section 15.5.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsatisfiable;

impl ByteRange {
    /// Reads a `Range` header value. `None` means that the header is to be ignored: another unit, several ranges, or a
    /// malformed value (RFC 9110 section 14.2: "MUST ignore" an invalid ranges-specifier).
    pub fn parse(value: &str) -> Option<Self> {
        let spec = value.trim().strip_prefix("bytes=")?.trim();
        let (first, last) = spec.split_once('-')?;
        let number = |digits: &str| -> Option<u64> {
            let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            // More digits than u64 holds are beyond any object: saturate.
            valid.then(|| digits.parse().unwrap_or(u64::MAX))
        };
        match (first.trim(), last.trim()) {
            ("", suffix) => number(suffix).map(Self::Suffix),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::FromTo(first, last))
            }
        }
    }

    /// The half-open byte interval of a representation of `length` bytes.
    ///
    /// # Errors
    /// [`Unsatisfiable`] if it selects no byte.
    pub fn resolve(self, length: u64) -> Result<Range<u64>, Unsatisfiable> {
        let range = match self {
            Self::FromTo(first, last) => first..last.saturating_add(1).min(length),
            Self::From(first) => first..length,
            Self::Suffix(count) => length.saturating_sub(count)..length,
        };
        if range.start < range.end { Ok(range) } else { Err(Unsatisfiable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_three_forms_and_ignores_the_rest() {
        assert_eq!(ByteRange::parse("bytes=0-4"), Some(ByteRange::FromTo(0, 4)));
        assert_eq!(ByteRange::parse("bytes=7-"), Some(ByteRange::From(7)));
        assert_eq!(ByteRange::parse("bytes=-5"), Some(ByteRange::Suffix(5)));
        for ignored in ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,4-5", "items=0-4", "bytes=+1-2"] {
            assert_eq!(ByteRange::parse(ignored), None, "{ignored}");
        }
        assert_eq!(ByteRange::parse("bytes=0-99999999999999999999999"), Some(ByteRange::FromTo(0, u64::MAX)));
    }

    #[test]
    fn resolves_against_the_length() {
        assert_eq!(ByteRange::FromTo(0, 4).resolve(3), Ok(0..3));
        assert_eq!(ByteRange::FromTo(0, u64::MAX).resolve(3), Ok(0..3));
        assert_eq!(ByteRange::From(3).resolve(3), Err(Unsatisfiable));
        assert_eq!(ByteRange::Suffix(5).resolve(3), Ok(0..3));
        assert_eq!(ByteRange::Suffix(0).resolve(3), Err(Unsatisfiable));
        assert_eq!(ByteRange::Suffix(5).resolve(0), Err(Unsatisfiable));
    }
}
