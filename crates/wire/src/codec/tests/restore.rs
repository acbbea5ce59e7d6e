//! RestoreObject as a document.

use headwater_model::Error;
use headwater_model::op::{Op, RestoreTier};
use headwater_model::reply::Reply;

use super::*;

#[test]
fn what_may_be_asked_of_a_restoration() {
    for (host, body, wanted) in [
        (OSS, "", None),
        (OSS, "<RestoreRequest><Days>1</Days></RestoreRequest>", None),
        (
            OSS,
            "<RestoreRequest><Days>365</Days><JobParameters><Tier>Bulk</Tier></JobParameters></RestoreRequest>",
            Some(RestoreTier::Bulk),
        ),
        (S3, "<RestoreRequest><Days>400</Days></RestoreRequest>", None),
        (
            S3,
            "<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters></RestoreRequest>",
            None,
        ),
    ] {
        match read(host, "POST /bkt/k?restore&versionId=null", &[], body) {
            Ok(Op::RestoreObject(target, tier)) => assert_eq!((target.key.as_str(), tier), ("k", wanted)),
            other => panic!("{host} {body}: {other:?}"),
        }
    }
}

/// OSS's SDK for Node.js takes 202 alone for success.
#[test]
fn a_restoration_is_accepted_and_tells_its_tier_on_oss() {
    for (host, tier, told) in [
        (OSS, None, None),
        (OSS, Some(RestoreTier::Expedited), Some("Expedited")),
        (S3, Some(RestoreTier::Standard), None),
    ] {
        let response = answer(host, "POST /bkt/k?restore", Reply::Restoring(tier));
        assert_eq!(response.status(), 202);
        let priority = response.headers().get("x-oss-object-restore-priority");
        assert_eq!(priority.map(|value| value.to_str().unwrap()), told);
    }
}

#[test]
fn what_no_restoration_can_be_is_refused() {
    let refused = |host, body: &str| read(host, "POST /bkt/k?restore", &[], body).unwrap_err();
    assert!(matches!(refused(S3, ""), Error::MalformedXml { .. }));
    for (host, days) in [(OSS, "0"), (OSS, "366"), (OSS, "x"), (S3, "-1"), (S3, "2147483648")] {
        let body = format!("<RestoreRequest><Days>{days}</Days></RestoreRequest>");
        assert!(matches!(refused(host, &body), Error::InvalidArgument { name, .. } if &*name == "Days"), "{days}");
    }
    let tier = "<RestoreRequest><Days>1</Days><JobParameters><Tier>wrong</Tier></JobParameters></RestoreRequest>";
    assert!(matches!(refused(OSS, tier), Error::InvalidArgument { name, .. } if &*name == "Tier"));
    let select = "<RestoreRequest><Type>SELECT</Type></RestoreRequest>";
    assert!(matches!(refused(S3, select), Error::NotImplemented { .. }));
}
