//! Accounts and their keys.

use std::sync::Arc;

use futures_util::future::join_all;
use headwater_model::Error;
use headwater_model::account::{AccessKey, Account};
use headwater_model::bucket::PublicAccessBlock;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_ACCOUNTS;
use headwater_model::policy::{Attached, Policy};
use headwater_model::reply::Owner;
use headwater_model::rule::Secret;
use headwater_model::token::AccessToken;

use super::subject::Subject;

fn account(id: &str, name: &str) -> Account {
    let policy = r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;
    let key = AccessKey {
        id: format!("AK{id}").into(),
        secret: Secret::new("s"),
        policy: Some(Arc::new(Policy::parse(policy, Attached::Key).expect("a policy"))),
        enabled: true,
        created: Timestamp(2),
    };
    let owner = Owner { id: id.into(), display_name: name.into() };
    Account { owner, email: Some("a@b.example".into()), created: Timestamp(1), keys: vec![key] }
}

async fn put(subject: &Subject, id: &str, name: &str) {
    subject.store().put_account(account(id, name)).await.expect("put");
}

/// Accounts are listed by id as they were last put, and are gone when deleted.
pub async fn accounts_are_put_and_deleted(subject: Subject) {
    assert_eq!(subject.store().accounts().await.expect("accounts"), []);
    put(&subject, "b", "bob").await;
    put(&subject, "a", "alice").await;
    put(&subject, "b", "robert").await;
    assert_eq!(subject.store().accounts().await.expect("accounts"), [account("a", "alice"), account("b", "robert")]);
    assert!(subject.store().delete_account("a").await.expect("deleted"));
    assert!(!subject.store().delete_account("a").await.expect("an answer"));
    assert_eq!(subject.store().accounts().await.expect("accounts"), [account("b", "robert")]);
}

/// One more than the limit is refused, while those that are there can be changed.
pub async fn there_are_only_so_many_accounts(subject: Subject) {
    let ids: Vec<String> = (0..MAX_ACCOUNTS).map(|number| format!("n{number}")).collect();
    join_all(ids.iter().map(|id| put(&subject, id, id))).await;
    let refused = subject.store().put_account(account("more", "more")).await;
    assert!(matches!(&refused, Err(Error::InvalidArgument { name, .. }) if &**name == "account"), "{refused:?}");
    put(&subject, "n7", "renamed").await;
}

/// What is blocked on every bucket is what was put last, and stays so.
pub async fn the_block_on_every_bucket_is_kept(mut subject: Subject) {
    let some = PublicAccessBlock { configured: true, ignore_public_acls: true, ..PublicAccessBlock::default() };
    assert_eq!(subject.store().public_access().await.expect("a block"), PublicAccessBlock::default());
    for block in [PublicAccessBlock::ALL, PublicAccessBlock::default(), some] {
        subject.store().put_public_access(block).await.expect("put");
        assert_eq!(subject.store().public_access().await.expect("a block"), block);
    }
    if subject.reopen().await {
        assert_eq!(subject.store().public_access().await.expect("a block"), some);
    }
}

/// What was put is there after the store was opened again.
pub async fn accounts_survive_reopening(mut subject: Subject) {
    put(&subject, "a", "alice").await;
    if !subject.reopen().await {
        return;
    }
    assert_eq!(subject.store().accounts().await.expect("accounts"), [account("a", "alice")]);
}

fn token(id: &str, note: Option<&str>) -> AccessToken {
    let (created, expires) = (Timestamp(1), Some(Timestamp(2)));
    let note = note.map(Box::from);
    AccessToken { id: id.into(), access_key_id: "AK".into(), digest: [7; 32], created, expires, note }
}

/// Tokens are listed by id as they were last put, are gone when deleted, and those that stay survive reopening.
pub async fn access_tokens_are_put_and_deleted(mut subject: Subject) {
    assert_eq!(subject.store().access_tokens().await.expect("tokens"), []);
    for token in [token("b", None), token("a", Some("ci")), token("b", Some("backup"))] {
        subject.store().put_access_token(token).await.expect("put");
    }
    let (first, second) = (token("a", Some("ci")), token("b", Some("backup")));
    assert_eq!(subject.store().access_tokens().await.expect("tokens"), [first, second.clone()]);
    assert!(subject.store().delete_access_token("a").await.expect("deleted"));
    assert!(!subject.store().delete_access_token("a").await.expect("an answer"));
    subject.reopen().await;
    assert_eq!(subject.store().access_tokens().await.expect("tokens"), [second]);
}
