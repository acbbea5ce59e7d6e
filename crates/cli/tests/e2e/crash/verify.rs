//! What a restarted server must show.

use std::collections::BTreeMap;

use super::value::Value;
use super::worker::{Worker, path};
use super::{MIRRORED, WRITTEN};
use crate::harness::{Headwater, eventually};

/// Most pages of a listing that are read; the workers have fewer keys than that.
const MAX_PAGES: usize = 100;

/// Every key that a worker ever touched holds what it may, and the listing says the same.
pub(super) async fn written(server: &Headwater, workers: &mut [Worker]) {
    let client = server.client();
    let mut lengths = BTreeMap::new();
    for worker in workers {
        for key in worker.ledger.keys() {
            let answer = client.get(&path(&key)).send().await;
            if answer.status == 404 {
                worker.ledger.settle(&key, None);
            } else {
                let answer = answer.expect(200);
                assert!(answer.complete, "{key} was cut after {} bytes", answer.body.len());
                worker.ledger.settle(&key, Some(&answer.body));
                lengths.insert(key, answer.body.len().to_string());
            }
        }
    }
    assert_eq!(listed(server).await, lengths, "listing and reads differ");
}

/// Missing objects come whole, whether they were stored before the kill or not, and are stored; those that a worker
/// wrote are the worker's.
pub(super) async fn misses(server: &Headwater, workers: &mut [Worker], misses: &[(String, Value)]) {
    let client = server.client();
    for (place, (key, value)) in misses.iter().enumerate() {
        let target = format!("/{MIRRORED}/{key}");
        let stored = async || client.head(&format!("{target}?objectMeta")).send().await;
        let before = stored().await;
        let answer = client.get(&target).send().await.expect(200);
        assert!(answer.complete, "{key} was cut after {} bytes", answer.body.len());
        if before.status == 200 {
            assert_eq!(before.header("content-length"), Some(answer.body.len().to_string().as_str()), "{key}");
        } else {
            before.expect(404);
        }
        let written = (answer.body != value.bytes()).then_some(&answer.body[..]);
        let owner = workers.iter_mut().find(|worker| worker.owns(place)).expect("every place has an owner");
        owner.overrides.settle(key, written);
        eventually("the missing object is stored", async || stored().await.status == 200).await;
    }
}

/// Key and size of everything in [`WRITTEN`], read page by page.
async fn listed(server: &Headwater) -> BTreeMap<String, String> {
    let client = server.client();
    let (mut listed, mut token) = (BTreeMap::new(), String::new());
    for _ in 0..MAX_PAGES {
        let page = client.get(&format!("/{WRITTEN}/?list-type=2&max-keys=7{token}")).send().await.expect(200);
        for entry in page.text().split("<Contents>").skip(1) {
            let field = |name: &str| {
                let (_, rest) = entry.split_once(&format!("<{name}>")).expect("an entry has the field");
                rest.split('<').next().expect("a field ends").to_owned()
            };
            assert!(listed.insert(field("Key"), field("Size")).is_none(), "{} is listed twice", field("Key"));
        }
        match page.element("NextContinuationToken") {
            Some(next) => token = format!("&continuation-token={}", crate::harness::encode(&next).replace('/', "%2F")),
            None => return listed,
        }
    }
    panic!("the listing does not end");
}

/// Ends the uploads that kills left open, deletes everything that was written, and sees it gone.
pub(super) async fn end(server: &Headwater, workers: &[Worker]) {
    let client = server.client();
    let uploads = client.get(&format!("/{WRITTEN}/?uploads&max-uploads=1000")).send().await.expect(200);
    for upload in uploads.text().split("<Upload>").skip(1) {
        let field = |name: &str| {
            let (_, rest) = upload.split_once(&format!("<{name}>")).expect("an upload has the field");
            rest.split('<').next().expect("a field ends").to_owned()
        };
        let target = format!("{}?uploadId={}", path(&field("Key")), field("UploadId"));
        client.delete(&target).send().await.expect(204);
    }
    for key in workers.iter().flat_map(|worker| worker.ledger.keys()) {
        client.delete(&path(&key)).send().await.expect(204);
    }
    client.delete(&format!("/{WRITTEN}/")).send().await.expect(204);
}
