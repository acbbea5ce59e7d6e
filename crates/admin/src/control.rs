//! Changes of settings by clients of the object APIs.
//!
//! Guarantees: whatever such a client changes of a bucket or of the server leaves a line in the audit log, with the
//! settings that differ, before and after; what changes nothing leaves none.
//!
//! Deliberately not here: website documents, which may hold secrets and have a history (`website.rs`); what becomes of
//! objects, which buckets have logs for.

use headwater_engine::{Changed, Engine};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};
use serde_json::{Map, Value};

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

/// Settings that other doors change and write down, and numbers that the server counts for itself.
const NOT_SHOWN: [&str; 4] = ["website", "migration", "rule_version", "generation"];

impl Administration {
    /// Lets `change` change settings of the bucket, or of the server if it is `None`, and writes down what then differs,
    /// under the vendor's name of the operation (`PutBucketCors` is `put_bucket_cors`).
    ///
    /// # Errors
    /// As [`Administration::change`].
    pub async fn change_settings(
        &self,
        requester: Requester,
        operation: &str,
        bucket: Option<BucketName>,
        change: impl Future<Output = Result<Reply>> + Send + 'static,
    ) -> Result<Reply, Unacknowledged> {
        let engine = self.engine().clone();
        let target = bucket.as_ref().map_or_else(|| "server".to_owned(), |bucket| format!("bucket {bucket}"));
        let (answer, answered) = tokio::sync::oneshot::channel();
        let change = async move {
            let before = settings(&engine, bucket.as_ref())?;
            let reply = change.await?;
            let after = settings(&engine, bucket.as_ref())?;
            // Nobody may be waiting any more.
            let _ = answer.send(reply);
            Ok(difference(before, after))
        };
        self.change(requester, snake_case(operation), target, change).await?;
        answered.await.map_err(|error| Unacknowledged::Refused(Error::internal("change settings", error)))
    }
}

/// The settings of a bucket, `None` if there is none, or those of the server.
fn settings(engine: &Engine, bucket: Option<&BucketName>) -> Result<Option<Value>> {
    let shown = match bucket {
        Some(bucket) => engine.bucket(bucket.as_str()).map(|bucket| serde_json::to_value(&*bucket)).transpose(),
        None => serde_json::to_value(engine.account_block()).map(Some),
    };
    let mut shown = shown.map_err(|error| Error::internal("show settings", error))?;
    if let Some(Value::Object(fields)) = &mut shown {
        fields.retain(|name, _| !NOT_SHOWN.contains(&name.as_str()));
    }
    Ok(shown)
}

/// What differs. All of it, if there was or is nothing.
fn difference(before: Option<Value>, after: Option<Value>) -> Changed<Value> {
    let differs = before != after;
    match (before, after) {
        (Some(mut before), Some(mut after)) => {
            leave_differing(&mut before, &mut after);
            Changed { before: Some(before), after: Some(after), differs }
        }
        (before, after) => Changed { before, after, differs },
    }
}

/// Takes out of both what is the same in both. Lists stay whole: a rule alone does not tell which it was.
fn leave_differing(before: &mut Value, after: &mut Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return };
    let names: Vec<String> = before.keys().filter(|name| after.contains_key(*name)).cloned().collect();
    for name in names {
        if before[&name] == after[&name] {
            remove(before, after, &name);
        } else if let (Some(before), Some(after)) = (before.get_mut(&name), after.get_mut(&name)) {
            leave_differing(before, after);
        }
    }
}

fn remove(before: &mut Map<String, Value>, after: &mut Map<String, Value>, name: &str) {
    before.remove(name);
    after.remove(name);
}

/// `PutBucketCors` as `put_bucket_cors`.
fn snake_case(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({"name": "b", "a": {"same": 1, "other": [1, 2]}, "kind": {"Canned": "Private"}});
        let after = json!({"name": "b", "a": {"same": 1, "other": [1, 3]}, "kind": {"Grants": []}});
        let changed = difference(Some(before.clone()), Some(after));
        assert_eq!(changed.before, Some(json!({"a": {"other": [1, 2]}, "kind": {"Canned": "Private"}})));
        assert_eq!(changed.after, Some(json!({"a": {"other": [1, 3]}, "kind": {"Grants": []}})));
        assert!(changed.differs && !difference(Some(before.clone()), Some(before.clone())).differs);
        assert_eq!(difference(None, Some(before.clone())).after, Some(before), "what is made is shown whole");
    }

    #[test]
    fn actions_are_named_as_everywhere() {
        assert_eq!(snake_case("PutBucketCors"), "put_bucket_cors");
        assert_eq!(snake_case("DeleteAccountPublicAccessBlock"), "delete_account_public_access_block");
    }
}
