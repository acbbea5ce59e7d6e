//! Names of buckets and objects, valid by construction.
//!
//! A [`BucketName`] is what both vendors accept; a [`ObjectKey`] is any UTF-8 text up to the vendor's limit. Keys are
//! opaque: they are never normalised, never split into paths, and never become file names.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::MAX_KEY_BYTES;

/// A bucket's name: 3 to 63 bytes of `a-z`, `0-9`, `-` and `.`, beginning and ending with a letter or digit, without
/// two dots in a row and not in the form of an IPv4 address (S3 "General purpose bucket naming rules"; OSS allows the
/// subset without dots).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Arc<str>);

impl BucketName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// [`Error::InvalidBucketName`] with the text as given.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = text.as_bytes();
        let edge = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = (3..=63).contains(&bytes.len())
            && bytes.iter().all(|b| edge(b) || *b == b'-' || *b == b'.')
            && bytes.first().is_some_and(edge)
            && bytes.last().is_some_and(edge)
            && !text.contains("..")
            && text.parse::<std::net::Ipv4Addr>().is_err();
        if valid { Ok(Self(text.into())) } else { Err(Error::InvalidBucketName { name: text.into() }) }
    }

    /// Checks a name for a new bucket, which is to be usable in host names and must not look like one of those that the
    /// vendors reserve. Buckets that have such a name keep it.
    ///
    /// # Errors
    /// [`Error::InvalidBucketName`] with the text as given.
    pub fn check_new(&self) -> Result<()> {
        const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
        const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
        let label = |label: &str| !label.starts_with('-') && !label.ends_with('-');
        let reserved = PREFIXES.iter().any(|prefix| self.0.starts_with(prefix))
            || SUFFIXES.iter().any(|suffix| self.0.ends_with(suffix));
        if reserved || !self.0.split('.').all(label) {
            return Err(Error::InvalidBucketName { name: (&*self.0).into() });
        }
        Ok(())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An object's key: 1 to 1,024 bytes of UTF-8. Whatever stricter rule a dialect has (OSS: 1,023 bytes, no leading `/`
/// or `\`) is the dialect's to enforce.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(Arc<str>);

impl ObjectKey {
    /// Checks and takes a key.
    ///
    /// # Errors
    /// [`Error::InvalidObjectName`] if empty, [`Error::KeyTooLong`] beyond [`MAX_KEY_BYTES`].
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::InvalidObjectName { key: text.into() });
        }
        if text.len() > MAX_KEY_BYTES {
            return Err(Error::KeyTooLong { size_bytes: text.len(), limit_bytes: MAX_KEY_BYTES });
        }
        Ok(Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_traits {
    ($name:ident) => {
        impl $name {
            /// The text, to be shared without a copy.
            pub fn shared(&self) -> &Arc<str> {
                &self.0
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
text_traits!(BucketName);
text_traits!(ObjectKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_both_vendors() {
        for good in ["abc", "a-b", "a.b", "0a9", &"a".repeat(63)] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        for (name, new) in [("a-b.c", true), ("a.-b", false), ("a-.b", false), ("xn--a", false), ("a-s3alias", false)] {
            assert_eq!(BucketName::parse(name).unwrap().check_new().is_ok(), new, "{name}");
        }
        for bad in ["", "ab", "Abc", "a_b", "-ab", "ab-", ".ab", "a..b", "1.2.3.4", "a/b", &"a".repeat(64)] {
            assert!(BucketName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_opaque_text_up_to_the_limit() {
        for good in ["a", "/", "../..", "a//b", "\u{0}", &"k".repeat(1024)] {
            assert!(ObjectKey::parse(good).is_ok());
        }
        assert!(matches!(ObjectKey::parse(""), Err(Error::InvalidObjectName { .. })));
        assert!(matches!(ObjectKey::parse(&"k".repeat(1025)), Err(Error::KeyTooLong { size_bytes: 1025, .. })));
    }
}
