//! RestoreObject as a document.

use headwater_model::Error;
use headwater_model::op::Op;

use super::*;

#[test]
fn what_may_be_asked_of_a_restoration() {
    for (host, body) in [
        (OSS, ""),
        (OSS, "<RestoreRequest><Days>1</Days></RestoreRequest>"),
        (OSS, "<RestoreRequest><Days>365</Days><JobParameters><Tier>Bulk</Tier></JobParameters></RestoreRequest>"),
        (S3, "<RestoreRequest><Days>400</Days></RestoreRequest>"),
        (
            S3,
            "<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters></RestoreRequest>",
        ),
    ] {
        match read(host, "POST /bkt/k?restore&versionId=null", &[], body) {
            Ok(Op::RestoreObject(target)) => assert_eq!(target.key.as_str(), "k"),
            other => panic!("{host} {body}: {other:?}"),
        }
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
