//! Secrets within rules.
//!
//! Guarantees: a secret is never formatted, neither by `Debug` nor in an echoed document, where [`SECRET_MASK`] stands
//! for it. What becomes of a mask that comes back, `masked` tells.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands for a secret in echoed documents. No vendor issues such a secret.
pub const SECRET_MASK: &str = "******";

/// `AccessKeySecret` of a rule. Its serialised form is the plain text: whoever stores it decides how to protect it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = Password, example = "******")]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes the plain text, or the mask.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The plain text, for signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the mask and not a secret.
    pub fn is_mask(&self) -> bool {
        &*self.0 == SECRET_MASK
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET_MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_formatted() {
        let text = format!("{:?}", Secret::new("hunter2"));
        assert!(text.contains(SECRET_MASK) && !text.contains("hunter2"), "{text}");
    }
}
