//! Changes of access keys, and an access key as it is told of.

use headwater_engine::{Changed, KeyChange, NewKey, ShownKey};
use headwater_model::Error;
use headwater_model::rule::Secret;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

/// An access key without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KeyDocument {
    /// The public identifier.
    pub access_key_id: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// What it may do at all, in the policy language of S3 and RAM; `null`: everything that its account may.
    #[schema(value_type = Option<Object>)]
    pub policy: Value,
    /// Whose it is.
    pub account: AccountDocument,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AccountDocument {
    /// Canonical id: `Owner/ID` in answers.
    pub id: String,
    /// `Owner/DisplayName` in answers.
    pub display_name: String,
    /// By which grants may name it.
    pub email: Option<String>,
}

impl From<ShownKey> for KeyDocument {
    fn from(shown: ShownKey) -> Self {
        let policy = shown.key.policy.as_ref().map(|policy| serde_json::from_str(policy.text()));
        Self {
            access_key_id: shown.key.id.to_string(),
            enabled: shown.key.enabled,
            created_ms: shown.key.created.0,
            policy: policy.and_then(Result::ok).unwrap_or_default(),
            account: AccountDocument {
                id: shown.owner.id.to_string(),
                display_name: shown.owner.display_name.to_string(),
                email: shown.email.map(String::from),
            },
        }
    }
}

impl Administration {
    /// Makes an access key. What comes beside it is the secret, which is shown this once and written nowhere.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::create_access_key` refuses with.
    pub async fn create_access_key(
        &self,
        requester: Requester,
        new: NewKey,
    ) -> Result<(KeyDocument, Secret), Unacknowledged> {
        let engine = self.engine().clone();
        let (sender, secret) = tokio::sync::oneshot::channel();
        let change = async move {
            let (changed, secret) = engine.create_access_key(new).await?;
            // Nobody listens if the client has gone: then the key is there, and its secret was never shown.
            let _ = sender.send(secret);
            Ok(changed.map(KeyDocument::from))
        };
        let made = self.change(requester, "create_access_key", "access key".to_owned(), change).await?.after;
        let secret = secret.await.ok();
        let shown =
            made.zip(secret).ok_or_else(|| Error::internal("show the secret of a new access key", "it is gone"));
        shown.map_err(Unacknowledged::Refused)
    }

    /// Changes an access key: whether it may be used, and its policy as a whole.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::change_access_key` refuses with.
    pub async fn change_access_key(
        &self,
        requester: Requester,
        id: &str,
        wanted: KeyChange,
    ) -> Result<Changed<KeyDocument>, Unacknowledged> {
        let (engine, target, id) = (self.engine().clone(), format!("access key {id}"), id.to_owned());
        let change = async move { Ok(engine.change_access_key(&id, wanted).await?.map(KeyDocument::from)) };
        self.change(requester, "change_access_key", target, change).await
    }

    /// Deletes an access key. Its account goes with its last key; what the account owns stays.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::delete_access_key` refuses with.
    pub async fn delete_access_key(
        &self,
        requester: Requester,
        id: &str,
    ) -> Result<Changed<KeyDocument>, Unacknowledged> {
        let (engine, target, id) = (self.engine().clone(), format!("access key {id}"), id.to_owned());
        let change = async move { Ok(engine.delete_access_key(&id).await?.map(KeyDocument::from)) };
        self.change(requester, "delete_access_key", target, change).await
    }
}
