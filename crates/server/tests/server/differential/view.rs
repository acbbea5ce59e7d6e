//! All that one face tells of one bucket.

use bytes::Bytes;
use http::Method;

use super::client::{Answer, Asked, Client};

/// A version of a key: the key, its id, and whether it is a delete marker.
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) id: String,
}

/// Pages that no bucket of these tests reaches: beyond, a listing does not end.
const MAX_PAGES: usize = 500;
/// Few, so that a listing has many pages.
const PAGE_KEYS: &str = "7";

/// Listings in every form, every version with its body, headers and tags, open uploads and their parts.
pub(super) async fn view(client: &mut Client<'_>, bucket: &str, keys: &[&'static str]) -> Vec<String> {
    let mut seen = Vec::new();
    for delimiter in ["", "/"] {
        for second in [false, true] {
            objects(client, bucket, delimiter, second, &mut seen).await;
        }
    }
    let versions = versions(client, bucket, "", &mut seen).await;
    for Listed { key, id } in versions {
        let key = *keys.iter().find(|known| **known == key).expect("a key of this run");
        for query in [vec![], vec![("tagging", String::new())]] {
            let query = query.into_iter().chain([("versionId", id.clone())]).collect();
            let asked = Asked { method: Method::GET, key: Some(key), query, ..Asked::default() };
            tell(&format!("version of {key:?}"), &client.send(bucket, &asked).await.0, &mut seen);
        }
    }
    for key in keys {
        let asked = Asked { method: Method::GET, key: Some(key), ..Asked::default() };
        tell(&format!("{key:?}"), &client.send(bucket, &asked).await.0, &mut seen);
    }
    uploads(client, bucket, &mut seen).await;
    seen
}

async fn objects(client: &mut Client<'_>, bucket: &str, delimiter: &str, second: bool, seen: &mut Vec<String>) {
    let mut after = String::new();
    for _ in 0..MAX_PAGES {
        let mut query = vec![("max-keys", PAGE_KEYS.into()), ("encoding-type", "url".into())];
        query.extend((!delimiter.is_empty()).then(|| ("delimiter", delimiter.into())));
        query.extend(second.then(|| ("list-type", "2".into())));
        if !after.is_empty() {
            query.push((if second { "continuation-token" } else { "marker" }, after));
        }
        let (answer, body) = list(client, bucket, query).await;
        tell(&format!("list {delimiter:?} {second}"), &answer, seen);
        let next = texts(&body, if second { "NextContinuationToken" } else { "NextMarker" }).pop();
        let truncated = texts(&body, "IsTruncated") == ["true"];
        // S3's first version leaves the marker to the client: the last key of the page.
        let next = next.or_else(|| texts(&body, "Key").pop()).filter(|_| truncated);
        match next {
            Some(next) => after = unescaped(&next),
            None => return,
        }
    }
    panic!("the listing does not end");
}

/// All versions of keys that begin so, in the listing's order.
pub(super) async fn versions(
    client: &mut Client<'_>,
    bucket: &str,
    prefix: &str,
    seen: &mut Vec<String>,
) -> Vec<Listed> {
    let (mut found, mut marker) = (Vec::new(), None::<(String, String)>);
    for _ in 0..MAX_PAGES {
        let mut query = vec![("versions", String::new()), ("encoding-type", "url".into())];
        query.push(("max-keys", "50".into()));
        query.extend((!prefix.is_empty()).then(|| ("prefix", prefix.into())));
        if let Some((key, id)) = marker {
            query.extend([("key-marker", key), ("version-id-marker", id)]);
        }
        let (answer, body) = list(client, bucket, query).await;
        tell("versions", &answer, seen);
        let ids = texts(&body, "VersionId");
        found.extend(texts(&body, "Key").iter().zip(ids).map(|(key, id)| Listed { key: unescaped(key), id }));
        let next = texts(&body, "NextKeyMarker").pop().zip(texts(&body, "NextVersionIdMarker").pop());
        match next {
            Some((key, id)) => marker = Some((unescaped(&key), id)),
            None => return found,
        }
    }
    panic!("the listing of versions does not end");
}

async fn uploads(client: &mut Client<'_>, bucket: &str, seen: &mut Vec<String>) {
    let query = vec![("uploads", String::new()), ("encoding-type", "url".into())];
    let (answer, _) = list(client, bucket, query).await;
    tell("uploads", &answer, seen);
}

async fn list(client: &mut Client<'_>, bucket: &str, query: Vec<(&'static str, String)>) -> (Answer, Bytes) {
    client.send(bucket, &Asked { method: Method::GET, query, ..Asked::default() }).await
}

fn tell(what: &str, answer: &Answer, seen: &mut Vec<String>) {
    let Answer { status, headers, facts } = answer;
    seen.push(format!("{what}: {status} {headers:?} {facts:?}"));
}

/// The texts of all elements of this name.
pub(super) fn texts(body: &Bytes, name: &str) -> Vec<String> {
    let (text, open) = (String::from_utf8_lossy(body), format!("<{name}>"));
    text.split(&open).skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_owned()).collect()
}

fn unescaped(text: &str) -> String {
    headwater_wire::unescape_path(text).expect("names are percent-encoded").into_owned()
}
