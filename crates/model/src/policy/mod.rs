//! Policies: who may do what with which buckets and objects, under which conditions, in the language that S3 and RAM
//! share.
//!
//! Guarantees: a document that was read means the same however often it is asked; whatever it says that is not understood
//! was refused when it was put, with the element named; asking allocates only where a pattern holds a variable.
//!
//! How: one parsed form for both vendors. Actions become a set of ours when the document is read (`action`), resources
//! and texts become wildcard patterns (`pattern`), conditions become an operator with typed values (`condition`).
//! Evaluation is one pass over the statements: a Deny that applies ends it, an Allow that applies is remembered.
//!
//! ```text
//! Statement: Effect · Principal or NotPrincipal · Action or NotAction · Resource or NotResource · Condition
//!               └ applies if the caller is meant, the action is, the resource is, and every condition holds
//! ```
//!
//! Deliberately not here: what follows from the effects of several policies ([`crate::access`]); roles, groups, federated
//! and service principals, which do not exist here and match nobody.

mod action;
mod condition;
mod date;
mod json;
mod operator;
mod parse;
mod pattern;
mod principal;
mod public;
mod variable;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::access::Question;
use action::ActionSet;
use condition::Condition;
use pattern::Pattern;
use principal::Principals;

/// Longest policy of a bucket on the S3 face (S3: "Bucket policies are limited to 20 KB in size").
pub const MAX_S3_POLICY_BYTES: usize = 20 << 10;
/// Longest policy of a bucket on the OSS face, and of an access key (OSS: "the policy can be up to 16 KB in size").
pub const MAX_OSS_POLICY_BYTES: usize = 16 << 10;

/// A policy, read and ready to be asked. Stored and shown as the text that was put.
#[derive(Clone, PartialEq)]
pub struct Policy {
    text: Box<str>,
    statements: Vec<Statement>,
    asks_for_tags: bool,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.text).finish()
    }
}

/// What a policy is attached to: decides which elements it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached<'a> {
    /// To the bucket of this name: statements name principals, and resources of this bucket only.
    Bucket(&'a str),
    /// As [`Self::Bucket`], on the OSS face, which takes statements that name nobody: they are about everybody, and the
    /// bucket is public (so the vendor tells of it).
    OssBucket(&'a str),
    /// To an access key or to temporary credentials: statements name no principals.
    Key,
}

/// What a policy says to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A statement allows it, and none denies it.
    Allow,
    /// A statement denies it.
    Deny,
    /// No statement applies.
    Silent,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) allows: bool,
    /// `None`: whoever the policy is attached to.
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: ActionSet,
    pub(crate) resources: Vec<Pattern>,
    /// `NotResource`.
    pub(crate) all_but_resources: bool,
    pub(crate) conditions: Vec<Condition>,
}

impl Statement {
    fn applies(&self, question: &Question<'_>, resource: &Resource<'_>) -> bool {
        self.actions.contains(question.action)
            && self.principals.as_ref().is_none_or(|principals| principals.include(question.principal))
            && (self.resources.iter().any(|pattern| pattern.matches(resource.as_bytes(), question))
                != self.all_but_resources)
            && self.conditions.iter().all(|condition| condition.holds(question))
    }
}

impl Policy {
    /// Reads a document. Its size is the caller's to judge.
    ///
    /// # Errors
    /// [`crate::Error::MalformedPolicy`] naming the element.
    pub fn parse(text: &str, attached: Attached<'_>) -> crate::Result<Self> {
        let statements = parse::document(text, Some(attached))?;
        Ok(Self::of(text, statements))
    }

    fn of(text: &str, statements: Vec<Statement>) -> Self {
        let asks_for_tags =
            statements.iter().any(|statement| statement.conditions.iter().any(Condition::asks_for_tags));
        Self { text: text.into(), statements, asks_for_tags }
    }

    /// The document as it was put.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn evaluate(&self, question: &Question<'_>) -> Effect {
        let resource = Resource::of(question);
        let mut effect = Effect::Silent;
        for statement in &self.statements {
            if (effect == Effect::Silent || !statement.allows) && statement.applies(question, &resource) {
                if !statement.allows {
                    return Effect::Deny;
                }
                effect = Effect::Allow;
            }
        }
        effect
    }

    /// Whether an answer may depend on the tags of the object.
    pub fn asks_for_tags(&self) -> bool {
        self.asks_for_tags
    }

    /// Whether it allows anything to everybody (S3: "The meaning of public").
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(public::is_public)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Reads a stored document again: what an earlier release took is not judged by the rules of this one.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let statements = parse::document(&text, None).map_err(de::Error::custom)?;
        Ok(Self::of(&text, statements))
    }
}

/// Longest `BUCKET/KEY`: 63 bytes, a slash, and the longest key.
const MAX_RESOURCE_BYTES: usize = 64 + crate::limits::MAX_KEY_BYTES;

/// `BUCKET`, `BUCKET/KEY`, or nothing for the service, without allocation.
struct Resource<'q> {
    bucket: &'q [u8],
    joined: [u8; MAX_RESOURCE_BYTES],
    length: usize,
}

impl<'q> Resource<'q> {
    fn of(question: &Question<'q>) -> Self {
        let bucket = question.bucket.as_bytes();
        let mut resource = Self { bucket, joined: [0; MAX_RESOURCE_BYTES], length: 0 };
        let key = question.key.filter(|_| question.action.is_on_objects()).map(str::as_bytes);
        // Names and keys that were parsed fit.
        if let Some(key) = key.filter(|key| bucket.len() + 1 + key.len() <= MAX_RESOURCE_BYTES) {
            resource.joined[..bucket.len()].copy_from_slice(bucket);
            resource.joined[bucket.len()] = b'/';
            resource.length = bucket.len() + 1 + key.len();
            resource.joined[bucket.len() + 1..resource.length].copy_from_slice(key);
        }
        resource
    }

    fn as_bytes(&self) -> &[u8] {
        if self.length == 0 { self.bucket } else { &self.joined[..self.length] }
    }
}

#[cfg(test)]
mod tests;
