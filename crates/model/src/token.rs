//! Bearer tokens of the admin API, as they are kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A bearer token without the token: what is kept is a digest, from which nobody gets it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The public identifier, unique; part of the token.
    pub id: Arc<str>,
    /// The access key whose rights it carries.
    pub access_key_id: Arc<str>,
    /// HMAC-SHA-256 of the token under the secret of the access key.
    pub digest: [u8; 32],
    /// When it was issued.
    pub created: Timestamp,
    /// When it ends by itself; `None`: never.
    pub expires: Option<Timestamp>,
    /// What it is for, in the words of whoever issued it.
    pub note: Option<Box<str>>,
}
