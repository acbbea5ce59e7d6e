//! Storage classes: names that come back as they were written. Every object is kept alike, whatever its class promises.

use headwater_model::{Error, Result};

use super::Request;
use crate::vocab::Vocab;

/// The vendors' classes, S3's name and OSS's name for what comes closest.
const CLASSES: [(&str, &str); 15] = [
    ("STANDARD", "Standard"),
    ("STANDARD_IA", "IA"),
    ("GLACIER", "Archive"),
    ("DEEP_ARCHIVE", "ColdArchive"),
    ("REDUCED_REDUNDANCY", "Standard"),
    ("ONEZONE_IA", "IA"),
    ("INTELLIGENT_TIERING", "Standard"),
    ("GLACIER_IR", "Archive"),
    ("EXPRESS_ONEZONE", "Standard"),
    ("OUTPOSTS", "Standard"),
    ("SNOW", "Standard"),
    ("FSX_OPENZFS", "Standard"),
    ("FSX_ONTAP", "Standard"),
    ("DEEP_ARCHIVE", "DeepColdArchive"),
    ("STANDARD", "ZRS"),
];

/// The class that a request names; `None` for the standard one, which is what no name means too.
///
/// # Errors
/// [`Error::InvalidArgument`] for a name that neither vendor has.
pub(super) fn of_request(request: &Request<'_>) -> Result<Option<Box<str>>> {
    let name = request.vocab.storage_class.as_str();
    let Some(class) = request.fields.get(name)? else { return Ok(None) };
    check(name, class)
}

/// As [`of_request`], of a field of this name.
pub(super) fn check(name: &str, class: &str) -> Result<Option<Box<str>>> {
    let known = CLASSES.iter().flat_map(|(s3, oss)| [*s3, *oss]).find(|known| known.eq_ignore_ascii_case(class));
    match known {
        Some("STANDARD" | "Standard") => Ok(None),
        Some(known) => Ok(Some(known.into())),
        None => Err(Error::invalid_argument(name, class, "The storage class you specified is not valid.")),
    }
}

/// How the dialect shows a stored class: as written, or as its own nearest one if the other vendor's was written.
pub(super) fn shown<'c>(class: Option<&'c str>, vocab: &Vocab) -> &'c str {
    let oss = vocab.dialect == headwater_model::bucket::Dialect::Oss;
    let own = |pair: &(&'static str, &'static str)| if oss { pair.1 } else { pair.0 };
    let other = |pair: &(&'static str, &'static str)| if oss { pair.0 } else { pair.1 };
    let Some(class) = class else { return vocab.default_storage_class };
    if CLASSES.iter().any(|pair| own(pair) == class) {
        return class;
    }
    CLASSES.iter().find(|pair| other(pair) == class).map_or(class, own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{OSS, S3};

    #[test]
    fn classes_are_shown_in_the_readers_words() {
        for (written, s3, oss) in [
            (None, "STANDARD", "Standard"),
            (Some("STANDARD_IA"), "STANDARD_IA", "IA"),
            (Some("ONEZONE_IA"), "ONEZONE_IA", "IA"),
            (Some("IA"), "STANDARD_IA", "IA"),
            (Some("DeepColdArchive"), "DEEP_ARCHIVE", "DeepColdArchive"),
            (Some("Archive"), "GLACIER", "Archive"),
        ] {
            assert_eq!((shown(written, &S3), shown(written, &OSS)), (s3, oss), "{written:?}");
        }
    }

    #[test]
    fn known_names_are_taken_in_any_letter_case() {
        assert_eq!(check("n", "standard_ia").unwrap().as_deref(), Some("STANDARD_IA"));
        assert_eq!(check("n", "Standard").unwrap(), None);
        assert!(matches!(check("n", "FAST"), Err(Error::InvalidArgument { .. })));
    }
}
