//! The life of buckets.

use std::sync::Arc;

use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Generation};
use headwater_model::website::{IndexDocument, Website};
use headwater_model::{Error, Result};
use headwater_store::{Afterwards, BucketRef, Expectation};

use super::subject::{Subject, object_key, query};

async fn create(subject: &Subject, name: &str) -> Result<Bucket> {
    subject.store().create_bucket(subject.unborn_bucket(name)).await
}

async fn names(subject: &Subject) -> Vec<String> {
    let buckets = subject.store().buckets().await.expect("buckets");
    buckets.iter().map(|bucket| bucket.name.as_str().to_owned()).collect()
}

/// A name has one bucket; the listing is in order of names and tells what was created.
pub async fn buckets_are_created_once_and_listed_by_name(subject: Subject) {
    let zoo = create(&subject, "zoo").await.expect("created");
    let art = create(&subject, "art").await.expect("created");
    assert_fails!(create(&subject, "art").await, Error::BucketAlreadyOwnedByYou { .. });
    let listed = subject.store().buckets().await.expect("buckets");
    assert_eq!(listed, [art, subject.bucket.clone(), zoo]);
    let unborn = subject.unborn_bucket("zoo");
    assert_eq!(Bucket { generation: listed[2].generation, ..unborn }, listed[2], "only the generation is given");
}

/// A change of settings is seen at once, whole, and only in a living bucket.
pub async fn settings_are_replaced(subject: Subject) {
    let index = Some(IndexDocument { suffix: "index.html".into(), support_sub_dir: Some(true), kind: Some(1) });
    let changed = Bucket {
        acl: CannedAcl::PublicRead.into(),
        rule_version: 1,
        migration: headwater_model::settings::MigrationSettings::default(),
        website: Some(Arc::new(Website { index, ..Website::default() })),
        ..subject.bucket.clone()
    };
    subject.store().update_bucket(changed.clone()).await.expect("updated");
    assert_eq!(subject.store().buckets().await.expect("buckets"), std::slice::from_ref(&changed));
    subject.store().update_bucket(subject.bucket.clone()).await.expect("updated");
    assert_eq!(subject.store().buckets().await.expect("buckets"), std::slice::from_ref(&subject.bucket));

    let unknown = Bucket { generation: Generation(u64::MAX), ..changed };
    assert_fails!(subject.store().update_bucket(unknown).await, Error::NoSuchBucket { .. });
    assert_eq!(subject.store().buckets().await.expect("buckets"), std::slice::from_ref(&subject.bucket));
}

/// Every bucket has a generation of its own, greater than those before, also for a name that is used again.
pub async fn generations_are_never_used_again(mut subject: Subject) {
    let mut last = subject.bucket.generation;
    for round in 0..4 {
        let name = if round % 2 == 0 { "again" } else { "other" };
        let bucket = create(&subject, name).await.expect("created");
        assert!(bucket.generation > last);
        last = bucket.generation;
        subject.store().delete_bucket(&BucketRef::from(&bucket)).await.expect("an empty bucket");
        assert_fails!(subject.store().delete_bucket(&BucketRef::from(&bucket)).await, Error::NoSuchBucket { .. });
        assert_eq!(names(&subject).await, ["photos"]);
        // The last generation must be known to a store that never saw its bucket live.
        subject.reopen().await;
    }
}

/// A bucket with an object or an open upload is not deleted; once empty, it is.
pub async fn a_bucket_with_anything_in_it_stays(subject: Subject) {
    let bucket = subject.bucket();
    subject.put("k", b"body").await;
    assert_fails!(subject.store().delete_bucket(&bucket).await, Error::BucketNotEmpty { .. });
    subject.delete("k").await;
    let upload = subject.create_upload("k").await;
    assert_fails!(subject.store().delete_bucket(&bucket).await, Error::BucketNotEmpty { .. });
    subject.store().abort_upload(&bucket, &object_key("k"), upload).await.expect("aborted");
    subject.store().delete_bucket(&bucket).await.expect("an empty bucket");
    assert_eq!(names(&subject).await, [""; 0]);
}

/// A name that is used again begins with nothing, and what still speaks of the former life changes nothing.
pub async fn nothing_of_a_former_life_appears(mut subject: Subject) {
    let former = subject.bucket();
    let (late, digests) = subject.finished(subject.intent("late"), b"late").await;
    subject.put("k", b"former").await;
    subject.delete("k").await;
    subject.store().delete_bucket(&former).await.expect("an empty bucket");
    subject.bucket = create(&subject, "photos").await.expect("created");
    subject.put("k", b"new").await;

    assert_fails!(late.seal(subject.object(&digests), Expectation::Any).await, Error::NoSuchBucket { .. });
    let key = object_key("k");
    assert_fails!(subject.store().delete(&former, &key, Afterwards::Refetchable).await, Error::NoSuchBucket { .. });
    let upload = subject.store().create_upload(&former, &key, headwater_store::NewUpload::default()).await;
    assert_fails!(upload, Error::NoSuchBucket { .. });
    // Whether a bucket lives is not a reader's question: nothing, or that there is no such bucket.
    assert!(subject.store().resident(&former, &key).is_none());
    match subject.store().open(&former, &key).await {
        Ok(found) => assert!(found.is_none()),
        Err(error) => assert!(matches!(error, Error::NoSuchBucket { .. }), "{error}"),
    }
    match subject.store().list(&former, &query("", "", "", 10)).await {
        Ok(page) => assert_eq!(page.objects, []),
        Err(error) => assert!(matches!(error, Error::NoSuchBucket { .. }), "{error}"),
    }
    assert_eq!(subject.body("k").await.as_deref(), Some(b"new".as_slice()));
    assert_eq!(subject.keys().await, ["k"]);
}

/// Buckets, their settings and their generations are there after the store was closed and opened again.
pub async fn buckets_and_generations_survive_reopening(mut subject: Subject) {
    let other = create(&subject, "other").await.expect("created");
    let gone = create(&subject, "gone").await.expect("created");
    subject.store().delete_bucket(&BucketRef::from(&gone)).await.expect("an empty bucket");
    subject.bucket.acl = CannedAcl::PublicReadWrite.into();
    subject.store().update_bucket(subject.bucket.clone()).await.expect("updated");
    if !subject.reopen().await {
        return;
    }
    assert_eq!(subject.store().buckets().await.expect("buckets"), [other, subject.bucket.clone()]);
    let next = create(&subject, "gone").await.expect("created");
    assert!(next.generation > gone.generation);
}
