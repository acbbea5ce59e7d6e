//! Keys in the origin's URL.

use headwater_testkit::origin::Reply;

use super::fixture::{BUCKET, Fixture, path};
use crate::harness::{decode, encode};

#[tokio::test(flavor = "multi_thread")]
async fn row_25_every_key_is_encoded_strictly_and_stored_exactly() {
    const KEYS: [&str; 14] = [
        "a b.txt",
        "a+b.txt",
        "100%.txt",
        "100%25.txt",
        "what?.txt",
        "no#1.txt",
        "中文/文件.txt",
        "emoji-😀.txt",
        "dir one/ключ 键+&=%25#?.txt",
        "sub-delims!$&'()*,;=:@.txt",
        "double//slash.txt",
        "brackets[1]{2}<3>|4\\5^6`.txt",
        "tab\tand\u{7f}.txt",
        "~unreserved-._~",
    ];
    let fixture = Fixture::with("").await;
    for key in KEYS {
        let target = format!("/{}", encode(key));
        fixture.origin.on(&target, Reply::ok(format!("body of {key}")));
        let body = format!("body of {key}");
        fixture.get(key).await.expect(200).expect_body(body.as_bytes());
        assert_eq!(fixture.origin.count(&target), 1, "{key}: {:?}", fixture.origin.requests().last());
        fixture.wait_until_stored(key).await;
    }
    let listing =
        fixture.server.client().get(&format!("/{BUCKET}/?encoding-type=url&max-keys=1000")).send().await.expect(200);
    let text = listing.text();
    let encoded = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
    // The encoding is that of forms, in which a space may be a plus.
    let mut listed: Vec<String> = encoded.map(|key| decode(&key.replace('+', " "))).collect();
    let mut expected = KEYS.map(ToOwned::to_owned);
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_25_a_plus_in_the_path_is_a_plus() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/a%2Bb", Reply::ok("plus"));
    fixture.server.anonymous().get(&format!("/{BUCKET}/a+b")).send().await.expect(200).expect_body(b"plus");
    fixture.wait_until_stored("a+b").await;
    fixture.server.client().get(&path("a+b")).send().await.expect(200).expect_body(b"plus");
}
