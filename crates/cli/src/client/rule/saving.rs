//! Reading the rules of a bucket and writing them back.
//!
//! Guarantees: what is written is what was read with one change, or nothing: it is bound to the version that was read. What
//! is masked in it was masked when it was read, so that each mask is for a secret that the server holds; the answer to a
//! change, in which more is masked, is never written back.
//!
//! If somebody else was faster, the change is tried once more, on what is there then, provided that the rule it is about is
//! still what it was; else the person decides.

use anyhow::{Context as _, bail};
use headwater_model::rule::change::{Change, Vanished, changed};
use headwater_model::rule::{RoutingRule, validate, warning};
use headwater_model::website::Website;
use headwater_wire::{read_website, write_website_with_secrets};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::told;
use crate::client::Connection;
use crate::client::connection::{Refused, encoded};

/// Attempts at a change: the first, and one on what somebody else left.
const ATTEMPTS: u32 = 2;

/// What is said if the rules cannot be changed as they were meant to be.
const CONCURRENT: &str = "somebody else changed the rules meanwhile: nothing was changed; run the command again";

/// The rules of a bucket in one version.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) website: Option<Website>,
    pub(super) version: u64,
    /// As the API told them.
    answer: Value,
}

impl Rules {
    /// As the API tells them.
    pub(super) fn read(answer: Value) -> anyhow::Result<Self> {
        let document = answer["website"].as_str();
        let website = document.map(|document| read_website(document.as_bytes())).transpose();
        let version = answer["rule_version"].as_u64().context("the answer has no version; is the server older?")?;
        Ok(Self { website: website.context("the server's document cannot be read")?, version, answer })
    }

    pub(super) fn list(&self) -> &[RoutingRule] {
        self.website.as_ref().map_or(&[], |website| &website.rules)
    }

    /// The rule with this number.
    pub(super) fn rule(&self, number: u32) -> Option<&RoutingRule> {
        self.list().iter().find(|rule| rule.number == number)
    }

    /// The rule with this number, which must be there.
    ///
    /// # Errors
    /// The numbers that there are.
    pub(super) fn known(&self, number: u32) -> anyhow::Result<&RoutingRule> {
        self.rule(number).with_context(|| self.vanished(number))
    }

    fn vanished(&self, number: u32) -> String {
        match self.list() {
            [] => format!("there is no rule {number}: the bucket has no rules"),
            [only] => format!("there is no rule {number}, only rule {}", only.number),
            rules => {
                let numbers: Vec<String> = rules.iter().map(|rule| rule.number.to_string()).collect();
                format!("there is no rule {number}; there are {}", numbers.join(", "))
            }
        }
    }
}

/// A change of the rules of a bucket.
pub(super) struct Saving<'s> {
    pub(super) connection: &'s Connection,
    pub(super) bucket: &'s str,
    /// Which rule the change is about.
    pub(super) about: About,
}

/// What must still be the same for a change to be made on what somebody else left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The rule with this number, or that there is none.
    Rule(u32),
    /// All of them.
    Everything,
    /// Nothing.
    Nothing,
}

/// A change that was made.
#[derive(Debug)]
pub(super) struct Saved {
    /// As the API answered, with more masked than a read shows.
    pub(super) answer: Value,
    /// The rules as they are now.
    pub(super) rules: Vec<RoutingRule>,
}

pub(super) fn path(bucket: &str) -> String {
    format!("/api/v1/buckets/{}/rules", encoded(bucket))
}

pub(super) async fn read(connection: &Connection, bucket: &str) -> anyhow::Result<Rules> {
    Rules::read(connection.get(&path(bucket)).await?)
}

