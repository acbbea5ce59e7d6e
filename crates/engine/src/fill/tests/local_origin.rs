//! A bucket of this server in an origin's place.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::Bucket;
use headwater_model::digest::ETag;
use headwater_model::encryption::{CustomerKey, WriteEncryption};
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::object::ObjectAccess;
use headwater_model::origin::{Framing, OriginError, RequestCause};
use headwater_model::reply::Owner;
use headwater_model::rule::{Mirror, RoutingRule};
use headwater_model::settings::{KeepMode, MigrationSettings};
use headwater_model::website::Website;
use headwater_model::{BucketName, ObjectKey};
use headwater_store::{BucketRef, NewObject, Store as _};

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{NOW, World, bucket, get, get_range, key, object, pattern, read, read_broken, read_some, settings};
use crate::control::{Known, Snapshot};
use crate::encryption::NewKey;
use crate::fill::{FillLimits, FillOutcome, MissMethod, MissOutcome};

const SIZE: usize = 1 << 20;

/// A world whose rule reads the bucket `source`, which is there and private.
struct Here {
    world: World,
    source: BucketRef,
}

impl Here {
    async fn new() -> Self {
        Self::with(MigrationSettings { keep: KeepMode::All, ..settings() }, |_| {}).await
    }

    async fn with(migration: MigrationSettings, change: impl FnOnce(&mut Mirror)) -> Self {
        let named = |mirror: &mut Mirror| {
            mirror.url = Some("http://source.here/".into());
            mirror.using_role = Some(true);
            change(mirror);
        };
        let world = World::made(named, migration, Faults::default(), FillLimits::default()).await;
        // A rule of its own, which must not be asked.
        let website =
            Website { rules: vec![RoutingRule::mirror_all(1, "http://origin.example/")], ..Website::default() };
        let source = Bucket {
            name: BucketName::parse("source").unwrap(),
            acl: CannedAcl::Private.into(),
            website: Some(Arc::new(website)),
            ..bucket()
        };
        let source = world.store.create_bucket(source).await.unwrap();
        let reference = BucketRef::from(&source);
        let known = [Known::new(source), Known::new((*world.bucket).clone())];
        let snapshot: Snapshot = known.map(|known| (known.reference.name.as_str().into(), known)).into();
        world.fills.buckets().store(Arc::new(snapshot));
        Self { world, source: reference }
    }

    /// A client stores `k` in the source.
    async fn put(&self, body: Bytes, change: impl FnOnce(&mut NewObject)) {
        self.world.put_into(self.source.clone(), key(), body, change).await;
    }

    async fn is_absent(&self) -> bool {
        let outcome = self.world.ask(&get()).await.unwrap();
        matches!(outcome, MissOutcome::NotFound { origin_status: 404 })
    }
}

/// Everything that a client chooses.
fn described(object: &mut NewObject) {
    object.etag = ETag::from_text("\"0123456789abcdef0123456789abcdef-3\"");
    object.last_modified.0 -= 86_400_000;
    object.headers.content.content_type = Some("text/x".into());
    object.headers.content.content_disposition = Some("attachment; filename=\"世.txt\"".into());
    object.headers.content.cache_control = Some("max-age=3".into());
    object.headers.user = vec![("b".into(), "世".into()), ("a".into(), "1".into())];
}

#[tokio::test]
async fn a_source_bucket_gives_body_and_metadata_and_no_origin_is_asked() {
    for size in [0, 10, SIZE] {
        let here = Here::new().await;
        here.put(pattern(size), described).await;
        let reply = here.world.get().await;
        assert_eq!(read(reply.body).await.unwrap(), pattern(size));
        assert_eq!(here.world.seen.outcomes(1).await, [FillOutcome::Committed]);
        assert_eq!(here.world.stored_bytes().await.unwrap(), pattern(size));
        let source = here.world.store.open(&here.source, &key()).await.unwrap().unwrap().meta;
        let stored = here.world.stored().await.unwrap().meta;
        assert_eq!((&stored.etag, stored.last_modified), (&source.etag, source.last_modified));
        assert_eq!((&stored.headers, stored.crc64), (&source.headers, source.crc64));
        assert_eq!((here.world.origin.requests().len(), *here.world.seen.bytes.borrow()), (0, 0));
        let plan = here.world.fills.plan(&here.world.bucket, &here.world.rule, &get()).unwrap();
        assert_eq!(plan.origin_host(0), "local bucket source");
    }
}

