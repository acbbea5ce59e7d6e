//! Bearer tokens: what is kept of them, when they count, and how they end.

use std::sync::Arc;
use std::time::Duration;

use headwater_engine::{KeyChange, NewKey, NewToken, TokenRefusal};
use headwater_model::access::Principal;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::limits::MAX_TOKENS_PER_KEY;
use headwater_model::op::Action;
use headwater_model::rule::Secret;
use headwater_model::{Error, bucket::Dialect};
use headwater_store::Store as _;
use headwater_testkit::{ManualClock, MemoryStore};

use crate::support::{Bench, caller};

const DAY: Duration = Duration::from_hours(24);

fn stage() -> (Arc<MemoryStore>, Arc<dyn Clock>) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
    (Arc::new(MemoryStore::new(clock.clone())), clock)
}

fn token_of(id: &str) -> NewToken {
    NewToken { access_key_id: id.into(), life: Some(DAY), note: Some("backup".into()) }
}

async fn key(bench: &Bench, id: &str) {
    let secret = Some(Secret::new("secret-of-the-key"));
    let new = NewKey { access_key_id: Some(id.into()), secret, ..NewKey::default() };
    bench.engine.create_access_key(new).await.unwrap();
}

/// Its public identifier and itself.
async fn issue(bench: &Bench, new: &NewToken) -> (Arc<str>, String) {
    let (made, token) = bench.engine.create_access_token(new).await.unwrap();
    (made.after.unwrap().id, token.reveal().to_owned())
}

fn refusal(bench: &Bench, token: &str, now: Timestamp) -> Option<TokenRefusal> {
    bench.engine.accounts().bearer(token, now).err()
}

#[tokio::test]
async fn a_token_has_the_rights_of_its_key_until_it_expires_and_over_restarts() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    key(&bench, "AKEY").await;
    let now = clock.now();
    let (id, of_root) = issue(&bench, &token_of("root")).await;
    let (_, of_key) = issue(&bench, &NewToken { life: None, ..token_of("AKEY") }).await;
    let bearer = bench.engine.accounts().bearer(&of_root, now).unwrap();
    assert_eq!((&*bearer.access_key_id, &bearer.token_id), ("root", &id));
    let may = |principal: Principal| {
        bench.engine.authorise(&caller(principal, Dialect::S3), Action::Administer, None, None).is_ok()
    };
    assert!(may(bearer.principal));
    assert!(!may(bench.engine.accounts().bearer(&of_key, now).unwrap().principal), "its key may not either");

    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let end = now.plus(DAY);
    assert_eq!(refusal(&again, &of_root, Timestamp(end.0 - 1)), None);
    assert_eq!(refusal(&again, &of_root, end), Some(TokenRefusal::Expired));
    assert_eq!(refusal(&again, &of_key, Timestamp(i64::MAX)), None, "it ends when it is revoked");
    let kept = format!("{:?}", store.access_tokens().await.unwrap());
    let secret = of_root.rsplit('.').next().unwrap();
    assert!(kept.contains(&*id) && !kept.contains(secret), "{kept}");
}

