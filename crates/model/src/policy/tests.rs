use std::borrow::Cow;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Error;
use crate::access::{Context, Identity, ObjectState, Principal, Question, RequestFields};
use crate::bucket::PublicAccessBlock;
use crate::clock::Timestamp;
use crate::object::Tags;
use crate::op::Action;
use crate::reply::Owner;

/// Fields of a request as pairs; headers and parameters share one list.
struct Pairs<'a>(&'a [(&'a str, &'a str)]);

impl RequestFields for Pairs<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.parameter(name)
    }

    fn vendor(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameter(&format!("x-{name}")).map(Cow::Borrowed)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }
}

fn alice() -> Principal {
    let owner = Owner { id: "a11ce".into(), display_name: "alice".into() };
    Principal::Key(Arc::new(Identity {
        access_key_id: "AKALICE".into(),
        owner,
        root: false,
        policy: None,
        session: None,
    }))
}

/// What a policy of the bucket `b` says about `GetObject` of `b/dir/key`, asked by alice with these fields.
fn says(statement: &str, fields: &[(&str, &str)]) -> Effect {
    asked(statement, Action::GetObject, &alice(), fields)
}

fn asked(statement: &str, action: Action, principal: &Principal, fields: &[(&str, &str)]) -> Effect {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    let policy = Policy::parse(&text, Attached::Bucket("b")).unwrap_or_else(|error| panic!("{error}: {text}"));
    let fields = Pairs(fields);
    let context = Context {
        source: Some([10, 1, 2, 3].into()),
        secure: false,
        now: Timestamp(1_573_462_800_000), // 2019-11-11T09:00:00Z
        fields: &fields,
    };
    let tags: Tags = vec![("colour".into(), "blue".into())];
    let object = ObjectState::Present { tags: &tags, access: None };
    let key = Some("dir/key");
    policy.evaluate(&Question {
        principal,
        action,
        bucket: "b",
        key,
        object,
        context: &context,
        account_block: PublicAccessBlock::default(),
    })
}

/// An Allow for everybody on everything, with this condition.
fn when(condition: &str, fields: &[(&str, &str)]) -> bool {
    let allow =
        r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": "#;
    says(&format!("{allow}{condition}}}"), fields) == Effect::Allow
}