impl Saving<'_> {
    /// Makes the change that `decide` finds for the rules as they are.
    ///
    /// # Errors
    /// What `decide` refuses; rules that cannot be told apart or are not accepted; another's change; those of the server.
    pub(super) async fn change(&self, decide: impl Fn(&Rules) -> anyhow::Result<Change>) -> anyhow::Result<Saved> {
        let mut rules = read(self.connection, self.bucket).await?;
        let mut attempt = 1;
        loop {
            let website = Self::decided(&rules, decide(&rules)?)?;
            if website == rules.website {
                // Nothing to be remembered either: each write is a version of the history.
                return Ok(Saved { answer: rules.answer, rules: website.unwrap_or_default().rules });
            }
            match self.write(website.as_ref(), rules.version).await {
                Ok(answer) => return Ok(Saved { answer, rules: website.unwrap_or_default().rules }),
                Err(error) if !is_concurrent(&error) => return Err(error),
                Err(_) if attempt == ATTEMPTS => bail!(CONCURRENT),
                Err(_) => {
                    let now = read(self.connection, self.bucket).await?;
                    if !self.about.is_same(&rules, &now) {
                        bail!(CONCURRENT);
                    }
                    (rules, attempt) = (now, attempt + 1);
                }
            }
        }
    }

    fn decided(rules: &Rules, change: Change) -> anyhow::Result<Option<Website>> {
        let vanished = |Vanished(number)| anyhow::anyhow!(rules.vanished(number));
        let website = changed(rules.website.as_ref(), change).map_err(vanished)?;
        if let Some(website) = &website {
            validate(website).map_err(told)?;
            distinct(rules.list(), &website.rules)?;
        }
        Ok(website)
    }

    async fn write(&self, website: Option<&Website>, version: u64) -> anyhow::Result<Value> {
        let (method, body) = match website {
            Some(website) => (Method::PUT, Some(json!({ "website": write_website_with_secrets(website) }))),
            None => (Method::DELETE, None),
        };
        self.connection.send_if(method, &path(self.bucket), body.as_ref(), Some(version)).await
    }
}

impl About {
    fn is_same(self, before: &Rules, now: &Rules) -> bool {
        match self {
            Self::Rule(number) => before.rule(number) == now.rule(number),
            Self::Everything => before.website == now.website,
            Self::Nothing => true,
        }
    }
}

fn is_concurrent(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == StatusCode::PRECONDITION_FAILED)
}

/// Rules must differ in prefix or suffix, as in the console. Those that an API made without are not judged again.
fn distinct(before: &[RoutingRule], after: &[RoutingRule]) -> anyhow::Result<()> {
    let pairs = |rules: &[RoutingRule]| {
        (1..rules.len()).filter(|at| warning::indistinct(&rules[*at], &rules[..*at]).is_some()).count()
    };
    if pairs(after) <= pairs(before) {
        return Ok(());
    }
    let twin = (1..after.len()).find_map(|at| Some((at, warning::indistinct(&after[at], &after[..at])?)));
    match twin {
        Some((at, other)) => bail!("{}", warning::not_distinct(&after[at], other)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(prefixes: &[&str]) -> Vec<RoutingRule> {
        let numbered = (1..).zip(prefixes);
        let rule = |(number, prefix): (u32, &&str)| {
            let mut rule = RoutingRule::mirror_all(number, "http://o.example/");
            rule.condition.key_prefix = Some((*prefix).into());
            rule
        };
        numbered.map(rule).collect()
    }

    #[test]
    fn what_is_indistinct_already_is_not_judged_again() {
        assert!(distinct(&rules(&["a/"]), &rules(&["a/", "b/"])).is_ok());
        let error = distinct(&rules(&["a/"]), &rules(&["a/", "a/"])).unwrap_err().to_string();
        assert!(error.contains("rule 1 has the prefix a/"), "{error}");
        assert!(distinct(&rules(&["a/", "a/"]), &rules(&["b/", "a/", "a/"])).is_ok());
        assert!(distinct(&rules(&["a/", "a/"]), &rules(&["a/", "a/", "a/"])).is_err());
    }

    #[test]
    fn a_rule_that_is_not_there_is_told_with_those_that_are() {
        let of = |prefixes: &[&str]| Rules {
            website: Some(Website { rules: rules(prefixes), ..Website::default() }),
            version: 1,
            answer: Value::Null,
        };
        assert_eq!(of(&[]).vanished(3), "there is no rule 3: the bucket has no rules");
        assert_eq!(of(&["a"]).known(3).unwrap_err().to_string(), "there is no rule 3, only rule 1");
        assert_eq!(of(&["a", "b"]).vanished(3), "there is no rule 3; there are 1, 2");
        assert!(of(&["a"]).known(1).is_ok());
    }

    #[test]
    fn a_change_is_repeated_only_for_the_rule_that_was_meant() {
        let version = |prefixes: &[&str]| Rules {
            website: Some(Website { rules: rules(prefixes), ..Website::default() }),
            version: 1,
            answer: Value::Null,
        };
        let before = version(&["a", "b"]);
        for (about, now, same) in [
            (About::Rule(2), &["x", "b"][..], true),
            (About::Rule(2), &["a", "x"], false),
            (About::Rule(2), &["b"], false),
            (About::Rule(3), &["a", "b", "c"], false),
            (About::Everything, &["a", "b", "c"], false),
            (About::Nothing, &[], true),
        ] {
            assert_eq!(about.is_same(&before, &version(now)), same, "{about:?} {now:?}");
        }
    }
}
