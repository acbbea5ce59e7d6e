//! Lifecycle rules as documents of both vendors, and what each refuses.

use headwater_model::Error;
use headwater_model::lifecycle::{Due, LifecycleConfiguration};
use headwater_model::reply::Reply;
use proptest::prelude::*;

use super::super::expiry_header;
use super::*;

pub(super) fn put(host: &str, headers: &[(&str, &str)], rules: &str) -> Result<LifecycleConfiguration> {
    let body = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    match read(host, "PUT /bkt?lifecycle", headers, &body)? {
        Op::PutBucketLifecycle(_, rules) => Ok(*rules),
        other => panic!("{other:?}"),
    }
}

pub(super) fn shown(host: &str, rules: LifecycleConfiguration) -> String {
    let document = xml(host, "GET /bkt?lifecycle", Reply::Lifecycle(rules.into()));
    let inner = document.split_once('>').unwrap().1.strip_suffix("</LifecycleConfiguration>").unwrap();
    inner.to_owned()
}

const S3_RULES: &str = "<Rule><ID>a</ID><Filter><And><Prefix>d/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>\
    <ObjectSizeGreaterThan>10</ObjectSizeGreaterThan><ObjectSizeLessThan>20</ObjectSizeLessThan></And></Filter>\
    <Status>Enabled</Status><Expiration><Days>90</Days></Expiration>\
    <Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>\
    <Transition><Days>60</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>\
    <Rule><ID>b</ID><Prefix>u/</Prefix><Status>Disabled</Status>\
    <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>\
    <NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays>\
    <NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>\
    <NoncurrentVersionTransition><NoncurrentDays>2</NoncurrentDays><StorageClass>GLACIER</StorageClass>\
    </NoncurrentVersionTransition><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
    </AbortIncompleteMultipartUpload></Rule>\
    <Rule><ID>c</ID><Filter></Filter><Status>Enabled</Status><Expiration><Date>2030-01-01T00:00:00.000Z</Date>\
    </Expiration></Rule>";
const OSS_RULES: &str = "<Rule><ID>a</ID><Prefix>日志+/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Filter>\
    <ObjectSizeGreaterThan>500</ObjectSizeGreaterThan><Not><Prefix>日志+/not</Prefix>\
    <Tag><Key>n</Key><Value>1</Value></Tag></Not></Filter><Status>Enabled</Status>\
    <Expiration><CreatedBeforeDate>2020-12-12T00:00:00.000Z</CreatedBeforeDate></Expiration>\
    <Transition><CreatedBeforeDate>2020-12-25T00:00:00.000Z</CreatedBeforeDate><StorageClass>IA</StorageClass>\
    <IsAccessTime>false</IsAccessTime></Transition></Rule>\
    <Rule><ID>b</ID><Prefix>u/</Prefix><Status>Enabled</Status>\
    <AbortMultipartUpload><Days>356</Days></AbortMultipartUpload></Rule>";

#[test]
fn rules_come_back_as_they_were_put() {
    assert_eq!(shown(S3, put(S3, &[], S3_RULES).unwrap()), S3_RULES);
    assert_eq!(shown(OSS, put(OSS, &[], OSS_RULES).unwrap()), OSS_RULES);
}

#[test]
fn the_other_face_shows_the_nearest() {
    let of_oss = shown(S3, put(OSS, &[], OSS_RULES).unwrap());
    assert!(of_oss.contains("<And><Prefix>日志+/</Prefix><Tag><Key>k</Key>"), "{of_oss}");
    assert!(of_oss.contains("<Date>2020-12-12T00:00:00.000Z</Date>"), "{of_oss}");
    assert!(of_oss.contains("<StorageClass>STANDARD_IA</StorageClass></Transition>"), "{of_oss}");
    assert!(of_oss.contains("<DaysAfterInitiation>356</DaysAfterInitiation>"), "{of_oss}");
    let of_s3 = shown(OSS, put(S3, &[], S3_RULES).unwrap());
    assert!(of_s3.contains("<Prefix>d/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Filter>"), "{of_s3}");
    assert!(of_s3.contains("<AbortMultipartUpload><Days>7</Days>"), "{of_s3}");
}

#[test]
fn rules_without_a_name_get_one() {
    let rule = "<Rule><Prefix>a</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>";
    let named = rule.replace("<Prefix>", "<ID>rule-1</ID><Prefix>");
    let rules = put(S3, &[], &format!("{rule}{named}{rule}")).unwrap().rules;
    let ids: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(ids, ["rule-2", "rule-1", "rule-3"]);
}