#[test]
fn statements_apply_to_whom_and_what_they_name() {
    let applies = |principal: &str, action: &str, resource: &str| {
        says(&format!(r#"{{"Effect": "Allow", {principal}, {action}, {resource}}}"#), &[]) == Effect::Allow
    };
    let (everybody, get, all) =
        (r#""Principal": "*""#, r#""Action": "s3:GetObject""#, r#""Resource": "arn:aws:s3:::b/*""#);
    assert!(applies(everybody, get, all));
    for principal in [
        r#""Principal": {"AWS": "*"}"#,
        r#""Principal": {"AWS": ["x", "a11ce"]}"#,
        r#""Principal": {"AWS": "arn:aws:iam::a11ce:root"}"#,
        r#""Principal": {"AWS": "arn:aws:iam:::user/alice"}"#,
        r#""Principal": {"AWS": "arn:aws:iam::a11ce:user/path/AKALICE"}"#,
        r#""Principal": {"CanonicalUser": "a11ce"}"#,
        r#""Principal": ["a11ce"]"#,
    ] {
        assert!(applies(principal, get, all), "{principal}");
    }
    // The vendor takes it of a Deny alone.
    for (name, denied) in [("bob", true), ("alice", false)] {
        let deny = format!(r#"{{"Effect": "Deny", "NotPrincipal": {{"AWS": "{name}"}}, {get}, {all}}}"#);
        assert_eq!(says(&deny, &[]) == Effect::Deny, denied, "{name}");
    }
    for principal in [
        r#""Principal": {"AWS": "bob"}"#,
        r#""Principal": {"AWS": "arn:aws:iam::b0b:user/alice"}"#,
        r#""Principal": {"Service": "a11ce"}"#,
    ] {
        assert!(!applies(principal, get, all), "{principal}");
    }
    for action in [r#""Action": ["oss:Get*"]"#, r#""Action": "*""#, r#""NotAction": "s3:PutObject""#] {
        assert!(applies(everybody, action, all), "{action}");
    }
    assert!(!applies(everybody, r#""NotAction": "oss:GetObject""#, all));
    for resource in [
        r#""Resource": "acs:oss:*:*:b/dir/*""#,
        r#""Resource": "acs:oss:oss-cn-hangzhou:1234:b/dir/k?y""#,
        r#""Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/dir/key"]"#,
        r#""Resource": "*""#,
        r#""NotResource": "arn:aws:s3:::b/other/*""#,
    ] {
        assert!(applies(everybody, get, resource), "{resource}");
    }
    for resource in [r#""Resource": "arn:aws:s3:::b""#, r#""Resource": "arn:aws:s3:::b/dir""#] {
        assert!(!applies(everybody, get, resource), "{resource}");
    }
    let list = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}"#;
    assert_eq!(
        asked(list, Action::ListObjects, &Principal::Anonymous, &[]),
        Effect::Allow,
        "the bucket is the resource"
    );
}

#[test]
fn deny_wins_wherever_it_stands() {
    let allow = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}"#;
    let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/dir/*"}"#;
    for both in [format!("{allow}, {deny}"), format!("{deny}, {allow}")] {
        assert_eq!(says(&both, &[]), Effect::Deny);
        assert_eq!(asked(&both, Action::PutObject, &alice(), &[]), Effect::Allow);
    }
    let bob = r#"{"Effect": "Deny", "Principal": {"AWS": "bob"}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}"#;
    assert_eq!(says(bob, &[]), Effect::Silent);
}

#[test]
fn conditions_hold_as_documented() {
    for (condition, fields) in [
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, &[][..]),
        (r#"{"IpAddress": {"acs:SourceIp": ["192.0.2.1", "10.1.2.3"]}}"#, &[]),
        (r#"{"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}"#, &[]),
        (r#"{"Bool": {"aws:SecureTransport": "false"}}"#, &[]),
        (r#"{"Bool": {"aws:SecureTransport": false}}"#, &[]),
        (r#"{"StringLike": {"aws:Referer": ["http://a/*", "https://a/*"]}}"#, &[("referer", "https://a/x")]),
        (r#"{"StringNotLike": {"aws:Referer": "http://b/*"}}"#, &[]),
        (r#"{"StringEqualsIgnoreCase": {"aws:UserAgent": "CURL"}}"#, &[("user-agent", "curl")]),
        (r#"{"StringEqualsIfExists": {"s3:x-amz-acl": "private"}}"#, &[]),
        (r#"{"ForAllValues:StringEquals": {"s3:x-amz-acl": "private"}}"#, &[]),
        (r#"{"ForAnyValue:StringEquals": {"s3:x-amz-acl": ["private", "public-read"]}}"#, &[("x-acl", "private")]),
        (r#"{"StringEquals": {"oss:x-oss-object-acl": "private"}}"#, &[("x-acl", "private")]),
        (r#"{"StringEquals": {"s3:x-amz-copy-source": "src/k"}}"#, &[("x-copy-source", "src/k")]),
        (r#"{"Null": {"s3:x-amz-acl": "true"}}"#, &[]),
        (r#"{"Null": {"s3:x-amz-acl": "false"}}"#, &[("x-acl", "private")]),
        (r#"{"DateLessThan": {"aws:CurrentTime": "2019-11-11T17:00:01+08:00"}}"#, &[]),
        (r#"{"DateGreaterThanEquals": {"aws:EpochTime": "1573462800"}}"#, &[]),
        (r#"{"NumericLessThanEquals": {"s3:max-keys": 10}}"#, &[("max-keys", "10")]),
        (r#"{"StringEquals": {"aws:username": "alice"}}"#, &[]),
        (r#"{"StringEquals": {"s3:ExistingObjectTag/colour": "blue"}}"#, &[]),
        (r#"{"StringEquals": {"s3:RequestObjectTag/a b": "c d"}}"#, &[("x-tagging", "x=y&a%20b=c+d")]),
        (r#"{"StringLike": {"oss:Prefix": "${aws:username}/*"}}"#, &[("prefix", "alice/x")]),
        (r#"{"StringEquals": {"s3:prefix": ["a", "${*}"]}}"#, &[("prefix", "*")]),
    ] {
        assert!(when(condition, fields), "{condition}");
    }
    for (condition, fields) in [
        (r#"{"IpAddress": {"aws:SourceIp": "10.1.2.4/32"}}"#, &[][..]),
        (r#"{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, &[]),
        (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, &[]),
        (r#"{"StringLike": {"aws:Referer": "http://a/*"}}"#, &[]),
        (r#"{"StringEquals": {"s3:x-amz-acl": "private"}}"#, &[("x-acl", "public-read")]),
        (r#"{"StringNotEquals": {"s3:x-amz-acl": "private"}}"#, &[("x-acl", "private")]),
        (r#"{"ForAnyValue:StringEquals": {"s3:x-amz-acl": "private"}}"#, &[]),
        (r#"{"ForAnyValue:StringNotEquals": {"s3:x-amz-acl": "private"}}"#, &[]),
        (r#"{"Null": {"s3:x-amz-acl": "false"}}"#, &[]),
        (r#"{"DateLessThan": {"aws:CurrentTime": "2019-11-11T09:00:00Z"}}"#, &[]),
        (r#"{"NumericLessThan": {"s3:max-keys": 10}}"#, &[("max-keys", "many")]),
        (r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#, &[]),
        (r#"{"StringEquals": {"s3:ExistingObjectTag/colour": "red"}}"#, &[]),
        (r#"{"StringLike": {"s3:prefix": "${aws:nothing}*"}}"#, &[("prefix", "x")]),
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"aws:SecureTransport": "true"}}"#, &[]),
    ] {
        assert!(!when(condition, fields), "{condition}");
    }
    let variable =
        r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}"#;
    assert_eq!(says(variable, &[]), Effect::Silent);
    assert_eq!(says(&variable.replace("${aws:username}", "${aws:none, 'dir'}"), &[]), Effect::Allow);
}

#[test]
fn bad_documents_are_refused_by_the_element() {
    let refused = |text: &str, attached| match Policy::parse(text, attached) {
        Err(Error::MalformedPolicy { message }) => message.into_string(),
        other => panic!("{text}: {other:?}"),
    };
    let of = |statement: &str| {
        refused(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#), Attached::Bucket("b"))
    };
    let good = r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#;
    let without = |element: &str| {
        let kept: Vec<&str> = good.split(", ").filter(|member| !member.starts_with(element)).collect();
        of(&format!("{{{}}}", kept.join(", ")))
    };
    assert!(without("\"Effect").contains("Effect"));
    assert!(without("\"Principal").contains("Principal"));
    assert!(without("\"Action").contains("Action"));
    assert!(without("\"Resource").contains("Resource"));
    let with = |member: &str| of(&format!("{{{good}, {member}}}"));
    assert!(with(r#""Conditions": {}"#).starts_with("Conditions"));
    assert!(with(r#""Condition": []"#).starts_with("Condition"));
    assert!(with(r#""Condition": {"StringEqual": {"a": "b"}}"#).starts_with("Condition/StringEqual"));
    assert!(with(r#""Condition": {"IpAddress": {"aws:SourceIp": "10.0.0/8"}}"#).contains("10.0.0/8"));
    assert!(with(r#""Condition": {"NumericEquals": {"s3:max-keys": "x"}}"#).contains("s3:max-keys"));
    assert!(with(r#""Condition": {"Bool": {"aws:SecureTransport": []}}"#).starts_with("Condition/Bool"));
    assert!(with(r#""NotAction": "s3:*""#).starts_with("Action"));
    assert_eq!(with(r#""NotPrincipal": "*""#), "Allow with NotPrincipal is not allowed.");
    let denies = good.replace("Allow", "Deny");
    assert!(of(&format!("{{{denies}, \"NotPrincipal\": \"*\"}}")).starts_with("Principal"));
    assert!(with(r#""Effect": "Deny""#).contains("comes twice"));
    let changed = |from: &str, to: &str| of(&format!("{{{}}}", good.replace(from, to)));
    assert!(changed("\"Allow\"", "\"allow\"").starts_with("Effect"));
    assert!(changed("s3:GetObject", "GetObject").starts_with("Action"));
    assert!(changed("s3:GetObject", "iam:GetUser").starts_with("Action"));
    assert!(changed("\"s3:GetObject\"", "[]").starts_with("Action"));
    assert!(changed("arn:aws:s3:::b/*", "b/*").starts_with("Resource"));
    assert!(changed("arn:aws:s3:::b/*", "arn:aws:s3:::").starts_with("Resource"));
    assert!(changed("arn:aws:s3:::b/*", "arn:aws:s3:::other/*").starts_with("Resource"));
    assert!(changed("\"*\"", r#"{"Nobody": "x"}"#).starts_with("Principal"));
    let bucket = Attached::Bucket("b");
    assert!(refused("{", bucket).starts_with("Policies must be valid JSON"));
    assert!(refused("[]", bucket).contains("object"));
    assert!(refused(r#"{"Statement": []}"#, bucket).starts_with("Statement"));
    assert!(refused(r#"{"Version": "2012-10-17"}"#, bucket).contains("Statement"));
    assert!(refused(&format!(r#"{{"Version": "1999", "Statement": {{{good}}}}}"#), bucket).starts_with("Version"));
    assert!(refused(&format!(r#"{{"Sid": "x", "Statement": {{{good}}}}}"#), bucket).starts_with("Sid"));
    assert!(refused(&format!(r#"{{"Statement": {{{good}}}}}"#), Attached::Key).starts_with("Principal"));
    assert!(Policy::parse(&format!(r#"{{"Statement": {{{good}}}}}"#), bucket).is_ok(), "one statement without a list");
}

#[test]
fn public_means_everybody_without_a_known_place() {
    let public = |statement: &str| {
        Policy::parse(&format!(r#"{{"Statement": [{statement}]}}"#), Attached::Bucket("b")).unwrap().is_public()
    };
    let allow = r#""Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*""#;
    assert!(public(&format!(r#"{{{allow}, "Principal": "*"}}"#)));
    assert!(public(&format!(r#"{{{allow}, "Principal": {{"AWS": ["*"]}}}}"#)));
    assert!(!public(&format!(r#"{{{allow}, "Principal": {{"AWS": "alice"}}}}"#)));
    assert!(!public(&format!(r#"{{{}, "Principal": "*"}}"#, allow.replace("Allow", "Deny"))));
    let place = |condition: &str| public(&format!(r#"{{{allow}, "Principal": "*", "Condition": {condition}}}"#));
    assert!(!place(r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}}"#));
    assert!(place(r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}"#));
    assert!(place(r#"{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#));
    assert!(place(r#"{"StringLike": {"aws:Referer": "http://a/*"}}"#));
}

#[test]
fn documents_are_kept_as_they_were_put() {
    let text = r#" {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}} "#;
    let policy = Policy::parse(text, Attached::Bucket("b")).unwrap();
    assert_eq!(policy.text(), text);
    let stored = postcard::to_stdvec(&policy).unwrap();
    assert_eq!(postcard::from_bytes::<Policy>(&stored).unwrap(), policy);
}

/// Pieces of documents, well-formed and not, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(r#"{"Statement":["#),
        Just("]}"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just(r#""Effect":"Allow""#),
        Just(r#""Principal":"*""#),
        Just(r#""Action":"s3:*""#),
        Just(r#""Resource":"*""#),
        Just(r#""Resource":"arn:aws:s3:::b/${aws:username}*?${""#),
        Just(r#""Condition":{"#),
        Just(r#""StringLike":{"#),
        Just(r#""s3:prefix":"${*}${?}${""#),
        Just(r#""DateLessThan":{"aws:CurrentTime":"2019-11-11T"}"#),
        Just("1e999"),
        Just("null"),
        Just("\"\u{0}\u{e4}"),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever comes is a policy that can be asked, or is refused; nothing panics.
    #[test]
    fn arbitrary_documents_are_read_or_refused(text in prop_oneof![pieces(), "\\PC{0,40}"], key in "\\PC{0,20}") {
        for attached in [Attached::Bucket("b"), Attached::Key] {
            if let Ok(policy) = Policy::parse(&text, attached) {
                let (principal, context) = (alice(), Context::internal(Timestamp(0)));
                let object = ObjectState::Absent;
                let action = Action::GetObject;
                let question =
                    Question { principal: &principal, action, bucket: "b", key: Some(&key), object, context: &context, account_block: PublicAccessBlock::default() };
                policy.evaluate(&question);
                policy.is_public();
            }
        }
    }

    /// The search with one point to return to finds what trying every split finds.
    #[test]
    fn wildcards_agree_with_the_plain_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        fn plain(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern.split_first(), text.split_first()) {
                (None, None) => true,
                (Some((b'*', rest)), _) => (0..=text.len()).any(|at| plain(rest, &text[at..])),
                (Some((b'?', rest)), Some((_, after))) => plain(rest, after),
                (Some((byte, rest)), Some((found, after))) => byte == found && plain(rest, after),
                _ => false,
            }
        }
        prop_assert_eq!(pattern::like(pattern.as_bytes(), text.as_bytes()), plain(pattern.as_bytes(), text.as_bytes()));
    }
}

#[test]
fn on_the_oss_face_a_statement_may_name_nobody_and_means_everybody() {
    let with = |effect: &str| {
        let text = format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "{effect}", "Action": "oss:*", "Resource": "acs:oss:*:*:*/*"}}]}}"#
        );
        assert!(Policy::parse(&text, Attached::Bucket("b")).is_err());
        let policy = Policy::parse(&text, Attached::OssBucket("b")).unwrap();
        assert_eq!(policy.is_public(), effect == "Allow");
        let stored = postcard::to_stdvec(&policy).unwrap();
        ask(&postcard::from_bytes::<Policy>(&stored).unwrap())
    };
    assert_eq!((with("Allow"), with("Deny")), (Effect::Allow, Effect::Deny));
}

fn ask(policy: &Policy) -> Effect {
    let context = Context { source: None, secure: false, now: Timestamp(0), fields: &Pairs(&[]) };
    let question = Question {
        principal: &Principal::Anonymous,
        action: Action::GetObject,
        bucket: "b",
        key: Some("k"),
        object: ObjectState::Absent,
        context: &context,
        account_block: PublicAccessBlock::default(),
    };
    policy.evaluate(&question)
}
