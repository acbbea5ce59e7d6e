//! The right to commit a fill: a fill never beats a local write.

use std::sync::Arc;

use headwater_model::acl::CannedAcl;
use headwater_model::object::Provenance;
use headwater_model::precondition::ObjectCondition;
use headwater_model::{Error, Result};
use headwater_store::{Afterwards, BucketRef, Expectation, FillToken};

use super::subject::{Subject, object_key};

async fn grant(subject: &Subject, key: &str) -> Option<FillToken> {
    let rule_version = subject.bucket.rule_version;
    subject.store().begin_fill(&subject.bucket(), &object_key(key), rule_version).await.expect("an answer")
}

async fn granted(subject: &Subject, key: &str) -> FillToken {
    let token = grant(subject, key).await.expect("a grant");
    assert!(!token.is_revoked());
    token
}

async fn fill(subject: &Subject, key: &str, token: &FillToken) -> Result<()> {
    let (writer, digests) = subject.finished(subject.intent(key), b"filled").await;
    let mut object = subject.object(&digests);
    object.provenance = Provenance::Mirrored;
    writer.seal(object, Expectation::Fill(token.clone())).await.map(drop)
}

/// A fill commits once, and its own commit does not revoke its token.
pub async fn a_fill_commits_while_its_token_holds(subject: Subject) {
    let token = granted(&subject, "k").await;
    fill(&subject, "k", &token).await.expect("the token holds");
    assert!(!token.is_revoked());
    assert_eq!(subject.body("k").await.as_deref(), Some(b"filled".as_slice()));
    assert_fails!(fill(&subject, "k", &token).await, Error::ObjectExists { .. });
}

/// The token of a fill that committed ends with the object: a delete does not make it good again.
pub async fn a_spent_token_does_not_come_back(subject: Subject) {
    let token = granted(&subject, "k").await;
    fill(&subject, "k", &token).await.expect("the token holds");
    assert!(subject.delete("k").await);
    assert_fails!(fill(&subject, "k", &token).await, Error::ObjectExists { .. });
    assert_eq!(subject.body("k").await, None);
    let next = granted(&subject, "k").await;
    fill(&subject, "k", &next).await.expect("a new grant");
}

/// PUT, DELETE (also of nothing), copy and completion revoke the token before they are acknowledged, and it stays
/// revoked when the key is empty again.
pub async fn whatever_touches_the_key_revokes(subject: Subject) {
    subject.put("source", b"source").await;
    for touch in ["put", "delete", "conditional delete", "copy", "complete"] {
        let token = granted(&subject, "k").await;
        match touch {
            "put" => drop(subject.put("k", b"local").await),
            "delete" => assert!(!subject.delete("k").await),
            "conditional delete" => {
                let (bucket, key, condition) = (subject.bucket(), object_key("k"), ObjectCondition::default());
                let condition = ObjectCondition { size_bytes: Some(1), ..condition };
                let deleted = subject.store().delete_if(&bucket, &key, Afterwards::Refetchable, &condition).await;
                assert!(!deleted.expect("nothing to delete").found);
            }
            "copy" => {
                let source = subject.open("source").await.expect("an object");
                let object = subject.multipart_object("copy-1");
                let store = subject.store();
                let copied = store.copy(source, subject.bucket(), object_key("k"), object, Expectation::Any).await;
                copied.expect("copied");
            }
            _ => {
                let upload = subject.create_upload("k").await;
                let part = subject.put_part("k", upload, 1, b"part").await;
                assert!(!token.is_revoked(), "an upload that is not completed touches nothing");
                subject.complete("k", upload, &[part], Expectation::Any).await.expect("completed");
            }
        }
        assert!(token.is_revoked(), "{touch}");
        let kept = subject.body("k").await;
        assert_fails!(fill(&subject, "k", &token).await, Error::ObjectExists { .. });
        assert_eq!(subject.body("k").await, kept, "{touch}");
        subject.delete("k").await;
        assert_fails!(fill(&subject, "k", &token).await, Error::ObjectExists { .. });
        assert_eq!(subject.body("k").await, None, "{touch}");
    }
}

