//! Redirects that origins answer with.

use headwater_testkit::origin::{Reply, ScriptedOrigin};

use super::fixture::{Fixture, path};

/// Lets `/PREFIX-0` lead to `/PREFIX-HOPS` in that many hops, where the body is.
fn chain(origin: &ScriptedOrigin, prefix: &str, hops: usize) {
    let codes = [301, 302, 303, 307, 308];
    for hop in 0..hops {
        // Absolute and relative references in turn.
        let next = format!("/{prefix}-{}", hop + 1);
        let location = if hop % 2 == 0 { origin.url(&next) } else { next };
        origin.on(&format!("/{prefix}-{hop}"), Reply::redirect(codes[hop % codes.len()], &location));
    }
    origin.on(&format!("/{prefix}-{hops}"), Reply::ok("at last"));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_09_ten_redirects_are_followed_and_eleven_are_not() {
    let fixture = Fixture::with("").await;
    chain(&fixture.origin, "ten", 10);
    fixture.get("ten-0").await.expect(200).expect_body(b"at last");
    fixture.wait_until_stored("ten-0").await;
    assert!(!fixture.is_stored("ten-10").await, "the object is stored under the requested key");

    chain(&fixture.origin, "eleven", 11);
    fixture.get("eleven-0").await.expect_error(424, "MirrorFailed");
    fixture.expect_not_stored("eleven-0").await;
    assert_eq!(fixture.origin.count("/eleven-11"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_10_a_redirect_that_is_not_followed_goes_to_the_client() {
    let fixture = Fixture::with("<MirrorFollowRedirect>false</MirrorFollowRedirect>").await;
    fixture.origin.on("/moved", Reply::redirect(302, "https://elsewhere.example/x?y=1"));
    let answer = fixture.get("moved").await.expect(302);
    assert_eq!(answer.header("location"), Some("https://elsewhere.example/x?y=1"));
    fixture.expect_not_stored("moved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_11_a_redirect_without_a_target_is_a_mirror_failure() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/nowhere", Reply::status(302));
    fixture.get("nowhere").await.expect_error(424, "MirrorFailed");
    fixture.expect_not_stored("nowhere").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_42_secrets_are_not_sent_to_another_host() {
    let fields = "<MirrorHeaders><Pass>x-plain</Pass>\
                  <Set><Key>authorization</Key><Value>Bearer s3cret</Value></Set>\
                  <Set><Key>x-token</Key><Value>s3cret</Value></Set></MirrorHeaders>";
    let fixture = Fixture::with(fields).await;
    let elsewhere = ScriptedOrigin::start().await;
    elsewhere.on("/there", Reply::ok("found"));
    fixture.origin.on("/here", Reply::redirect(302, "/still-here"));
    fixture.origin.on("/still-here", Reply::redirect(302, &elsewhere.url("/there")));
    let call = fixture.server.anonymous();
    call.get(&path("here")).header("x-plain", "1").send().await.expect(200).expect_body(b"found");

    for request in fixture.origin.requests() {
        assert_eq!(request.header("x-token"), Some("s3cret"), "{}", request.target);
    }
    let [request] = &elsewhere.requests()[..] else { panic!("one request there") };
    assert_eq!((request.header("x-token"), request.header("authorization")), (None, None));
    assert!(!request.headers.iter().any(|(_, value)| value.contains("s3cret")));
    assert_eq!(request.header("host"), Some(elsewhere.address().to_string().as_str()));
}
