//! Whatever rule is taken is written so that it is read again: the same rule on its own face, and one that covers the
//! same objects on the other.

use headwater_model::lifecycle::{
    Due, Expiration, FilterNot, FilterTerms, LifecycleConfiguration, LifecycleFilter, LifecycleRule, Subject,
};
use headwater_model::object::Tags;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::lifecycle::{put, shown};
use super::*;

/// A text of few letters and all that XML treats in its own way.
fn text() -> impl Strategy<Value = String> {
    select(&["", "a", "a/", "a/b", "b", " a ", "&amp;", "&lt;&gt;", "&#13;", "&#10;a", "日"][..]).prop_map_into()
}

fn tag_element() -> impl Strategy<Value = String> {
    (select(&["k", "l", "m"][..]), select(&["v", "w", ""][..]))
        .prop_map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
}

fn prefix_element() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("<Prefix>{text}</Prefix>"))
}

/// An element or nothing.
fn maybe(element: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    option::of(element).prop_map(Option::unwrap_or_default)
}

fn size_elements() -> impl Strategy<Value = String> {
    (option::of(0_u64..9), option::of(9_u64..20)).prop_map(|(larger, smaller)| {
        let larger = larger.map(|bytes| format!("<ObjectSizeGreaterThan>{bytes}</ObjectSizeGreaterThan>"));
        let smaller = smaller.map(|bytes| format!("<ObjectSizeLessThan>{bytes}</ObjectSizeLessThan>"));
        larger.unwrap_or_default() + &smaller.unwrap_or_default()
    })
}

/// Conditions in every place where one vendor or the other has them, and in some where neither has.
fn conditions() -> impl Strategy<Value = String> {
    let tags = |most| prop::collection::vec(tag_element(), 0..=most).prop_map(|tags| tags.concat());
    let not = (prefix_element(), tags(1)).prop_map(|(prefix, tags)| format!("<Not>{prefix}{tags}</Not>"));
    let and = (maybe(prefix_element()), tags(2), size_elements())
        .prop_map(|(prefix, tags, sizes)| format!("<And>{prefix}{tags}{sizes}</And>"));
    let filter = (maybe(prefix_element()), tags(1), size_elements(), maybe(and), maybe(not))
        .prop_map(|(prefix, tag, sizes, and, not)| format!("<Filter>{prefix}{tag}{sizes}{and}{not}</Filter>"));
    (maybe(prefix_element()), prop_oneof![3 => Just(String::new()), 1 => tags(2)], maybe(filter))
        .prop_map(|(prefix, tags, filter)| prefix + &tags + &filter)
}

fn when() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..400).prop_map(|days| format!("<Days>{days}</Days>")),
        Just("<Date>2030-01-01T08:00:00+08:00</Date>".to_owned()),
        Just("<CreatedBeforeDate>1999-12-31T00:00:00Z</CreatedBeforeDate>".to_owned()),
    ]
}

/// Actions of both vendors, each perhaps.
fn actions() -> impl Strategy<Value = String> {
    let class = select(&["IA", "STANDARD_IA", "Archive", "glacier", "ZRS", "GLACIER_IR", "DeepColdArchive"][..]);
    let flag = |name: &'static str| {
        maybe(select(&["true", "FALSE"][..]).prop_map(move |value| format!("<{name}>{value}</{name}>")))
    };
    let versions = (1_u32..9).prop_map(|count| format!("<NewerNoncurrentVersions>{count}</NewerNoncurrentVersions>"));
    let days = (1_u32..400).prop_map(|days| format!("<NoncurrentDays>{days}</NoncurrentDays>"));
    let expiration =
        prop_oneof![when(), Just("<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>".to_owned())]
            .prop_map(|inner| format!("<Expiration>{inner}</Expiration>"));
    let transition = (when(), class.clone(), flag("ReturnToStdWhenVisit"), flag("AllowSmallFile")).prop_map(
        |(when, class, returns, small)| {
            format!("<Transition>{when}<StorageClass>{class}</StorageClass>{returns}{small}</Transition>")
        },
    );
    let noncurrent = (days.clone(), maybe(versions.clone())).prop_map(|(days, versions)| {
        format!("<NoncurrentVersionExpiration>{days}{versions}</NoncurrentVersionExpiration>")
    });
    let noncurrent_transition = (days, maybe(versions), class).prop_map(|(days, versions, class)| {
        format!(
            "<NoncurrentVersionTransition>{days}{versions}<StorageClass>{class}</StorageClass>\
             </NoncurrentVersionTransition>"
        )
    });
    let abort = prop_oneof![
        Just("<AbortMultipartUpload><Days>3</Days></AbortMultipartUpload>".to_owned()),
        Just(
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>\
             </AbortIncompleteMultipartUpload>"
                .to_owned()
        ),
    ];
    (
        prop_oneof![3 => expiration, 1 => Just(String::new())],
        maybe(transition),
        maybe(noncurrent),
        maybe(noncurrent_transition),
        prop_oneof![4 => Just(String::new()), 1 => abort],
    )
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].concat())
}

