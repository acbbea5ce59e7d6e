//! Policies: what they ask, of whom, until when.

use super::*;

fn check(policy: &str, fields: &[(&str, &str)], dialect: Dialect) -> Result<LengthRange> {
    let encoded = BASE64.encode(policy);
    let mut all = vec![("policy", encoded.as_str())];
    all.extend(fields);
    form(&all).check(&BucketName::parse("bkt").unwrap(), dialect, NOW)
}

fn policy(conditions: &str) -> String {
    format!("{{\"expiration\": \"2023-12-16T16:20:57.500Z\", \"conditions\": [{conditions}]}}")
}

#[test]
fn every_condition_must_hold() {
    let fields = [("key", "user/${filename}"), ("acl", "private"), ("Content-Type", "image/a, image/b")];
    let base = "{\"bucket\": \"bkt\"}, {\"ACL\": \"private\"}, [\"starts-with\", \"$Content-Type\", \"image/\"]";
    let with = |more: &str| check(&policy(&format!("{base}, {more}")), &fields, Dialect::S3);
    assert_eq!(with("[\"eq\", \"$key\", \"user/a b.txt\"]").unwrap(), LengthRange::ANY);
    let range = with("[\"Starts-With\", \"$key\", \"user/\"], [\"content-length-range\", 1, \"9\"]").unwrap();
    assert_eq!(range, LengthRange { least: 1, most: 9 });
    assert!(with("[\"in\", \"$key\", [\"a\", \"user/a b.txt\"]]").is_ok());
    assert!(with("[\"starts-with\", \"$key\", \"\"], [\"starts-with\", \"$tagging\", \"\"]").is_ok(), "any, and none");
    for broken in [
        "[\"starts-with\", \"$key\", \"\"], [\"starts-with\", \"$tagging\", \"a\"]",
        "[\"eq\", \"$key\", \"other\"]",
        "[\"starts-with\", \"$key\", \"other\"]",
        "[\"not-in\", \"$key\", [\"user/a b.txt\"]]",
        "{\"key\": \"other\"}",
        "{\"x-amz-meta-missing\": \"1\"}, [\"starts-with\", \"$key\", \"\"]",
        "[\"content-length-range\", 0, 9]",
    ] {
        assert!(matches!(with(broken), Err(Error::PolicyViolated { .. })), "{broken}");
    }
    let other_bucket = policy("{\"bucket\": \"other\"}, [\"starts-with\", \"$key\", \"\"]");
    assert!(matches!(check(&other_bucket, &[("key", "k")], Dialect::S3), Err(Error::PolicyViolated { .. })));
    // OSS asks only for what its policy names; S3 for every field.
    let loose = policy("[\"starts-with\", \"$key\", \"\"]");
    assert!(check(&loose, &[("key", "k")], Dialect::Oss).is_ok());
    assert!(matches!(check(&loose, &[("key", "k")], Dialect::S3), Err(Error::PolicyViolated { .. })));
    let ignored = policy("[\"starts-with\", \"$key\", \"\"], {\"bucket\": \"bkt\"}");
    assert!(check(&ignored, &[("key", "k"), ("x-ignore-a", "1"), ("x-amz-signature", "s")], Dialect::S3).is_ok());
    assert!(matches!(
        check(&ignored, &[("key", "k"), ("tagging", "x")], Dialect::S3),
        Err(Error::PolicyViolated { .. })
    ));
}

#[test]
fn the_type_that_the_object_will_have_is_judged() {
    // The file's part says text/x.
    let only = |kind: &str| {
        policy(&format!("{{\"bucket\": \"bkt\"}}, {{\"key\": \"k\"}}, [\"eq\", \"$content-type\", \"{kind}\"]"))
    };
    let (field, own) = (("Content-Type", "text/y"), ("x-oss-content-type", "text/z"));
    for (dialect, fields, kind) in [
        (Dialect::S3, &[("key", "k"), field][..], "text/y"),
        (Dialect::Oss, &[("key", "k"), field], "text/x"),
        (Dialect::Oss, &[("key", "k")], "text/x"),
        (Dialect::Oss, &[("key", "k"), field, own], "text/z"),
    ] {
        for allowed in ["text/x", "text/y", "text/z"] {
            let judged = check(&only(allowed), fields, dialect);
            assert_eq!(judged.is_ok(), allowed == kind, "{dialect:?} {fields:?} {allowed}: {judged:?}");
        }
    }
}

#[test]
fn a_policy_ends_and_has_a_shape() {
    let expired = policy("").replace("57.500", "56.999");
    assert!(matches!(check(&expired, &[("key", "k")], Dialect::Oss), Err(Error::PolicyViolated { .. })));
    assert!(check(&policy(""), &[("key", "k")], Dialect::Oss).is_ok());
    for bad in [
        String::new(),
        "{}".into(),
        policy("{}"),
        policy("\"x\""),
        policy("[\"eq\", \"$key\"]"),
        policy("[\"eq\", \"key\", \"k\"]"),
        policy("[\"like\", \"$key\", \"k\"]"),
        policy("[\"content-length-range\", -1, 0]"),
        policy("[\"content-length-range\", 0]"),
        policy("[\"in\", \"$key\", \"k\"]"),
        policy("").replace("expiration", "EXPIRATION"),
        policy("").replace("conditions", "rules"),
        policy("").replace("2023-12-16T16:20:57.500Z", "tomorrow"),
    ] {
        assert!(matches!(check(&bad, &[("key", "k")], Dialect::Oss), Err(Error::InvalidPolicy { .. })), "{bad}");
    }
    let not_base64 = form(&[("policy", "%%%")]).check(&BucketName::parse("bkt").unwrap(), Dialect::S3, NOW);
    assert!(matches!(not_base64, Err(Error::InvalidPolicy { .. })));
}

proptest! {
    #[test]
    fn no_policy_is_too_strange(policy in "\\PC{0,80}") {
        let _ = check(&policy, &[("key", "k")], Dialect::S3);
    }
}