#[tokio::test]
async fn an_encrypted_source_is_read_if_the_server_has_its_key() {
    for size in [10, SIZE] {
        let here = Here::new().await;
        let bucket = here.source.clone();
        let source = Bucket { name: bucket.name.clone(), generation: bucket.generation, ..super::world::bucket() };
        let write = async |wanted: &WriteEncryption| {
            let (data_key, encryption) = NewKey::split(here.world.seal.key_of_new(wanted, &source, &key()));
            let change = |object: &mut NewObject| object.composition.encryption = encryption;
            here.world.put_encrypted_into((bucket.clone(), key()), pattern(size), data_key, change).await;
        };
        write(&WriteEncryption::Customer(CustomerKey::new([1; 32], [1; 16]))).await;
        assert_eq!(here.world.failure().await.reason, "source_encrypted");
        write(&WriteEncryption::Managed).await;
        assert!(read(here.world.get().await.body).await.unwrap() == pattern(size));
    }
}

#[tokio::test]
async fn what_is_kept_is_what_would_be_kept_of_an_oss_origin() {
    for (save, names) in [(false, vec![]), (true, vec!["b", "a"])] {
        let here = Here::with(settings(), |mirror| mirror.save_oss_meta = Some(save)).await;
        here.put(pattern(10), described).await;
        read(here.world.get().await.body).await.unwrap();
        here.world.seen.outcomes(1).await;
        let stored = here.world.stored().await.unwrap().meta;
        let kept: Vec<&str> = stored.headers.user.iter().map(|(name, _)| &**name).collect();
        assert_eq!((kept, stored.last_modified), (names, NOW));
        assert_eq!(stored.etag, ETag::of_md5(stored.md5.unwrap()), "that of the body");
        assert_eq!(stored.headers.content.content_type.as_deref(), Some("text/x"));
    }
}

#[tokio::test]
async fn without_the_role_or_with_a_foreign_host_the_network_is_asked() {
    for (role, url) in
        [(None, "http://source.here/"), (Some(false), "http://source.here/"), (Some(true), "http://source.there/")]
    {
        let here = Here::with(settings(), |mirror| {
            mirror.using_role = role;
            mirror.url = Some(url.into());
        })
        .await;
        here.put(pattern(10), |_| {}).await;
        here.world.origin.fails(OriginError::ForbiddenAddress("ours".into()));
        assert_eq!(here.world.failure().await.reason, "forbidden_address");
        assert_eq!(&*here.world.origin.requests()[0].url, format!("{url}k"));
    }
}

#[tokio::test]
async fn a_source_that_is_not_there_is_denied() {
    for url in ["http://other.here/", "http://here/other/", "http://here/No Bucket/"] {
        let here = Here::with(settings(), |mirror| mirror.url = Some(url.into())).await;
        let failure = here.world.failure().await;
        assert_eq!((failure.reason, failure.origin_status, failure.retry_after), ("source_bucket_denied", None, None));
    }
    // Deleted after the request had found it: it was empty.
    let here = Here::new().await;
    here.world.store.delete_bucket(&here.source).await.unwrap();
    assert!(here.is_absent().await && here.world.origin.requests().is_empty());
}

#[tokio::test]
async fn what_the_source_does_not_store_is_absent_whatever_its_own_rules_say() {
    let here = Here::with(MigrationSettings::default(), |_| {}).await;
    assert!(here.is_absent().await);
    here.put(pattern(10), |_| {}).await;
    assert_eq!(read(here.world.get().await.body).await.unwrap(), pattern(10), "seen at once");
    assert!(here.world.origin.requests().is_empty());
}

#[tokio::test]
async fn a_bucket_may_name_itself_but_never_the_missing_object() {
    let here = Here::with(settings(), |mirror| mirror.url = Some("http://here/bucket/".into())).await;
    assert!(here.is_absent().await);
    let here = Here::with(settings(), |mirror| mirror.url = Some("http://bucket.here/old/".into())).await;
    let old = ObjectKey::parse("old/k").unwrap();
    here.world.put_into(here.world.reference(), old, pattern(10), |_| {}).await;
    assert_eq!(read(here.world.get().await.body).await.unwrap(), pattern(10));
}

#[tokio::test]
async fn tags_of_the_source_are_kept_where_the_bucket_keeps_tags() {
    for (keep_tags, size) in [(false, 10), (true, 10), (true, SIZE)] {
        let here = Here::with(MigrationSettings { keep_tags, ..settings() }, |_| {}).await;
        let tags = vec![("team".into(), "a".into())];
        here.put(pattern(size), |object| object.tags.clone_from(&tags)).await;
        read(here.world.get().await.body).await.unwrap();
        assert_eq!(here.world.seen.outcomes(1).await, [FillOutcome::Committed]);
        assert_eq!(here.world.stored().await.unwrap().meta.tags, if keep_tags { tags } else { Vec::new() });
        assert!(here.world.origin.requests().is_empty());
    }
}

