//! The key that an object's body is encrypted with.

use std::fmt;

use headwater_model::encryption::KEY_BYTES;
use zeroize::Zeroizing;

/// The data key of one object or upload, in the clear. Never stored by a store, never formatted, overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// Of fresh randomness, or unwrapped.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, for wrapping it and for deriving from it.
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}