fn document() -> impl Strategy<Value = String> {
    (maybe(text().prop_map(|id| format!("<ID>{id}</ID>"))), conditions(), any::<bool>(), actions()).prop_map(
        |(id, conditions, is_on, actions)| {
            let status = if is_on { "Enabled" } else { "Disabled" };
            format!("<Rule>{id}{conditions}<Status>{status}</Status>{actions}</Rule>")
        },
    )
}

/// Tags of different names.
fn tags() -> impl Strategy<Value = Tags> {
    let value = || option::of(select(&["v", "w"][..]));
    (value(), value()).prop_map(|values| {
        let named = [("k", values.0), ("l", values.1)];
        named.into_iter().filter_map(|(key, value)| Some((key.into(), value?.into()))).collect()
    })
}

fn terms() -> impl Strategy<Value = FilterTerms> {
    let prefix = option::of(select(&["", "a", "a/", "b"][..]).prop_map(Into::into));
    (prefix, tags(), option::of(0_u64..3), option::of(5_u64..9)).prop_map(
        |(prefix, tags, larger_than_bytes, smaller_than_bytes)| FilterTerms {
            prefix,
            tags,
            larger_than_bytes,
            smaller_than_bytes,
        },
    )
}

/// Rules with conditions wherever a rule has room for them, as the administration's interface takes them too.
fn rule() -> impl Strategy<Value = LifecycleRule> {
    let not = (select(&["", "a/", "b"][..]), tags())
        .prop_map(|(prefix, mut tags)| FilterNot { prefix: prefix.into(), tag: tags.pop() });
    let filter = (terms(), option::of(terms()), prop::collection::vec(not, 0..2))
        .prop_map(|(own, and, not)| LifecycleFilter { own, and, not });
    let prefix = option::of(select(&["", "a", "a/", "b"][..]).prop_map(Into::into));
    (prefix, tags(), option::of(filter)).prop_map(|(prefix, tags, filter)| LifecycleRule {
        id: "r".into(),
        enabled: true,
        prefix,
        tags,
        filter,
        expiration: Some(Expiration { due: Some(Due::Days(1)), lone_delete_marker: None }),
        ..LifecycleRule::default()
    })
}

/// What a rule covers of objects that differ in all that conditions ask for.
fn covered(rule: &LifecycleRule) -> Vec<String> {
    let mut covered = Vec::new();
    for key in ["a", "a/", "a/b", "ab", "b", "c"] {
        for size_bytes in 0..10 {
            for (first, second) in [("v", "v"), ("v", "w"), ("w", "v"), ("w", "w"), ("v", ""), ("", "w"), ("", "")] {
                let tags: Tags = vec![("k".into(), first.into()), ("l".into(), second.into())];
                if rule.covers(&Subject { key, size_bytes, tags: &tags }) {
                    covered.push(format!("{key} {size_bytes} {first} {second}"));
                }
            }
        }
    }
    covered
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_taken_comes_back_the_same(rule in document()) {
        for host in BOTH {
            let Ok(taken) = put(host, &[], &rule) else { continue };
            let document = shown(host, taken.clone());
            let again = put(host, &[], &document);
            prop_assert_eq!(again.as_ref().ok(), Some(&taken), "{} of {}: {:?}", document, rule, again);
        }
    }

    #[test]
    fn no_condition_is_left_out_on_either_face(rule in rule()) {
        let has_not = rule.filter.as_ref().is_some_and(|filter| !filter.not.is_empty());
        for host in BOTH {
            let configuration = LifecycleConfiguration { rules: vec![rule.clone()], minimum_by_class: false };
            let document = shown(host, configuration);
            match put(host, &[], &document) {
                Ok(again) => prop_assert_eq!(covered(&again.rules[0]), covered(&rule), "{}", document),
                // What this vendor has no words for is shown, and refused instead of widened.
                Err(refused) => {
                    let contradicts = covered(&rule).is_empty();
                    prop_assert!((host == S3 && has_not) || contradicts, "{}: {:?}", document, refused);
                }
            }
        }
    }
}

/// The strategy would prove nothing if all that it makes were refused.
#[test]
fn most_documents_are_taken_on_one_face() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut taken = [0, 0];
    for _ in 0..1000 {
        let rule = document().new_tree(&mut runner).unwrap().current();
        for (count, host) in taken.iter_mut().zip(BOTH) {
            *count += i32::from(put(host, &[], &rule).is_ok());
        }
    }
    assert!(taken.iter().all(|count| *count > 30), "{taken:?}");
}
