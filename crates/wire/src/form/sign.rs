//! Who signed a form: the signature is of the policy, as it was sent.

use headwater_model::{Error, Result};

use super::Form;
use crate::sign::{PolicySignature, SignError};

/// What a form claims about its signer.
#[derive(Clone, Debug)]
pub struct FormCredentials {
    /// The access key id; never empty.
    pub access_key_id: String,
    /// The session token sent with it; judging it is the caller's.
    pub session_token: Option<String>,
    policy: String,
    signature: PolicySignature,
}

impl Form {
    /// What the form claims about its signer; `None` if it claims nothing: an anonymous form.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field that is missing or cannot be read.
    pub fn credentials(&self) -> Result<Option<FormCredentials>> {
        let claimed = self.claimed()?;
        let (policy, claimed) = match (self.get("policy"), claimed) {
            (None, None) => return Ok(None),
            (Some(policy), Some(claimed)) => (policy.to_owned(), claimed),
            (None, Some(_)) => return Err(lacks("policy")),
            (Some(_), None) => return Err(lacks("signature")),
        };
        let (access_key_id, signature) = claimed;
        let tokens = ["x-amz-security-token", "x-oss-security-token", "security-token"];
        let session_token = tokens.iter().find_map(|name| self.get(name)).map(ToOwned::to_owned);
        Ok(Some(FormCredentials { access_key_id, session_token, policy, signature }))
    }

    fn claimed(&self) -> Result<Option<(String, PolicySignature)>> {
        let v4 = |prefix: &str| {
            let field = |name: &str| {
                let full = format!("{prefix}{name}");
                self.get(&full).ok_or_else(|| lacks(&full))
            };
            let (credential, date) = (field("credential")?, field("date")?);
            let read = PolicySignature::v4(credential, date, field("signature")?, prefix == "x-oss-");
            read.map(Some)
                .map_err(|error| Error::invalid_argument(format!("{prefix}credential"), credential, error.to_string()))
        };
        if self.get("x-amz-signature").is_some() || self.get("x-amz-credential").is_some() {
            return v4("x-amz-");
        }
        if self.get("x-oss-signature").is_some() || self.get("x-oss-credential").is_some() {
            return v4("x-oss-");
        }
        let id = self.get("awsaccesskeyid").or_else(|| self.get("ossaccesskeyid")).filter(|id| !id.is_empty());
        match (id, self.get("signature")) {
            (None, None) => Ok(None),
            (Some(id), Some(signature)) => Ok(Some((id.to_owned(), PolicySignature::v1(signature)))),
            (None, Some(_)) => Err(lacks("AWSAccessKeyId")),
            (Some(_), None) => Err(lacks("signature")),
        }
    }
}

impl FormCredentials {
    /// Whether the policy was signed with this secret.
    ///
    /// # Errors
    /// [`SignError::Mismatch`]; [`SignError::WrongRegion`].
    pub fn verify(&self, secret: &str, strict_region: Option<&str>) -> Result<(), SignError> {
        self.signature.verify(&self.policy, secret, strict_region)
    }
}

fn lacks(field: &str) -> Error {
    let message = format!(
        "Bucket POST must contain a field named '{field}'. If it is specified, please check the order of the fields."
    );
    Error::invalid_argument(field, "", message)
}