/// A rule of one action.
fn expiring(conditions: &str, action: &str) -> String {
    format!("<Rule>{conditions}<Status>Enabled</Status>{action}</Rule>")
}

const DAY: &str = "<Expiration><Days>1</Days></Expiration>";

/// Whether it is the right error.
type Judge<'j> = &'j dyn Fn(&Error) -> bool;

#[test]
fn what_the_vendors_refuse_is_refused_in_their_words() {
    let malformed = |error: &Error| matches!(error, Error::MalformedXml { .. });
    let argument = |error: &Error| matches!(error, Error::InvalidArgument { .. });
    let request = |error: &Error| matches!(error, Error::InvalidRequest { .. });
    let prefix = "<Prefix>p</Prefix>";
    let expiry = |inner: &str| expiring(prefix, &format!("<Expiration>{inner}</Expiration>"));
    let ia = |when: &str| format!("<Transition>{when}<StorageClass>STANDARD_IA</StorageClass></Transition>");
    let tagged = "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>";
    let abort =
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
    let cases: Vec<(String, Judge<'_>)> = vec![
        (String::new(), &malformed),
        ("<Other/>".into(), &malformed),
        (expiring(prefix, DAY).repeat(1001), &malformed),
        (expiring(&format!("<ID>x</ID>{prefix}"), DAY).repeat(2), &argument),
        (expiring(&format!("<ID>{}</ID>{prefix}", "a".repeat(256)), DAY), &argument),
        (expiring(prefix, DAY).replace("Enabled", "enabled"), &malformed),
        (expiring("", DAY), &malformed),
        (expiring("<Prefix>p</Prefix><Filter/>", DAY), &malformed),
        (expiring("<Filter><Suffix>.log</Suffix></Filter>", DAY), &malformed),
        (expiring("<Filter><And><Not/></And></Filter>", DAY), &malformed),
        (expiring(prefix, ""), &request),
        (expiring(prefix, "<Vanish/>"), &malformed),
        (expiry("<Days>0</Days>"), &argument),
        (expiry("<Days>-1</Days>"), &argument),
        (expiry("<Days>2147483648</Days>"), &argument),
        (expiry("<Days>x</Days>"), &malformed),
        (expiry(""), &malformed),
        (expiry("<Days>1</Days><Date>2030-01-01T00:00:00Z</Date>"), &malformed),
        (expiry("<Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"), &malformed),
        (expiry("<Date>20200101</Date>"), &malformed),
        (expiry("<Date>1970-08-22T19:15:01Z</Date>"), &argument),
        (expiring(prefix, &format!("{DAY}{}", ia("<Days>1</Days>"))), &argument),
        (expiring(prefix, &format!("{DAY}{}", ia("<Date>2030-01-01T00:00:00Z</Date>"))), &request),
        (expiring(prefix, &ia("<Days>1</Days>").replace("STANDARD_IA", "STANDARD")), &argument),
        (expiring(prefix, &ia("<Days>1</Days>").replace("STANDARD_IA", "WARM")), &argument),
        (expiring(prefix, &ia("<Days>1</Days>").repeat(2)), &request),
        (
            expiring(
                prefix,
                &format!("{}{}", ia("<Days>9</Days>"), ia("<Days>9</Days>").replace("STANDARD_IA", "GLACIER")),
            ),
            &argument,
        ),
        (expiring(tagged, abort), &request),
        (expiring("<Filter><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>", abort), &request),
        (
            expiring(tagged, "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"),
            &request,
        ),
        (expiring(&tagged.replace(">k<", ">%<"), DAY), &|error: &Error| matches!(error, Error::InvalidTag { .. })),
    ];
    for (rules, judge) in cases {
        let refused = put(S3, &[], &rules).expect_err(&rules[..rules.len().min(300)]);
        assert!(judge(&refused), "{rules:.300}: {refused:?}");
    }
}

