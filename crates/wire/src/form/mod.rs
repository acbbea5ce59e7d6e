//! PostObject: an object as one field of a browser's form, whose other fields stand for headers.
//!
//! Guarantees: nothing is stored for a signed form unless its policy's signature was verified by the caller, the policy
//! has not expired, and every condition of it holds ([`Form::check`]); on the S3 face every field must be covered by a
//! condition besides. What comes before the file is bounded by [`MAX_HEAD_BYTES`].
//!
//! How: [`FormReader`] takes the body as it comes and gives the [`Form`] once the file begins; [`FileReader`] goes on with
//! the file's bytes. [`Form::request`] is the PutObject that the form stands for, so that its fields are read as headers.
//!
//! ```text
//! --boundary ⏎ Content-Disposition: form-data; name="key" ⏎⏎ value ⏎ … --boundary ⏎ …name="file"; filename="f" ⏎⏎ bytes ⏎ --boundary--
//! ```

mod answer;
mod policy;
mod read;
mod request;
mod sign;

#[cfg(test)]
mod tests;

pub use answer::encode_form;
pub use policy::LengthRange;
pub use read::{FileReader, FormReader, MAX_HEAD_BYTES, boundary};
pub use sign::FormCredentials;

use headwater_model::bucket::Dialect;

/// The fields before the file, and the file's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Names in lower case and values, in the order sent.
    fields: Vec<(Box<str>, Box<str>)>,
    /// The file's name without its path; empty if it has none.
    file_name: Box<str>,
    /// `Content-Type` of the file's part.
    file_type: Option<Box<str>>,
}

impl Form {
    /// The value of a field (name in lower case); the first one, if it was sent several times.
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| **found == *name).map(|(_, value)| &**value)
    }

    /// The key, with the file's name in place of `${filename}`.
    fn key(&self) -> Option<String> {
        self.get("key").map(|key| key.replace("${filename}", &self.file_name))
    }

    /// The vendor whose words the fields are, if they are of one.
    pub fn dialect(&self) -> Option<Dialect> {
        let has =
            |id: &str, prefix: &str| self.fields.iter().any(|(name, _)| **name == *id || name.starts_with(prefix));
        match (has("ossaccesskeyid", "x-oss-"), has("awsaccesskeyid", "x-amz-")) {
            (true, false) => Some(Dialect::Oss),
            (false, true) => Some(Dialect::S3),
            _ => None,
        }
    }
}
