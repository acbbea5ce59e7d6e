//! What a mask that comes back stands for.
//!
//! Guarantees: a client can read, change and write rules without ever holding what is masked in them: the secret of
//! `MirrorAuth`, and the values of header fields that rules set. However it orders, adds and removes rules, each keeps what
//! is its own, or the document is refused; one rule never gets another's.
//!
//! How: for each rule with a mask three questions are asked of the stored rules, and the first that finds any decides.
//!
//! 1. Which are the same in everything but their number and what is masked?
//! 2. The rule was edited, then. Which have the same access key id (for a header: set one of that name) and fetch from the
//!    same origins (scheme, host and port), perhaps from more?
//! 3. Which have the same access key id? For a header, none: its value goes nowhere but where it went, because who may change
//!    rules, but not read them, must not learn it by having it sent elsewhere.
//!
//! All that are found must hold the same, else the mask could stand for several and is refused. Numbers decide nothing,
//! because whoever inserts a rule renumbers those behind it.

use crate::error::{Error, Result};
use crate::origin::OriginId;
use crate::rule::{KeyValue, RoutingRule, SECRET_MASK, Secret};
use crate::website::Website;

#[cfg(test)]
mod tests;

impl Website {
    /// Replaces what is masked by what `old` holds for it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a mask that stands for nothing, and for one that could stand for several values.
    pub fn adopt_masked_secrets(&mut self, old: Option<&Self>) -> Result<()> {
        let stored = old.map_or(&[][..], |website| &website.rules);
        for rule in self.rules.iter_mut().filter(|rule| !masks(rule).is_empty()) {
            if let Some(known) = sole_equal(rule, stored)? {
                *rule = RoutingRule { number: rule.number, ..known.clone() };
                continue;
            }
            for mask in masks(rule) {
                let value = mask.kept(rule, stored)?.into();
                mask.set(rule, value);
            }
        }
        Ok(())
    }
}

/// A place of a rule where the mask stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mask {
    /// `AccessKeySecret` of `MirrorAuth`.
    AccessKeySecret,
    /// `Value` of the `Set` at this place among those of `MirrorHeaders`.
    SetValue(usize),
}

fn masks(rule: &RoutingRule) -> Vec<Mask> {
    let secret = secret_of(rule).is_some_and(Secret::is_mask).then_some(Mask::AccessKeySecret);
    let values = set_of(rule).iter().enumerate().filter(|(_, field)| &*field.value == SECRET_MASK);
    secret.into_iter().chain(values.map(|(at, _)| Mask::SetValue(at))).collect()
}

impl Mask {
    /// What is found at this place.
    fn get(self, rule: &RoutingRule) -> Option<&str> {
        match self {
            Self::AccessKeySecret => secret_of(rule).map(Secret::reveal),
            Self::SetValue(at) => set_of(rule).get(at).map(|field| &*field.value),
        }
    }

    fn set(self, rule: &mut RoutingRule, value: Box<str>) {
        let Some(redirect) = &mut rule.redirect else { return };
        match self {
            Self::AccessKeySecret => {
                redirect.mirror.auth.get_or_insert_default().access_key_secret = Some(Secret::new(value));
            }
            Self::SetValue(at) => {
                let fields = redirect.mirror.headers.as_mut().map(|headers| &mut headers.set);
                if let Some(field) = fields.and_then(|fields| fields.get_mut(at)) {
                    field.value = value;
                }
            }
        }
    }

