//! Tags that come with an object from a store that is asked with credentials (`keep_tags`).

use super::fixture::{BUCKET, Fixture, mirror_rule, path};
use crate::harness::run;
use headwater_testkit::origin::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_kept_from_a_store_of_either_dialect() {
    const TAGS: &str = "<MirrorTaggings><Taggings><Key>a b</Key><Value>\u{4e16}</Value></Taggings></MirrorTaggings>";
    let store = Fixture::with(TAGS).await;
    store.origin.on("/k", Reply::ok("tagged"));
    store.get("k").await.expect(200);
    store.wait_until_stored("k").await;
    let key = store.server.key();
    for kind in ["S3V4", "OSSV4"] {
        let mirror = Fixture::without_rules().await;
        run(&mut mirror.server.client_command(&["settings", "set", BUCKET, "keep_tags=true"]));
        let auth = format!(
            "<MirrorAuth><AuthType>{kind}</AuthType><Region>cn-hangzhou</Region><AccessKeyId>{}</AccessKeyId>\
             <AccessKeySecret>{}</AccessKeySecret></MirrorAuth>",
            key.id, key.secret
        );
        let url = format!("http://{}/{BUCKET}/", store.server.address());
        mirror.put_rules(&mirror_rule(1, "", &url, &auth)).await.expect(200);
        mirror.get("k").await.expect(200).expect_body(b"tagged");
        mirror.wait_until_stored("k").await;
        let tags = mirror.server.client().get(&format!("{}?tagging", path("k"))).send().await.expect(200);
        assert_eq!(tags.element("Key").as_deref(), Some("a b"), "{kind}: {}", tags.text());
        assert_eq!(tags.element("Value").as_deref(), Some("\u{4e16}"), "{kind}: {}", tags.text());
        let hit = mirror.get("k").await.expect(200);
        assert_eq!(hit.header("x-oss-tagging-count"), Some("1"), "{kind}");
    }
}
