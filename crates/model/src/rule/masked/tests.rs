use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::*;
use crate::rule::{Mirror, MirrorAuth, MirrorHeaders};

/// A rule for a prefix that signs, at an origin of its own.
fn rule(number: u32, prefix: &str, access_key_id: &str, secret: &str) -> RoutingRule {
    let mut rule = RoutingRule::mirror_all(number, &format!("https://{prefix}.example/"));
    rule.condition.key_prefix = Some(prefix.into());
    rule.redirect.as_mut().unwrap().mirror.auth = Some(MirrorAuth {
        access_key_id: Some(access_key_id.into()),
        access_key_secret: Some(Secret::new(secret)),
        ..MirrorAuth::default()
    });
    rule
}

/// The rule with a header that it sets.
fn setting(mut rule: RoutingRule, name: &str, value: &str) -> RoutingRule {
    let headers = rule.redirect.as_mut().unwrap().mirror.headers.get_or_insert_with(MirrorHeaders::default);
    headers.set.push(KeyValue { key: name.into(), value: value.into() });
    rule
}

fn site(rules: impl Into<Vec<RoutingRule>>) -> Website {
    Website { rules: rules.into(), ..Website::default() }
}

/// What a client holds that sees no secret.
fn masked(rule: &RoutingRule) -> RoutingRule {
    let mut rule = rule.clone();
    if secret_of(&rule).is_some() {
        Mask::AccessKeySecret.set(&mut rule, SECRET_MASK.into());
    }
    for at in 0..set_of(&rule).len() {
        Mask::SetValue(at).set(&mut rule, SECRET_MASK.into());
    }
    rule
}

fn secrets(website: &Website) -> Vec<&str> {
    website.rules.iter().filter_map(secret_of).map(Secret::reveal).collect()
}

fn adopted(rules: impl Into<Vec<RoutingRule>>, stored: &Website) -> Result<Website> {
    let mut website = site(rules);
    website.adopt_masked_secrets(Some(stored))?;
    Ok(website)
}

