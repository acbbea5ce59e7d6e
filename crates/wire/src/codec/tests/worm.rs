//! The retention policy of a bucket.

use headwater_model::Error;
use headwater_model::worm::{BucketWorm, MAX_WORM_DAYS, WormId, WormState};

use super::*;

fn document(root: &str, days: &str) -> String {
    format!("<{root}><RetentionPeriodInDays>{days}</RetentionPeriodInDays></{root}>")
}

fn name(bucket: &BucketName) -> &str {
    bucket.as_str()
}

#[test]
fn a_policy_is_made_locked_extended_and_taken_back() {
    let made = read(OSS, "POST /bkt?worm", &[], &document("InitiateWormConfiguration", "365"));
    assert!(matches!(&made, Ok(Op::InitiateBucketWorm(bucket, 365)) if name(bucket) == "bkt"), "{made:?}");
    let locked = read(OSS, "POST /bkt?wormId=AB", &[], "");
    assert!(matches!(&locked, Ok(Op::CompleteBucketWorm(_, id)) if &**id == "AB"), "{locked:?}");
    let longer = read(
        OSS,
        "POST /bkt?wormId=AB&wormExtend",
        &[],
        &document("ExtendWormConfiguration", &MAX_WORM_DAYS.to_string()),
    );
    assert!(matches!(&longer, Ok(Op::ExtendBucketWorm(_, id, MAX_WORM_DAYS)) if &**id == "AB"), "{longer:?}");
    assert!(matches!(read(OSS, "DELETE /bkt?worm", &[], ""), Ok(Op::AbortBucketWorm(_))));
    assert!(matches!(read(OSS, "GET /bkt?worm", &[], ""), Ok(Op::GetBucketWorm(_))));
}

#[test]
fn days_are_a_number_within_the_limits() {
    for wrong in ["0", "-1", "25551", "4294967297", "1.5", "day", ""] {
        let refused = read(OSS, "POST /bkt?worm", &[], &document("InitiateWormConfiguration", wrong));
        assert!(
            matches!(&refused, Err(Error::InvalidArgument { name, .. }) if &**name == "RetentionPeriodInDays"),
            "{wrong}"
        );
    }
    for body in ["", "<InitiateWormConfiguration/>", &document("ExtendWormConfiguration", "1"), "<a"] {
        let refused = read(OSS, "POST /bkt?worm", &[], body);
        assert!(matches!(refused, Err(Error::MalformedXml { .. })), "{body}");
    }
    for line in ["POST /bkt?wormId=", "POST /bkt?wormId&wormExtend", "POST /bkt?wormExtend"] {
        let refused = read(OSS, line, &[], &document("ExtendWormConfiguration", "1"));
        assert!(
            matches!(&refused, Err(Error::InvalidArgument { name, .. }) if &**name == "wormId"),
            "{line}: {refused:?}"
        );
    }
}

#[test]
fn a_policy_is_shown_with_its_state() {
    let worm = BucketWorm { id: WormId([0x1F; 16]), days: 3, created: AT, locked: true };
    let shown = xml(OSS, "GET /bkt?worm", Reply::Worm(worm, WormState::Locked));
    let expected = "<WormConfiguration><WormId>1F1F1F1F1F1F1F1F1F1F1F1F1F1F1F1F</WormId><State>Locked</State>\
        <RetentionPeriodInDays>3</RetentionPeriodInDays><CreationDate>2023-12-16T16:20:57.000Z</CreationDate>\
        </WormConfiguration>";
    assert_eq!(shown, expected);
    for (state, word) in [(WormState::InProgress, "InProgress"), (WormState::Expired, "Expired")] {
        assert!(xml(OSS, "GET /bkt?worm", Reply::Worm(worm, state)).contains(&format!("<State>{word}</State>")));
    }
    let made = answer(OSS, "POST /bkt?worm", Reply::WormInitiated(worm.id));
    assert_eq!(made.headers()["x-oss-worm-id"], "1F".repeat(16));
    assert_eq!(answer(OSS, "DELETE /bkt?worm", Reply::Done).status(), 204);
    assert_eq!(answer(OSS, "POST /bkt?wormId=A", Reply::Done).status(), 200);
}
