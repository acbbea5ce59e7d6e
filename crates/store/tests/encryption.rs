//! What of an encrypted body is on the disk: nothing that can be read without its key, and nothing that the doctor could
//! not check without it.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_model::clock::Clock;
use headwater_store::{DataKey, Expectation, LocalConfig, NewPart, Store, StoredObject, WriteIntent};
use headwater_testkit::ManualClock;
use support::{Opened, assert_sound, config, data_dir, object_key, read_all};

/// Of what the bodies are made.
const MARKER: &[u8] = b"the-quick-brown-marker";

/// Into the log, longer there, into a file, behind it, and all of it anew.
const APPENDED: [usize; 6] = [100, 200, 100_000, 5, 70_000, 6];

/// In the log, just in a file, in several blocks.
const SIZES: [usize; 3] = [100, 65_537, 300_000];

fn key() -> DataKey {
    DataKey::new([7; 32])
}

fn body(length: usize) -> Vec<u8> {
    MARKER.iter().copied().cycle().take(length).collect()
}

async fn put(opened: &Opened, name: &str, body: &[u8]) {
    let intent = WriteIntent { data_key: Some(key()), ..opened.intent(name) };
    let mut writer = opened.store.begin(intent).await.expect("a writer");
    for chunk in body.chunks(30_011) {
        writer.write(chunk.to_vec().into()).await.expect("written");
    }
    let digests = writer.finish().await.expect("finished");
    let etag = headwater_model::digest::ETag::of_md5(digests.md5);
    let object = support::new_object(etag, headwater_model::object::ObjectKind::Normal);
    writer.seal(object, Expectation::Any).await.expect("sealed");
}

async fn append(opened: &Opened, name: &str, body: &[u8]) {
    let found = opened.store.open(&opened.bucket, &object_key(name)).await.expect("opened").expect("an object");
    let mut writer =
        opened.store.begin(WriteIntent { data_key: Some(key()), ..opened.intent(name) }).await.expect("a writer");
    writer.write(body.to_vec().into()).await.expect("written");
    writer.finish().await.expect("finished");
    let etag = headwater_model::digest::ETag::from_text("appended");
    let object = support::new_object(etag, headwater_model::object::ObjectKind::Appendable);
    writer.seal_append(object, Expectation::ETag(found.meta.etag.clone())).await.expect("appended");
}

fn holds_marker(dir: &Path) -> bool {
    fs::read_dir(dir).expect("a directory").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds_marker(&path);
        }
        fs::read(&path).expect("readable").windows(MARKER.len()).any(|window| window == MARKER)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_an_encrypted_body_is_in_the_data_directory() {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    // Of more pieces the body is written anew.
    let config_of_pieces = || LocalConfig { append_pieces: 2, ..config(base.path(), Arc::clone(&clock)) };
    let opened = Opened::open(config_of_pieces()).await;
    for size in SIZES {
        put(&opened, &format!("k{size}"), &body(size)).await;
    }
    put(&opened, "grown", &body(0)).await;
    for size in APPENDED {
        append(&opened, "grown", &body(size)).await;
    }
    let upload = opened.upload("part").await;
    let intent = WriteIntent { data_key: Some(key()), ..opened.intent("part") };
    let mut writer = opened.store.begin(intent).await.expect("a writer");
    writer.write(body(1000).into()).await.expect("written");
    writer.finish().await.expect("finished");
    let last_modified = headwater_model::clock::Timestamp(0);
    writer.seal_part(NewPart { upload, number: 1, last_modified, checksum: None, order: None }).await.expect("a part");
    opened.close().await;
    assert!(!holds_marker(&data_dir(base.path())), "encrypted");
    // The doctor reads every byte and has no key.
    assert_sound(&data_dir(base.path()), &clock);

    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    for size in SIZES {
        let object = opened.store.open(&opened.bucket, &object_key(&format!("k{size}"))).await.expect("opened");
        let mut object = object.expect("an object");
        object.content = object.content.decrypted(&key()).expect("decrypted");
        assert!(read_all(&object).await.expect("readable") == body(size), "{size} bytes");
    }
    let grown = opened.store.open(&opened.bucket, &object_key("grown")).await.expect("opened").expect("an object");
    let content = grown.content.decrypted(&key()).expect("decrypted");
    let grown = read_all(&StoredObject { content, ..grown }).await.expect("readable");
    assert!(grown == APPENDED.map(body).concat(), "appended");
    opened.put("clear", &body(100)).await;
    opened.close().await;
    assert!(holds_marker(&data_dir(base.path())), "the search finds what is there");
}
