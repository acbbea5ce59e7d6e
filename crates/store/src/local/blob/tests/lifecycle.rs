//! Making, naming, copying and removing blobs.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use headwater_model::clock::Clock as _;

use super::*;
use crate::local::digest::BodyDigest;

#[tokio::test]
async fn removal_while_a_reader_is_open_leaves_it_the_bytes() {
    let fixture = Fixture::new();
    let body = body(500_000);
    let blob = fixture.store(&body).await;
    let content = content(&fixture.dir, &blob);
    let Body::Stream(mut stream) = content.read(0..500_000) else { panic!("a stream") };
    let mut bytes = stream.try_next().await.expect("a chunk").expect("a chunk").to_vec();
    assert!(fixture.dir.remove_blocking(blob.id).expect("removed"));
    assert!(!fixture.dir.path(blob.id).exists(), "the name is gone at once");
    while let Some(chunk) = stream.try_next().await.expect("a chunk") {
        bytes.extend_from_slice(&chunk);
    }
    assert!(bytes == body);
}

#[tokio::test]
async fn removal_before_the_first_read_leaves_an_opened_object_its_bytes() {
    let fixture = Fixture::new();
    let body = body(500_000);
    let blob = fixture.store(&body).await;
    let opened = content(&fixture.dir, &blob);
    assert!(fixture.dir.remove_blocking(blob.id).expect("removed"));
    assert!(read_all(&opened, 0..500_000).await == body);
    drop(opened);
    content(&fixture.dir, &blob).prepare().await.expect_err("gone with its last reader");
    assert!(!fixture.dir.remove_blocking(blob.id).expect("nothing to remove"));
}

#[tokio::test]
async fn a_removed_blob_holds_no_descriptor() {
    let fixture = Fixture::new();
    let blob = fixture.store(&body(100_000)).await;
    content(&fixture.dir, &blob).prepare().await.expect("cached");
    assert!(fixture.dir.opened.get(blob.id).is_some());
    fixture.dir.remove_blocking(blob.id).expect("removed");
    assert!(fixture.dir.opened.get(blob.id).is_none());
}

#[tokio::test]
async fn the_cache_of_open_blobs_is_bounded() {
    let fixture = Fixture::new();
    for _ in 0..300 {
        let blob = fixture.store(b"x").await;
        content(&fixture.dir, &blob).prepare().await.expect("opened");
    }
    let open = fixture.files().into_iter().filter(|id| fixture.dir.opened.get(*id).is_some()).count();
    assert!((128..=256).contains(&open), "{open}");
}

#[tokio::test]
async fn files_and_directories_are_for_us_alone() {
    let fixture = Fixture::new();
    let blob = fixture.store(b"secret").await;
    let path = fixture.dir.path(blob.id);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(&path), 0o600);
    for directory in path.ancestors().skip(1).take(3) {
        assert_eq!(mode(directory), 0o700, "{}", directory.display());
    }
}

#[tokio::test]
async fn a_walk_finds_files_by_the_hour_they_were_made() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    let mut since = Vec::new();
    for _ in 0..3 {
        since.push(fixture.clock.now());
        ids.push(fixture.store(b"x").await.id);
        fixture.clock.advance(Duration::from_hours(1));
    }
    // A crash leaves an unfinished file; somebody leaves a foreign one.
    let unfinished = fixture.begin(UNBOUNDED).await;
    ids.push(unfinished.id());
    std::fs::write(fixture.dir.path(ids[0]).with_file_name("notes.txt"), b"x").expect("written");
    for (index, since) in since.into_iter().enumerate() {
        let mut found: Vec<_> = fixture.dir.walk(since).expect("a walk").map(|id| id.expect("an id")).collect();
        found.sort();
        assert_eq!(found, ids[index..]);
    }
    assert_eq!(fixture.dir.walk(fixture.clock.now().plus(Duration::from_hours(1))).expect("a walk").count(), 0);
}

#[tokio::test]
async fn directories_of_past_hours_go_with_their_last_blob() {
    let fixture = Fixture::new();
    let (first, second) = (fixture.store(b"x").await, fixture.store(b"y").await);
    let hour = fixture.dir.path(first.id).ancestors().nth(2).expect("the hour").to_owned();
    fixture.dir.remove_blocking(first.id).expect("removed");
    assert!(hour.exists(), "the hour is not over");
    fixture.clock.advance(Duration::from_hours(1));
    fixture.dir.remove_blocking(second.id).expect("removed");
    assert!(!fixture.dir.path(second.id).parent().expect("a shard").exists());
    // A clock that was set back makes blobs in a past hour again.
    fixture.clock.set_now(first.id.created());
    let again = fixture.store(b"z").await;
    assert!(matches!(fixture.dir.verify(again.id), Ok(BlobCheck::Intact(_))));
}

#[tokio::test]
async fn a_copy_is_a_blob_of_its_own() {
    let fixture = Fixture::new();
    for length in EDGE_LENGTHS {
        let body = body(length);
        let source = fixture.store(&body).await;
        let copy = fixture.dir.copy(source.id, draft("copy"), note()).await.expect("copied");
        fixture.dir.remove_blocking(source.id).expect("removed");
        assert_eq!((copy.length_bytes, copy.crc64), (source.length_bytes, source.crc64));
        let footer = fixture.dir.read_footer(copy.id).expect("a footer");
        assert_eq!((footer.key.as_str(), footer.blob), ("copy", copy.id));
        assert_eq!(footer.md5, BodyDigest::of(&body, None).md5);
        assert!(matches!(fixture.dir.verify(copy.id), Ok(BlobCheck::Intact(_))));
        if length > 0 {
            assert!(read_all(&content(&fixture.dir, &copy), 0..length as u64).await == body);
        }
    }
}

#[tokio::test]
async fn a_copy_of_damage_is_damage() {
    let fixture = Fixture::new();
    let source = fixture.store(&body(200_000)).await;
    let path = fixture.dir.path(source.id);
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes[100_000] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let copy = fixture.dir.copy(source.id, draft("copy"), note()).await.expect("copied");
    assert!(matches!(fixture.dir.verify(copy.id), Ok(BlobCheck::Damaged { .. })));
}

#[tokio::test]
async fn a_removed_but_pinned_blob_can_be_copied() {
    let fixture = Fixture::new();
    let source = fixture.store(&body(70_000)).await;
    let pinned = content(&fixture.dir, &source);
    fixture.dir.remove_blocking(source.id).expect("removed");
    let copy = fixture.dir.copy(source.id, draft("copy"), note()).await.expect("copied");
    assert!(matches!(fixture.dir.verify(copy.id), Ok(BlobCheck::Intact(_))));
    drop(pinned);
    fixture.dir.copy(source.id, draft("copy"), note()).await.expect_err("gone");
}