#[tokio::test]
async fn a_head_is_answered_from_the_source() {
    let here = Here::new().await;
    let asked = get();
    let head = || here.world.fills.miss(&here.world.bucket, &here.world.rule, &asked, MissMethod::Head);
    assert!(matches!(head().await.unwrap(), MissOutcome::NotFound { origin_status: 404 }));
    here.put(pattern(10), described).await;
    let reply = object(head().await);
    assert_eq!((reply.meta.size_bytes, reply.facts.etag), (10, true));
    assert_eq!(reply.meta.etag.as_str(), "0123456789abcdef0123456789abcdef-3");
    assert!(here.world.stored().await.is_none() && here.world.origin.requests().is_empty());
}

#[tokio::test]
async fn ranges_of_a_missing_object_are_served_and_the_whole_is_stored() {
    let here = Here::new().await;
    let size = 2 << 20;
    here.put(pattern(size), |_| {}).await;
    let far = size - 100_000;
    let reply = object(here.world.ask(&get_range(&format!("bytes={far}-{}", far + 9))).await);
    assert_eq!(read(reply.body).await.unwrap(), pattern(size).slice(far..far + 10));
    assert_eq!(here.world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(here.world.stored_bytes().await.unwrap(), pattern(size));
}

#[tokio::test]
async fn each_url_is_judged_on_its_own_and_a_source_can_end_what_an_origin_began() {
    let here = Here::with(settings(), |mirror| {
        mirror.url = Some("http://origin.example/".into());
        mirror.url_slave = Some("http://source.here/".into());
    })
    .await;
    here.put(pattern(SIZE), described).await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    here.world.origin.answers(answer.header("etag", "\"0123456789abcdef0123456789abcdef-3\""));
    let mut reply = here.world.get().await;
    feed.chunk(pattern(SIZE).slice(..300_000));
    let first = read_some(&mut reply.body, 100_000).await;
    here.world.origin.fails(OriginError::ConnectTimeout);
    feed.breaks();
    here.world.clock.sleepers(1).await;
    here.world.clock.advance(std::time::Duration::from_millis(300));
    let second = read(reply.body).await.unwrap();
    assert_eq!([first, second].concat(), pattern(SIZE));
    assert_eq!(here.world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(here.world.origin.requests()[1].cause, RequestCause::Resume);
    assert!(SIZE as u64 > HOLD_BACK_BYTES, "of a body that streams");
}

#[tokio::test]
async fn a_source_that_holds_another_version_ends_what_an_origin_began() {
    let here = Here::with(settings(), |mirror| {
        mirror.url = Some("http://origin.example/".into());
        mirror.url_slave = Some("http://source.here/".into());
    })
    .await;
    here.put(pattern(SIZE), |_| {}).await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    here.world.origin.answers(answer.header("etag", "\"v1\""));
    let reply = here.world.get().await;
    feed.chunk(pattern(SIZE).slice(..300_000));
    here.world.origin.fails(OriginError::ConnectTimeout);
    feed.breaks();
    here.world.clock.sleepers(1).await;
    here.world.clock.advance(std::time::Duration::from_millis(300));
    let (_, failure) = read_broken(reply.body).await;
    assert_eq!((failure.reason, failure.origin_status), ("object_changed", Some(412)));
}

#[tokio::test]
async fn what_belongs_to_another_account_is_denied() {
    let alice = Owner { id: "a11ce".into(), display_name: "alice".into() };
    let here = Here::new().await;
    let theirs = Some(Box::new(ObjectAccess { owner: Some(alice.clone()), acl: None }));
    here.put(pattern(10), |object| object.headers.access = theirs).await;
    assert_eq!(here.world.failure().await.reason, "source_bucket_denied", "her object in the same owner's bucket");

    let here = Here::new().await;
    here.put(pattern(10), |_| {}).await;
    let snapshot = here.world.fills.buckets().load_full();
    let mut source = Bucket::clone(&snapshot["source"].bucket);
    source.access.owner = Some(alice);
    let mut changed = Snapshot::clone(&snapshot);
    changed.insert("source".into(), Known::new(source));
    here.world.fills.buckets().store(Arc::new(changed));
    assert_eq!(here.world.failure().await.reason, "source_bucket_denied", "her bucket");
}