#[tokio::test]
async fn only_the_token_itself_counts() {
    let (store, clock) = stage();
    let bench = Bench::over(store, &clock, 1).await.unwrap();
    let now = clock.now();
    let (_, token) = issue(&bench, &token_of("root")).await;
    let (_, other) = issue(&bench, &token_of("root")).await;
    for at in 0..token.len() {
        let changed = if &token[at..=at] == "A" { "B" } else { "A" };
        let changed = [&token[..at], changed, &token[at + 1..]].concat();
        assert_eq!(refusal(&bench, &changed, now), Some(TokenRefusal::Unknown), "changed at {at}");
    }
    let (id, secret) = (token.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    for wrong in ["", "hwt1.", "hwt1..", &token[..token.len() - 1], &format!("{token}A"), &format!("{id}.{secret}")] {
        assert_eq!(refusal(&bench, wrong, now), Some(TokenRefusal::Unknown), "{wrong}");
        // That a token has expired is told to nobody who does not have it.
        assert_eq!(refusal(&bench, wrong, now.plus(2 * DAY)), Some(TokenRefusal::Unknown), "{wrong}");
    }
}

#[tokio::test]
async fn a_token_ends_by_its_revocation_and_with_its_key() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let now = clock.now();
    key(&bench, "AKEY").await;
    let (first_id, first) = issue(&bench, &token_of("AKEY")).await;
    let (_, second) = issue(&bench, &token_of("AKEY")).await;
    let (_, of_root) = issue(&bench, &token_of("root")).await;

    let enabled = async |enabled| {
        let change = KeyChange { enabled: Some(enabled), ..KeyChange::default() };
        bench.engine.change_access_key("AKEY", change).await.unwrap();
    };
    enabled(false).await;
    assert_eq!(refusal(&bench, &first, now), Some(TokenRefusal::Disabled));
    assert!(matches!(bench.engine.create_access_token(&token_of("AKEY")).await, Err(Error::InvalidAccessKeyId { .. })));
    enabled(true).await;
    assert_eq!(refusal(&bench, &first, now), None);

    assert!(bench.engine.revoke_access_token(&first_id).await.unwrap().differs);
    assert_eq!(refusal(&bench, &first, now), Some(TokenRefusal::Unknown));
    assert!(!bench.engine.revoke_access_token(&first_id).await.unwrap().differs);
    assert_eq!(refusal(&bench, &second, now), None);

    bench.engine.delete_access_key("AKEY").await.unwrap();
    assert_eq!(refusal(&bench, &second, now), Some(TokenRefusal::Unknown));
    key(&bench, "AKEY").await;
    let again = Bench::over(store, &clock, 1).await.unwrap();
    for bench in [&bench, &again] {
        assert_eq!(refusal(bench, &second, now), Some(TokenRefusal::Unknown), "another key of the same id and secret");
        assert_eq!(refusal(bench, &of_root, now), None);
    }
    assert_eq!(again.engine.access_tokens(None).len(), 1);
}

#[tokio::test]
async fn a_token_does_not_outlive_the_secret_of_its_key() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    key(&bench, "AKEY").await;
    let (id, token) = issue(&bench, &token_of("AKEY")).await;
    let row = store.access_tokens().await.unwrap().into_iter().find(|row| row.id == id).unwrap();
    bench.engine.delete_access_key("AKEY").await.unwrap();
    let new = NewKey { access_key_id: Some("AKEY".into()), secret: None, ..NewKey::default() };
    bench.engine.create_access_key(new).await.unwrap();
    // As if the row had stayed, which root's does when the operator gives the server another secret.
    store.put_access_token(row).await.unwrap();
    let again = Bench::over(store, &clock, 1).await.unwrap();
    assert_eq!(refusal(&again, &token, clock.now()), Some(TokenRefusal::Unknown));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_token_is_named() {
    let (store, clock) = stage();
    let bench = Bench::over(store, &clock, 1).await.unwrap();
    for (new, field) in [
        (NewToken { life: Some(Duration::from_secs(59)), ..token_of("root") }, "duration_seconds"),
        (NewToken { life: Some(3651 * DAY), ..token_of("root") }, "duration_seconds"),
        (NewToken { note: Some("".into()), ..token_of("root") }, "note"),
        (NewToken { note: Some("a\nb".into()), ..token_of("root") }, "note"),
        (NewToken { note: Some("n".repeat(129).into()), ..token_of("root") }, "note"),
    ] {
        let refused = bench.engine.create_access_token(&new).await.map(drop);
        assert!(matches!(&refused, Err(Error::InvalidArgument { name, .. }) if &**name == field), "{refused:?}");
    }
    let unknown = bench.engine.create_access_token(&token_of("nobody")).await.map(drop);
    assert!(matches!(unknown, Err(Error::InvalidAccessKeyId { .. })), "{unknown:?}");
    for _ in 0..MAX_TOKENS_PER_KEY {
        issue(&bench, &token_of("root")).await;
    }
    let more = bench.engine.create_access_token(&token_of("root")).await.map(drop);
    assert!(matches!(&more, Err(Error::InvalidArgument { name, .. }) if &**name == "access_key_id"), "{more:?}");
    key(&bench, "AKEY").await;
    issue(&bench, &token_of("AKEY")).await;
}