    /// What an edited rule keeps.
    fn kept<'r>(self, rule: &RoutingRule, stored: &'r [RoutingRule]) -> Result<&'r str> {
        let there = stored.iter().filter(|known| stays(rule, known));
        let there = there.flat_map(|known| self.values(rule, known));
        let anywhere = stored.iter().filter(|_| self == Self::AccessKeySecret);
        let anywhere = anywhere.flat_map(|known| self.values(rule, known));
        let found = agreed(there).or_else(|| agreed(anywhere));
        found
            .ok_or_else(|| self.refused(rule, "nothing is stored that it could stand for"))?
            .map_err(|Disagreed| self.refused(rule, "it could stand for several that are stored"))
    }

    /// What a stored rule holds for the same access key id, or for a header of the same name.
    fn values<'r>(self, rule: &RoutingRule, known: &'r RoutingRule) -> Vec<&'r str> {
        match self {
            Self::AccessKeySecret => {
                let secret = secret_of(known).filter(|_| id_of(known) == id_of(rule));
                secret.map(Secret::reveal).into_iter().collect()
            }
            Self::SetValue(at) => {
                let Some(KeyValue { key: name, .. }) = set_of(rule).get(at) else { return Vec::new() };
                let named = set_of(known).iter().filter(|field| field.key.eq_ignore_ascii_case(name));
                named.map(|field| &*field.value).collect()
            }
        }
    }

    fn refused(self, rule: &RoutingRule, why: &str) -> Error {
        let number = rule.number;
        let (element, what) = match self {
            Self::AccessKeySecret => ("AccessKeySecret", "secret".to_owned()),
            Self::SetValue(at) => {
                let name = set_of(rule).get(at).map_or("", |field| &*field.key);
                ("Value", format!("value of {name}"))
            }
        };
        let message = format!("the {what} in rule {number} is masked, and {why}; give it again");
        Error::invalid_argument(element, SECRET_MASK, message)
    }
}

/// The stored rule that this one is but for its number and its masks; several that hold the same count as one.
fn sole_equal<'r>(rule: &RoutingRule, stored: &'r [RoutingRule]) -> Result<Option<&'r RoutingRule>> {
    let mut equal = stored.iter().filter(|known| is_same(rule, known));
    let Some(first) = equal.next() else { return Ok(None) };
    for other in equal {
        if let Some(mask) = masks(rule).into_iter().find(|mask| mask.get(first) != mask.get(other)) {
            return Err(mask.refused(rule, "rules are stored that differ in nothing else"));
        }
    }
    Ok(Some(first))
}

/// Whether a rule is the stored one, apart from the number and from what is masked.
fn is_same(rule: &RoutingRule, known: &RoutingRule) -> bool {
    let mut unmasked = RoutingRule { number: known.number, ..rule.clone() };
    for mask in masks(rule) {
        let Some(value) = mask.get(known) else { return false };
        mask.set(&mut unmasked, value.into());
    }
    unmasked == *known
}

/// Values differ that should be one.
struct Disagreed;

/// The value that all are; none if there is none.
fn agreed<'v>(mut values: impl Iterator<Item = &'v str>) -> Option<Result<&'v str, Disagreed>> {
    let first = values.next()?;
    Some(if values.all(|value| value == first) { Ok(first) } else { Err(Disagreed) })
}

fn id_of(rule: &RoutingRule) -> Option<&str> {
    rule.redirect.as_ref()?.mirror.auth.as_ref()?.access_key_id.as_deref()
}

/// Whether a rule asks no origin (scheme, host and port) that the stored one does not ask.
fn stays(rule: &RoutingRule, known: &RoutingRule) -> bool {
    let known: Vec<&str> = urls_of(known).collect();
    let asked = |url: &str| known.iter().any(|known| OriginId::parse(known).ok() == OriginId::parse(url).ok());
    urls_of(rule).all(asked)
}

fn urls_of(rule: &RoutingRule) -> impl Iterator<Item = &str> {
    let mirror = rule.redirect.as_ref().map(|redirect| &redirect.mirror);
    mirror.into_iter().flat_map(|mirror| {
        let further = mirror.multi_alternates.iter().flatten().map(|alternate| &alternate.url);
        mirror.url.iter().chain(&mirror.url_slave).chain(further).map(|url| &**url)
    })
}

fn secret_of(rule: &RoutingRule) -> Option<&Secret> {
    rule.redirect.as_ref()?.mirror.auth.as_ref()?.access_key_secret.as_ref()
}

fn set_of(rule: &RoutingRule) -> &[KeyValue] {
    let headers = rule.redirect.as_ref().and_then(|redirect| redirect.mirror.headers.as_ref());
    headers.map_or(&[], |headers| &headers.set)
}