#[test]
fn a_rule_of_oss_may_repeat_its_expiration() {
    const DATE: &str = "2020-02-18T00:00:00.000Z";
    let rule = |repeated: &str, expiration: &str| {
        expiring("<Prefix>p/</Prefix>", &format!("{repeated}<Expiration>{expiration}</Expiration>"))
    };
    let before = format!("<CreatedBeforeDate>{DATE}</CreatedBeforeDate>");
    let (days, date) = ("<Days>1</Days>", format!("<Date>{DATE}</Date>"));
    for (repeated, expiration) in [(days, days), (&date, &before), (&date, &date)] {
        assert!(put(OSS, &[], &rule(repeated, expiration)).is_ok(), "{repeated}");
        assert!(put(S3, &[], &rule(repeated, expiration)).is_err(), "{repeated}");
    }
    for (repeated, expiration) in [("<Days>2</Days>", days), (&date, days), (days, &before)] {
        let refused = put(OSS, &[], &rule(repeated, expiration));
        assert!(matches!(refused, Err(Error::MalformedXml { .. })), "{repeated} {expiration}");
    }
    let abort = "<AbortMultipartUpload><Days>1</Days></AbortMultipartUpload>";
    assert!(put(OSS, &[], &expiring("<Prefix/>", &format!("{days}{abort}"))).is_err(), "nothing to repeat");
}

#[test]
fn rules_of_oss_do_not_overlap_unless_that_is_allowed() {
    let rules = expiring("<Prefix>p/</Prefix>", DAY) + &expiring("<Prefix>p/2</Prefix>", DAY);
    let overlap = put(OSS, &[], &rules).unwrap_err();
    assert!(
        matches!(&overlap, Error::InvalidArgument { message, .. } if &**message == "Overlap for same action type Expiration")
    );
    assert!(put(OSS, &[("x-oss-allow-same-action-overlap", "true")], &rules).is_ok());
    assert!(put(S3, &[], &rules).is_ok());
    let tagged = expiring("<Prefix>p/2</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>", DAY);
    assert!(put(OSS, &[], &(expiring("<Prefix>p/</Prefix>", DAY) + &tagged)).is_ok());
    let by_access =
        "<Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime></Transition>";
    let refused = put(OSS, &[], &expiring("<Prefix/>", by_access)).unwrap_err();
    assert!(matches!(refused, Error::NotImplemented { .. }), "accesses are not tracked");
}

#[test]
fn a_filter_states_its_conditions_directly_and_within_and() {
    let both = "<Filter><Prefix>days1/</Prefix><Tag><Key>tom</Key><Value>sawyer</Value></Tag><And><Prefix>days1</Prefix>\
                <Tag><Key>huck</Key><Value>finn</Value></Tag></And></Filter>";
    let rules = put(S3, &[], &expiring(both, DAY)).unwrap();
    assert!(shown(S3, rules.clone()).contains(both));
    let expiration = rules.rules[0].expiration.unwrap();
    assert_eq!(expiration.due, Some(Due::Days(1)));
}

#[test]
fn the_least_size_of_transitions_is_told_again() {
    const NAME: &str = "x-amz-transition-default-minimum-object-size";
    let told = |line, headers: &[(&str, &str)], reply| answer_with(S3, line, headers, reply).headers()[NAME].clone();
    let rules = put(S3, &[(NAME, "varies_by_storage_class")], &expiring("<Prefix/>", DAY)).unwrap();
    assert!(rules.minimum_by_class);
    assert_eq!(told("GET /bkt?lifecycle", &[], Reply::Lifecycle(rules.into())), "varies_by_storage_class");
    assert_eq!(told("PUT /bkt?lifecycle", &[], Reply::Done), "all_storage_classes_128K");
    assert!(put(S3, &[(NAME, "none")], &expiring("<Prefix/>", DAY)).is_err());
}

#[test]
fn the_end_of_an_object_is_told_with_the_rule() {
    let at = Timestamp::from_seconds(1_700_092_800);
    let (name, value) = expiry_header(Dialect::S3, at, "a \"b\"");
    assert_eq!(name, "x-amz-expiration");
    assert_eq!(value, "expiry-date=\"Thu, 16 Nov 2023 00:00:00 GMT\", rule-id=\"a%20%22b%22\"");
    assert_eq!(expiry_header(Dialect::Oss, at, "r").0, "x-oss-expiration");
}