/// Under a new rule version no fill of the former one commits.
pub async fn a_rule_change_revokes_all_tokens_of_its_bucket(mut subject: Subject) {
    let tokens = [granted(&subject, "a").await, granted(&subject, "b").await];
    let former = subject.bucket.rule_version;
    subject.bucket.rule_version += 1;
    subject.store().update_bucket(subject.bucket.clone()).await.expect("updated");
    for (key, token) in ["a", "b"].into_iter().zip(&tokens) {
        assert!(token.is_revoked());
        assert_fails!(fill(&subject, key, token).await, Error::ObjectExists { .. });
    }
    let late = subject.store().begin_fill(&subject.bucket(), &object_key("a"), former).await.expect("an answer");
    assert!(late.is_none(), "a fill under the former rules");
    let token = granted(&subject, "a").await;
    fill(&subject, "a", &token).await.expect("under the new rules");
}

/// Tokens outlast everything that does not concern them.
pub async fn other_settings_and_other_keys_do_not_revoke(mut subject: Subject) {
    let token = granted(&subject, "k").await;
    let other = subject.store().create_bucket(subject.unborn_bucket("other")).await.expect("a bucket");
    subject.bucket.acl = CannedAcl::PublicRead.into();
    subject.store().update_bucket(subject.bucket.clone()).await.expect("updated");
    subject.put("k1", b"local").await;
    subject.delete("j").await;
    subject.store().delete(&BucketRef::from(&other), &object_key("k"), Afterwards::Refetchable).await.expect("deleted");
    subject.store().delete_bucket(&BucketRef::from(&other)).await.expect("deleted");
    let upload = subject.create_upload("k").await;
    subject.store().abort_upload(&subject.bucket(), &object_key("k"), upload).await.expect("aborted");
    assert!(!token.is_revoked());
    fill(&subject, "k", &token).await.expect("the token holds");
}

/// The tokens of a bucket end with it, and nothing is filled into the next bucket of that name.
pub async fn the_end_of_a_bucket_revokes(mut subject: Subject) {
    let token = granted(&subject, "k").await;
    let (writer, digests) = subject.finished(subject.intent("k"), b"filled").await;
    subject.store().delete_bucket(&subject.bucket()).await.expect("an empty bucket");
    assert!(token.is_revoked());
    let former = subject.bucket();
    subject.bucket = subject.store().create_bucket(subject.unborn_bucket("photos")).await.expect("a bucket");
    let sealed = writer.seal(subject.object(&digests), Expectation::Fill(token)).await;
    assert_fails!(sealed, Error::NoSuchBucket { .. } | Error::ObjectExists { .. });
    let late = subject.store().begin_fill(&former, &object_key("k"), 0).await.expect("an answer");
    assert!(late.is_none(), "a grant in a bucket that has ended");
    assert_eq!(subject.body("k").await, None);
}

/// There is one grant a key.
pub async fn a_new_grant_revokes_the_former(subject: Subject) {
    let former = granted(&subject, "k").await;
    let latter = granted(&subject, "k").await;
    assert!(former.is_revoked() && !former.same(&latter));
    assert_fails!(fill(&subject, "k", &former).await, Error::ObjectExists { .. });
    fill(&subject, "k", &latter).await.expect("the token holds");
}

/// No grant for a key with an object, nor for a rule version that is not the bucket's.
pub async fn no_grant_where_a_fill_could_not_commit(subject: Subject) {
    subject.put("k", b"local").await;
    assert!(grant(&subject, "k").await.is_none());
    subject.delete("k").await;
    assert!(grant(&subject, "k").await.is_some());
    let other_version = subject.bucket.rule_version + 1;
    let answer = subject.store().begin_fill(&subject.bucket(), &object_key("k"), other_version).await;
    assert!(answer.expect("an answer").is_none());
}

/// However a fill and a local write meet, the local write is what stays.
pub async fn a_fill_never_beats_a_local_write(subject: Subject) {
    let subject = Arc::new(subject);
    for round in 0..24 {
        let key = format!("round {round}");
        let token = granted(&subject, &key).await;
        let filling = {
            let (subject, key, token) = (Arc::clone(&subject), key.clone(), token.clone());
            tokio::spawn(async move { fill(&subject, &key, &token).await })
        };
        if round % 2 == 0 {
            subject.put(&key, b"local").await;
        } else {
            subject.delete(&key).await;
        }
        assert!(token.is_revoked());
        let filled = filling.await.expect("no panic");
        let expected = (round % 2 == 0).then_some(b"local".as_slice());
        assert_eq!(subject.body(&key).await.as_deref(), expected, "round {round}, fill: {filled:?}");
    }
}