/// The element and the sentence of a refusal.
fn refusal(rules: impl Into<Vec<RoutingRule>>, stored: &Website) -> (String, String) {
    match adopted(rules, stored) {
        Err(Error::InvalidArgument { name, value, message }) => {
            assert_eq!(&*value, SECRET_MASK);
            (name.into(), message.into())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mask_that_comes_back_keeps_the_secret_wherever_its_rule_went() {
    let stored = site([rule(1, "p", "a", "first"), rule(2, "q", "b", "second"), rule(3, "r", "a", "third")]);
    let [first, second, third] = [0, 1, 2].map(|at: usize| masked(&stored.rules[at]));
    let numbered = |number, rule: &RoutingRule| RoutingRule { number, ..rule.clone() };
    assert_eq!(adopted(stored.rules.iter().map(masked).collect::<Vec<_>>(), &stored).unwrap(), stored);
    let reversed = [numbered(1, &third), numbered(2, &second), numbered(3, &first)];
    assert_eq!(secrets(&adopted(reversed, &stored).unwrap()), ["third", "second", "first"]);
    let inserted = [rule(1, "n", "a", "new"), numbered(2, &first), numbered(3, &second), numbered(4, &third)];
    assert_eq!(secrets(&adopted(inserted, &stored).unwrap()), ["new", "first", "second", "third"]);
    let deleted = [numbered(1, &second), numbered(2, &third)];
    assert_eq!(secrets(&adopted(deleted, &stored).unwrap()), ["second", "third"]);
}

#[test]
fn an_edited_rule_keeps_the_secret_of_its_id_at_its_origin() {
    let stored = site([rule(1, "p", "a", "first"), rule(2, "q", "a", "second"), rule(3, "r", "b", "third")]);
    let edited = |at: usize| {
        let mut rule = masked(&stored.rules[at]);
        rule.condition.key_prefix = Some("edited/".into());
        rule
    };
    assert_eq!(secrets(&adopted([edited(1), edited(0)], &stored).unwrap()), ["second", "first"]);
    // Elsewhere, too, if the id has one secret only.
    let mut moved = edited(2);
    moved.redirect.as_mut().unwrap().mirror.url = Some("https://other.example/".into());
    assert_eq!(secrets(&adopted([moved.clone()], &stored).unwrap()), ["third"]);
    moved.redirect.as_mut().unwrap().mirror.auth.as_mut().unwrap().access_key_id = Some("a".into());
    let (element, message) = refusal([moved], &stored);
    assert_eq!(element, "AccessKeySecret");
    assert!(message.contains("rule 3") && message.contains("several") && message.contains("again"), "{message}");
}

#[test]
fn rules_that_differ_in_their_secrets_alone_are_not_told_apart() {
    let stored = site([rule(1, "p", "a", "first"), rule(2, "p", "a", "second")]);
    let (_, message) = refusal(stored.rules.iter().map(masked).collect::<Vec<_>>(), &stored);
    assert!(message.contains("differ in nothing else") && message.contains("give it again"), "{message}");
    let equal = site([rule(1, "p", "a", "one"), rule(2, "p", "a", "one")]);
    assert_eq!(adopted(equal.rules.iter().map(masked).collect::<Vec<_>>(), &equal).unwrap(), equal);
}

#[test]
fn a_mask_that_stands_for_nothing_is_refused() {
    let stored = site([rule(1, "p", "a", "first")]);
    for known in [site([]), stored] {
        let (element, message) = refusal([rule(1, "p", "other", SECRET_MASK)], &known);
        assert_eq!(element, "AccessKeySecret");
        assert!(message.contains("nothing is stored"), "{message}");
    }
    assert!(site([rule(1, "p", "a", SECRET_MASK)]).adopt_masked_secrets(None).is_err());
}

#[test]
fn a_masked_header_value_goes_nowhere_but_where_it_went() {
    type Edit = fn(&mut Mirror);
    let plain = RoutingRule::mirror_all(1, "https://o.example/");
    let stored = site([setting(setting(plain.clone(), "x-token", "t"), "x-other", "o")]);
    let back = masked(&stored.rules[0]);
    assert_eq!(adopted([RoutingRule { number: 7, ..back.clone() }], &stored).unwrap().rules[0].redirect, {
        stored.rules[0].redirect.clone()
    });
    // Edited, at the same origin: the name tells which.
    let edited = setting(plain.clone(), "X-Other", SECRET_MASK);
    assert_eq!(&*set_of(&adopted([edited], &stored).unwrap().rules[0])[0].value, "o");
    let edits: [(Edit, &str); 4] = [
        (|mirror| mirror.url = Some("https://thief.example/".into()), "x-token"),
        (|mirror| mirror.url = Some("https://o.example:8443/".into()), "x-token"),
        (|mirror| mirror.url_slave = Some("https://thief.example/".into()), "x-token"),
        (|mirror| mirror.headers.as_mut().unwrap().set[0].key = "x-new".into(), "x-new"),
    ];
    for (edit, words) in edits {
        let mut sent = back.clone();
        edit(&mut sent.redirect.as_mut().unwrap().mirror);
        let (element, message) = refusal([sent], &stored);
        assert_eq!(element, "Value");
        assert!(message.contains(words) && message.contains("give it again"), "{message}");
    }
    let (_, message) = refusal([setting(plain, "x-token", SECRET_MASK)], &site([]));
    assert!(message.contains("x-token"), "{message}");
}

/// Rules as they may be stored: few names, so that ids, origins and whole rules often coincide.
fn stored() -> impl Strategy<Value = Website> {
    let one = ("[pq]", "[ab]", "[xyz]", proptest::option::of("[uv]"), "[mn]");
    vec(one, 1..6).prop_map(|rules| {
        let rules = (1..).zip(rules).map(|(number, (prefix, id, secret, value, host))| {
            let mut made = rule(number, &prefix, &id, &secret);
            made.redirect.as_mut().unwrap().mirror.url = Some(format!("https://{host}.example/").into());
            value.into_iter().fold(made, |made, value| setting(made, "x-token", &value))
        });
        site(rules.collect::<Vec<_>>())
    })
}

proptest! {
    /// Whatever is reordered, deleted, inserted, copied or edited (but for where it goes): each rule has what was its own, or
    /// the document is refused.
    #[test]
    fn no_rule_gets_what_is_another_rules(
        website in stored(),
        kept in subsequence((0..6_usize).collect::<Vec<_>>(), 1..=6).prop_shuffle(),
        inserted in proptest::option::of(any::<Index>()),
        edited in vec(any::<bool>(), 6),
    ) {
        let kept: Vec<usize> = kept.into_iter().map(|at| at % website.rules.len()).collect();
        let mut expected: Vec<RoutingRule> = kept.iter().map(|at| website.rules[*at].clone()).collect();
        for (rule, _) in expected.iter_mut().zip(&edited).filter(|(_, edited)| **edited) {
            rule.condition.key_suffix = Some(".edited".into());
        }
        let mut sent: Vec<RoutingRule> = expected.iter().map(masked).collect();
        if let Some(at) = inserted {
            let (at, new) = (at.index(sent.len() + 1), setting(rule(9, "new", "a", "of its own"), "x-token", "own"));
            expected.insert(at, new.clone());
            sent.insert(at, new);
        }
        for rules in [&mut expected, &mut sent] {
            (1..).zip(rules).for_each(|(number, rule)| rule.number = number);
        }
        if let Ok(website) = adopted(sent, &website) {
            prop_assert_eq!(website.rules.iter().map(secret_of).collect::<Vec<_>>(),
                expected.iter().map(secret_of).collect::<Vec<_>>());
            prop_assert_eq!(website.rules, expected);
        }
    }

    /// Where no two rules share an id or a header's name at an origin, nothing is refused.
    #[test]
    fn rules_that_are_told_apart_keep_everything(
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        count in 1..=6_usize,
    ) {
        let stored = (1..).zip(["a", "b", "c", "d", "e", "f"]);
        let stored = stored.map(|(number, name)| setting(rule(number, name, name, name), "x-token", name));
        let stored = site(stored.collect::<Vec<_>>());
        let wanted: Vec<RoutingRule> = (1..).zip(&order[..count])
            .map(|(number, at)| RoutingRule { number, ..stored.rules[*at].clone() })
            .collect();
        let sent: Vec<RoutingRule> = wanted.iter().map(masked).collect();
        prop_assert_eq!(adopted(sent, &stored).unwrap().rules, wanted);
    }
}