#[test]
fn a_rule_has_so_many_conditions_at_most() {
    let within_and = |count| expiring(&format!("<Filter><And><Prefix>p</Prefix>{}</And></Filter>", tagged(count)), DAY);
    assert!(put(S3, &[], &within_and(100)).is_ok());
    assert!(matches!(put(S3, &[], &within_and(101)), Err(Error::InvalidRequest { .. })));
    let of_rule = |count| expiring(&format!("<Prefix>p</Prefix>{}", tagged(count)), DAY);
    assert!(put(OSS, &[], &of_rule(100)).is_ok());
    assert!(matches!(put(OSS, &[], &of_rule(101)), Err(Error::InvalidRequest { .. })));
    let nots = |count| {
        let not = "<Not><Prefix>p/n</Prefix></Not>".repeat(count);
        expiring(&format!("<Prefix>p</Prefix><Filter>{not}</Filter>"), DAY)
    };
    assert!(put(OSS, &[], &nots(10)).is_ok());
    assert!(matches!(put(OSS, &[], &nots(11)), Err(Error::InvalidRequest { .. })));
}

/// So many tags of different names.
fn tagged(count: usize) -> String {
    let tag = |number: usize| format!("<Tag><Key>k{number}</Key><Value>v</Value></Tag>");
    (0..count).map(tag).collect::<Vec<_>>().concat()
}

/// A rule that each vendor takes, in its words.
fn valid_rule() -> impl Strategy<Value = [String; 2]> {
    let end = prop_oneof![
        (100_u32..1000).prop_map(|days| format!("<Days>{days}</Days>")),
        Just("<Date>2030-01-01T00:00:00.000Z</Date>".to_owned()),
    ];
    let names = ("[a-z0-9 -]{0,20}", "[a-z/+&<]{0,8}");
    (names, 0_usize..4, any::<[bool; 5]>(), end, 1_u32..99).prop_map(
        |((name, prefix), tags, [is_on, by_size, ends, ends_others, moves], end, days)| {
            let prefix = prefix.replace('&', "&amp;").replace('<', "&lt;");
            let tags = tagged(tags);
            let status = if is_on { "Enabled" } else { "Disabled" };
            let size = if by_size { "<ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>" } else { "" };
            let filter = if by_size { format!("<Filter>{size}</Filter>") } else { String::new() };
            let expiration =
                if ends || !ends_others { format!("<Expiration>{end}</Expiration>") } else { String::new() };
            let others = if ends_others { OTHERS_END } else { "" };
            let transition = |class| {
                let days = format!("<Days>{days}</Days><StorageClass>{class}</StorageClass>");
                Some(format!("<Transition>{days}</Transition>")).filter(|_| moves && !end.contains("Date"))
            };
            let of_class = |class| transition(class).unwrap_or_default();
            let (s3, oss) = (of_class("GLACIER"), of_class("Archive"));
            let created_before = expiration.replace("Date>", "CreatedBeforeDate>");
            [
                format!(
                    "<ID>{name}</ID><Filter><And><Prefix>{prefix}</Prefix>{tags}{size}</And></Filter>\
                     <Status>{status}</Status>{expiration}{s3}{others}"
                ),
                format!(
                    "<ID>{name}</ID><Prefix>{prefix}</Prefix>{tags}{filter}<Status>{status}</Status>\
                     {created_before}{oss}{others}"
                ),
            ]
            .map(|rule| format!("<Rule>{rule}</Rule>"))
        },
    )
}

const OTHERS_END: &str =
    "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>";

proptest! {
    #[test]
    fn valid_rules_come_back_as_they_were_put(rules in valid_rule()) {
        for (host, rule) in [S3, OSS].into_iter().zip(rules) {
            let read = put(host, &[], &rule).unwrap();
            let again = put(host, &[], &shown(host, read.clone())).unwrap();
            prop_assert_eq!(again, read);
        }
    }

    #[test]
    fn arbitrary_rules_are_read_or_refused(
        elements in prop::collection::vec("(ID|Prefix|Filter|And|Not|Tag|Key|Days|Date|Expiration|Transition|Status)", 0..12),
        text in "[a-zA-Z0-9:-]{0,24}",
    ) {
        let tags = |start: &str, names: &mut dyn Iterator<Item = &String>| {
            names.fold(String::new(), |text, name| text + start + name + ">")
        };
        let opened = tags("<", &mut elements.iter());
        let closed = tags("</", &mut elements.iter().rev());
        for host in BOTH {
            if let Ok(rules) = put(host, &[], &format!("<Rule><Status>Enabled</Status>{opened}{text}{closed}</Rule>")) {
                let again = put(host, &[], &shown(host, rules.clone())).unwrap();
                prop_assert_eq!(again, rules);
            }
        }
    }
}
