//! Retention and legal holds: what is locked stays.

use std::time::Duration;

use headwater_model::Error;
use headwater_model::clock::{Clock as _, Timestamp};
use headwater_model::object::ObjectHeaders;
use headwater_model::version::{Governance, ObjectLock, Retention, RetentionMode, VersionId, VersionKind, Versioning};
use headwater_store::{Afterwards, Amendment, Expectation, NewObject, VersionRemoval};

use super::subject::{Subject, object_key};

const HOUR: Duration = Duration::from_hours(1);

fn in_an_hour(subject: &Subject) -> Timestamp {
    subject.clock.now().plus(HOUR)
}

/// A version with that lock.
async fn put_locked(subject: &Subject, key: &str, lock: ObjectLock) -> VersionId {
    let (writer, digests) = subject.finished(subject.intent(key), b"locked").await;
    let headers = ObjectHeaders { lock: lock.boxed(), ..ObjectHeaders::default() };
    let object = NewObject { headers, ..subject.object(&digests) };
    writer.seal(object, Expectation::Any).await.expect("sealed").version
}

fn bypassing(version: VersionId) -> VersionRemoval {
    VersionRemoval { governance: Governance::Bypassed, ..VersionRemoval::of(version) }
}

/// A retained version is not deleted before its time, unless governance is bypassed; without its id the key may be.
pub async fn what_is_retained_is_not_deleted(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let until = in_an_hour(&subject);
    let lock = |mode| ObjectLock { retention: Some(Retention { mode, until }), legal_hold: false };
    let governed = put_locked(&subject, "k", lock(RetentionMode::Governance)).await;
    let complying = put_locked(&subject, "k", lock(RetentionMode::Compliance)).await;
    assert_eq!(subject.open("k").await.expect("an object").meta.headers.lock, lock(RetentionMode::Compliance).boxed());
    assert!(subject.delete("k").await, "a marker deletes nothing");
    for version in [governed, complying] {
        assert_fails!(subject.remove_version("k", VersionRemoval::of(version)).await, Error::ObjectLocked { .. });
    }
    let removed = subject.remove_version("k", bypassing(governed)).await.expect("bypassed").map(|removed| removed.kind);
    assert_eq!(removed, Some(VersionKind::Object));
    assert_fails!(subject.remove_version("k", bypassing(complying)).await, Error::ObjectLocked { .. });
    subject.clock.advance(HOUR);
    subject.remove_version("k", VersionRemoval::of(complying)).await.expect("its time is over").expect("a version");
}

/// A hold holds until it is lifted, whatever is bypassed.
pub async fn what_is_held_is_not_deleted(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let version = subject.put("k", b"body").await.version;
    subject.amend_version("k", version, Amendment::LegalHold(true)).await.expect("held");
    subject.put("k", b"newer").await;
    assert_fails!(subject.remove_version("k", bypassing(version)).await, Error::ObjectLocked { .. });
    let meta = subject.amend_version("k", version, Amendment::LegalHold(false)).await.expect("lifted");
    assert_eq!(meta.headers.lock, None);
    subject.remove_version("k", VersionRemoval::of(version)).await.expect("removed").expect("a version");
}

/// A retention is made longer, and not shorter.
pub async fn a_retention_only_grows(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    subject.put("k", b"body").await;
    let until = in_an_hour(&subject);
    let retention = |until, governance| {
        let retention = Retention { mode: RetentionMode::Governance, until };
        Amendment::Retention(Some(retention), governance)
    };
    subject.amend("k", retention(until, Governance::Respected)).await.expect("retained");
    let longer = until.plus(HOUR);
    let meta = subject.amend("k", retention(longer, Governance::Respected)).await.expect("longer");
    let lock = meta.headers.lock.as_deref().expect("a lock");
    assert_eq!(lock.retention.map(|retention| retention.until), Some(longer));
    assert_fails!(subject.amend("k", retention(until, Governance::Respected)).await, Error::ObjectLocked { .. });
    subject.amend("k", retention(until, Governance::Bypassed)).await.expect("bypassed");
    let none = |governance| Amendment::Retention(None, governance);
    assert_fails!(subject.amend("k", none(Governance::Respected)).await, Error::ObjectLocked { .. });
    let meta = subject.amend("k", none(Governance::Bypassed)).await.expect("bypassed");
    assert_eq!(meta.headers.lock, None);
}

/// Where a write or a deletion would replace a null version that is locked, it is refused; and leaves nothing.
pub async fn a_locked_null_version_is_not_replaced(mut subject: Subject) {
    let held = ObjectLock { retention: None, legal_hold: true };
    put_locked(&subject, "k", held).await;
    for versioning in [Versioning::Unversioned, Versioning::Suspended] {
        subject.set_versioning(versioning).await;
        assert_fails!(subject.try_put("k", b"other", Expectation::Any).await, Error::ObjectLocked { .. });
        let large = vec![1; 200_000];
        assert_fails!(subject.try_put("k", &large, Expectation::Any).await, Error::ObjectLocked { .. });
        let upload = subject.create_upload("k").await;
        let part = subject.put_part("k", upload, 1, b"part").await;
        assert_fails!(subject.complete("k", upload, &[part], Expectation::Any).await, Error::ObjectLocked { .. });
        let parts = subject.store().parts(&subject.bucket(), upload, 0, 10).await.expect("it is still open");
        assert_eq!(parts.parts.len(), 1);
        let deleted = subject.store().delete(&subject.bucket(), &object_key("k"), Afterwards::Gone).await;
        assert_fails!(deleted, Error::ObjectLocked { .. });
        assert!(!subject.is_gone("k").await);
        assert_eq!(subject.body("k").await.as_deref(), Some(&b"locked"[..]));
    }
    subject.set_versioning(Versioning::Enabled).await;
    subject.put("k", b"newer").await;
    subject.set_versioning(Versioning::Suspended).await;
    assert_fails!(subject.try_put("k", b"other", Expectation::Any).await, Error::ObjectLocked { .. });
    assert_eq!(subject.body("k").await.as_deref(), Some(&b"newer"[..]));
}
