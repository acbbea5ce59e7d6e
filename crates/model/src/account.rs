//! Accounts and their access keys.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::policy::Policy;
use crate::reply::Owner;
use crate::rule::Secret;

/// Somebody who owns buckets and objects. There is one more than there are of these: root, which is never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Canonical id and display name, both unique.
    pub owner: Owner,
    /// By which grants may name it; unique, in lower case.
    pub email: Option<Box<str>>,
    /// When it was created.
    pub created: Timestamp,
    /// Its keys, at most [`crate::limits::MAX_KEYS_PER_ACCOUNT`].
    pub keys: Vec<AccessKey>,
}

/// A key pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessKey {
    /// The public identifier, unique.
    pub id: Arc<str>,
    /// The secret: sealed in the store, in the clear in memory.
    pub secret: Secret,
    /// What the key may do at all; `None`: everything that its account may.
    pub policy: Option<Arc<Policy>>,
    /// Whether it may be used.
    pub enabled: bool,
    /// When it was created.
    pub created: Timestamp,
}
