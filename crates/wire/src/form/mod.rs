//! PostObject: an object as one field of a browser's form, whose other fields stand for headers.
//!
//! Guarantees: nothing is stored for a signed form unless its policy's signature was verified by the caller, the policy
//! has not expired, and every condition of it holds ([`Form::check`]); on the S3 face every field must be covered by a
//! condition besides. Whether it must is not for the sender of the form to choose ([`Form::dialect`]). What comes before the
//! file is bounded by [`MAX_HEAD_BYTES`].
//!
//! How: [`FormReader`] takes the body as it comes and gives the [`Form`] once the file begins; [`FileReader`] goes on with
//! the file's bytes. [`read_form`] and [`file_stream`] do both for a body that is a stream. [`Form::request`] is the PutObject that the form stands for, so that its fields are read as headers.
//!
//! ```text
//! --boundary ⏎ Content-Disposition: form-data; name="key" ⏎⏎ value ⏎ … --boundary ⏎ …name="file"; filename="f" ⏎⏎ bytes ⏎ --boundary--
//! ```

mod answer;
mod policy;
mod read;
mod request;
mod sign;
mod stream;

#[cfg(test)]
mod tests;

pub use answer::encode_form;
pub use policy::LengthRange;
pub use read::{FileReader, FormReader, MAX_HEAD_BYTES, boundary};
pub use sign::FormCredentials;
pub use stream::{file_stream, read_form};

use headwater_model::bucket::Dialect;
use headwater_model::{Error, Result};

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
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| **found == *name).map(|(_, value)| &**value)
    }

    /// The file's name without its path; empty if it has none.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// `Content-Type` of the file's part.
    pub fn file_type(&self) -> Option<&str> {
        self.file_type.as_deref()
    }

    /// The key, with the file's name in place of `${filename}`.
    fn key(&self) -> Option<String> {
        self.get("key").map(|key| key.replace("${filename}", &self.file_name))
    }

    /// The dialect in which the form is read and held against its policy; `of_bucket` is that of its bucket, `of_request`
    /// what the request itself shows.
    ///
    /// Whoever sends a form may add and rename fields, but not sign: so a signed form's dialect is that of its signature. The
    /// HMAC-SHA1 of the old form is the same for both vendors; it is S3's, which asks more of a form, unless both the name of
    /// the key id and the bucket are OSS's.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming a field in the words of the other vendor, which would be dropped.
    pub fn dialect(&self, of_bucket: Option<Dialect>, of_request: Dialect) -> Result<Dialect> {
        let word = |id: &str, prefix: &str| {
            self.fields.iter().find(|(name, _)| **name == *id || name.starts_with(prefix)).map(|(name, _)| &**name)
        };
        let (oss, s3) = (word("ossaccesskeyid", "x-oss-"), word("awsaccesskeyid", "x-amz-"));
        let has = |name: &str| self.get(name).is_some();
        let dialect = if has("x-amz-signature") || has("x-amz-credential") {
            Dialect::S3
        } else if has("x-oss-signature") || has("x-oss-credential") {
            Dialect::Oss
        } else if has("policy") || has("signature") {
            let is_oss = has("ossaccesskeyid") && of_bucket == Some(Dialect::Oss);
            if is_oss { Dialect::Oss } else { Dialect::S3 }
        } else {
            match (oss, s3) {
                (Some(_), None) => Dialect::Oss,
                (None, Some(_)) => Dialect::S3,
                _ => of_request,
            }
        };
        let foreign = match dialect {
            Dialect::Oss => s3,
            // The name of the key id is bound by the signature.
            Dialect::S3 if s3.is_some() => oss,
            Dialect::S3 => self.fields.iter().map(|(name, _)| &**name).find(|name| name.starts_with("x-oss-")),
        };
        match foreign {
            Some(name) => Err(Error::invalid_argument(name, self.get(name).unwrap_or_default(), FOREIGN_FIELD)),
            None => Ok(dialect),
        }
    }
}

const FOREIGN_FIELD: &str = "The form is in the words of both OSS and S3. Use those of its signature; a policy signed with \
     HMAC-SHA1 is one of S3 unless its bucket was created with OSS.";
