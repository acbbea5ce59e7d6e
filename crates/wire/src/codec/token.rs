//! Continuation tokens: opaque to clients, checked when they come back.
//!
//! ```text
//! base64url( version:1 ‖ crc32c(after):4 big-endian ‖ after )
//! ```
//! The checksum catches tokens that were cut or made up; it is no secret, since a token only says where to go on, which
//! `start-after` may say as well.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use headwater_model::{Error, Result};

const VERSION: u8 = 1;

/// The token that continues after this name.
pub(super) fn encode(after: &str) -> String {
    let mut bytes = Vec::with_capacity(5 + after.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&checksum(after));
    bytes.extend_from_slice(after.as_bytes());
    BASE64.encode(bytes)
}

/// The name after which to continue; empty without a token.
///
/// # Errors
/// [`Error::InvalidArgument`] for a token that [`encode`] did not make.
pub(super) fn decode(token: Option<&str>) -> Result<Box<str>> {
    let Some(token) = token else { return Ok("".into()) };
    let read = || {
        let bytes = BASE64.decode(token).ok()?;
        let (&[version, c0, c1, c2, c3], after) = bytes.split_first_chunk::<5>()?;
        let after = std::str::from_utf8(after).ok()?;
        (version == VERSION && checksum(after) == [c0, c1, c2, c3]).then(|| after.into())
    };
    let message = "The continuation token provided is incorrect.";
    read().ok_or_else(|| Error::invalid_argument("continuation-token", token, message))
}

fn checksum(text: &str) -> [u8; 4] {
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, text.as_bytes());
    let [.., c0, c1, c2, c3] = crc.to_be_bytes();
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_not_made_here_is_refused() {
        let token = encode("some/key");
        let flipped = token.replacen(|c: char| c != 'A', "A", 1);
        for bad in ["", "garbage", "some/key", &token[1..], &token[..token.len() - 2], &flipped] {
            assert!(matches!(decode(Some(bad)), Err(Error::InvalidArgument { .. })), "{bad}");
        }
        assert_eq!(&*decode(None).unwrap(), "");
    }

    proptest! {
        #[test]
        fn tokens_round_trip(after in ".{0,64}") {
            prop_assert_eq!(&*decode(Some(&encode(&after))).unwrap(), after.as_str());
        }
    }
}
