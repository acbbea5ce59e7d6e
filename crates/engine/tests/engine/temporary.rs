//! Temporary credentials: what they lend, and when they end.

use std::sync::Arc;
use std::time::Duration;

use headwater_engine::{AssumeRole, KeyChange, TemporaryCredentials};
use headwater_model::Error;
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::op::{Action, Caller};
use headwater_testkit::{ManualClock, MemoryStore};

use crate::rights::{create, is_denied, make, names, reads, write};
use crate::support::{Bench, caller};

fn role(key: &str, policy: Option<&str>) -> AssumeRole {
    AssumeRole { access_key_id: key.into(), life: Duration::from_mins(15), policy: policy.map(Into::into) }
}

/// The caller that holds these credentials.
fn holder(bench: &Bench, lent: &TemporaryCredentials, now: Timestamp) -> Result<Caller<'static>, Error> {
    let found = bench.engine.accounts().find(&lent.access_key_id, Some(lent.token.reveal()), now)?;
    let found = found.expect("a token that opens names its key");
    assert_eq!(&*found.secret, lent.secret.reveal());
    Ok(caller(found.principal, Dialect::S3))
}

#[tokio::test]
async fn temporary_credentials_lend_rights_for_a_while() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let (alice, _) = (make(&bench, "alice", None).await, make(&bench, "bob", None).await);
    create(&bench, &alice, "hers").await.unwrap();
    write(&bench, &alice, "in/a", None).await.unwrap();
    write(&bench, &alice, "out/a", None).await.unwrap();
    let in_only =
        r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::hers/in/*"}}"#;
    let all = bench.engine.assume_role(&role("AKalice", None)).unwrap();
    let some = bench.engine.assume_role(&role("AKalice", Some(in_only))).unwrap();
    let of_root = bench.engine.assume_role(&role("root", Some(in_only))).unwrap();
    assert_eq!(all.expires, Timestamp::from_seconds(1_700_000_900));
    let now = clock.now();
    let read = async |lent, key| {
        let caller = holder(&bench, lent, now).unwrap();
        reads(&bench, &caller, key).await
    };
    assert!(read(&all, "out/a").await && read(&some, "in/a").await && read(&of_root, "in/a").await);
    assert!(!read(&some, "out/a").await && !read(&of_root, "out/a").await, "the policy of a session only takes away");
    let from_root = holder(&bench, &of_root, now).unwrap();
    assert!(is_denied(bench.engine.authorise(&from_root, Action::Administer, None, None)));
    assert_eq!(names(&bench, &holder(&bench, &all, now).unwrap()).await, ["hers"]);

    let accounts = bench.engine.accounts();
    assert!(accounts.find(&all.access_key_id, None, now).unwrap().is_none(), "without its token it is unknown");
    let invalid = |id: &str, token: &str| matches!(accounts.find(id, Some(token), now), Err(Error::InvalidToken));
    let token = all.token.reveal();
    assert!(invalid(&some.access_key_id, token), "the token of another key");
    assert!(
        invalid("AKalice", token) && invalid("AKalice", "") && invalid(&all.access_key_id, &token[..token.len() - 1])
    );
    for at in 0..token.len() {
        let changed = if &token[at..=at] == "A" { "B" } else { "A" };
        assert!(invalid(&all.access_key_id, &[&token[..at], changed, &token[at + 1..]].concat()), "changed at {at}");
    }
    assert!(holder(&bench, &all, Timestamp(all.expires.0 - 1)).is_ok());
    assert!(matches!(holder(&bench, &all, all.expires), Err(Error::ExpiredToken)));

    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    assert!(holder(&again, &all, now).is_ok(), "it outlives the server");
    let other = Bench::over(Arc::new(MemoryStore::new(clock.clone())), &clock, 2).await.unwrap();
    assert!(matches!(holder(&other, &all, now), Err(Error::InvalidToken)), "another master key");
    let off = KeyChange { enabled: Some(false), ..KeyChange::default() };
    bench.engine.change_access_key("AKalice", off).await.unwrap();
    assert!(matches!(holder(&bench, &all, now), Err(Error::InvalidToken)), "the key behind it is disabled");

    let refused = |role: &AssumeRole| bench.engine.assume_role(role).map(drop);
    assert!(matches!(refused(&role("AKalice", None)), Err(Error::InvalidAccessKeyId { .. })));
    assert!(matches!(refused(&role("AKbob", Some("{}"))), Err(Error::MalformedPolicy { .. })));
    assert!(matches!(refused(&role("AKbob", Some(&" ".repeat(2049)))), Err(Error::MalformedPolicy { .. })));
    for seconds in [0, 899, 43_201] {
        let role = AssumeRole { life: Duration::from_secs(seconds), ..role("AKbob", None) };
        assert!(matches!(refused(&role), Err(Error::InvalidArgument { .. })), "{seconds}");
    }
}
