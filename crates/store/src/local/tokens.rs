//! Fill tokens: who may still commit a fill of which key.
//!
//! Part of the commit state: granted, judged and revoked under the commit lock, so a token that a judgement found good
//! cannot be revoked before that commit is in the log's order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;

use crate::FillToken;

/// Tokens above which abandoned ones are looked for; doubled from what is left after each search, so that a search
/// costs a constant share of a grant.
const FIRST_SEARCH: usize = 1024;

/// The granted tokens. As many as fills run, and at most twice as many.
#[derive(Debug)]
pub(super) struct FillTokens {
    granted: BTreeMap<(Generation, ObjectKey), FillToken>,
    search_above: usize,
}

impl FillTokens {
    /// None granted.
    pub(super) fn new() -> Self {
        Self { granted: BTreeMap::new(), search_above: FIRST_SEARCH }
    }

    /// Grants the right to fill a key and revokes an earlier grant.
    pub(super) fn grant(&mut self, generation: Generation, key: ObjectKey) -> FillToken {
        if self.granted.len() >= self.search_above {
            self.granted.retain(|_, token| !token.is_abandoned());
            self.search_above = FIRST_SEARCH.max(2 * self.granted.len());
        }
        let token = FillToken::new();
        if let Some(former) = self.granted.insert((generation, key), token.clone()) {
            former.revoke();
        }
        token
    }

    /// Whether `token` is the standing grant for the key.
    pub(super) fn holds(&self, generation: Generation, key: &ObjectKey, token: &FillToken) -> bool {
        !token.is_revoked() && self.granted.get(&(generation, key.clone())).is_some_and(|granted| granted.same(token))
    }

    /// Revokes the grant of a key, unless it is `own`, the token of the commit that asks. That one stays granted: while
    /// its fill still has followers, a later change of the key must reach it too. It cannot commit again, because the
    /// key is no longer absent, and whatever makes it absent revokes.
    pub(super) fn end(&mut self, generation: Generation, key: &ObjectKey, own: Option<&FillToken>) {
        if let Entry::Occupied(granted) = self.granted.entry((generation, key.clone()))
            && !own.is_some_and(|own| own.same(granted.get()))
        {
            granted.remove().revoke();
        }
    }

    /// Revokes every grant of a bucket's life.
    pub(super) fn end_all(&mut self, generation: Generation) {
        self.granted.retain(|(of, _), token| {
            if *of == generation {
                token.revoke();
            }
            *of != generation
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Generation = Generation(1);

    fn key(text: &str) -> ObjectKey {
        ObjectKey::parse(text).expect("valid key")
    }

    #[test]
    fn a_new_grant_revokes_the_former_one() {
        let mut tokens = FillTokens::new();
        let first = tokens.grant(LIFE, key("a"));
        let second = tokens.grant(LIFE, key("a"));
        assert!(first.is_revoked() && !tokens.holds(LIFE, &key("a"), &first));
        assert!(tokens.holds(LIFE, &key("a"), &second) && !tokens.holds(LIFE, &key("b"), &second));
    }

    #[test]
    fn a_commit_does_not_revoke_its_own_token() {
        let mut tokens = FillTokens::new();
        let own = tokens.grant(LIFE, key("a"));
        tokens.end(LIFE, &key("a"), Some(&own));
        assert!(!own.is_revoked());
        tokens.end(LIFE, &key("a"), None);
        assert!(own.is_revoked(), "a later change reaches the fill");
        let other = tokens.grant(LIFE, key("a"));
        tokens.end(LIFE, &key("a"), Some(&own));
        assert!(other.is_revoked());
    }

    #[test]
    fn the_end_of_a_life_revokes_all_of_it_and_nothing_else() {
        let mut tokens = FillTokens::new();
        let (inside, outside) = (tokens.grant(LIFE, key("a")), tokens.grant(Generation(2), key("a")));
        tokens.end_all(LIFE);
        assert!(inside.is_revoked() && !outside.is_revoked());
    }

    #[test]
    fn abandoned_tokens_are_forgotten() {
        let mut tokens = FillTokens::new();
        let kept = tokens.grant(LIFE, key("kept"));
        for n in 0..10 * FIRST_SEARCH {
            drop(tokens.grant(LIFE, key(&n.to_string())));
        }
        assert!(tokens.granted.len() <= FIRST_SEARCH);
        assert!(tokens.holds(LIFE, &key("kept"), &kept));
    }
}
