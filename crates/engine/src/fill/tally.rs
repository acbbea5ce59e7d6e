//! How often each rule was applied, and what came of it, since the server began.
//!
//! Guarantees: a rule keeps its counts when it is moved, and begins anew when anything else of it is changed; counting never
//! waits for more than a short lock. How: counts are found by the rule itself without its number; of a bucket's rules they
//! are looked up once for each version.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use headwater_model::bucket::{Bucket, Generation};
use headwater_model::rule::RoutingRule;

use super::observe::FillOutcome;
use crate::control::Snapshot;

/// What came of a rule since the server began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Misses that it was applied to.
    pub applied: u64,
    /// Objects stored.
    pub stored: u64,
    /// Misses whose object its origins do not have either.
    pub absent: u64,
    /// Fetches that failed.
    pub failed: u64,
}

/// The counters of one rule.
#[derive(Debug, Default)]
pub(super) struct Tally {
    applied: AtomicU64,
    stored: AtomicU64,
    absent: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    pub(super) fn apply(&self) {
        self.applied.fetch_add(1, Ordering::Relaxed);
    }

    /// An absence that was believed counts as one that was told.
    pub(super) fn count(&self, outcome: FillOutcome) {
        let counter = match outcome {
            FillOutcome::Committed => &self.stored,
            FillOutcome::NotFound => &self.absent,
            FillOutcome::Failed(_) => &self.failed,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self) -> RuleCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RuleCounts {
            applied: read(&self.applied),
            stored: read(&self.stored),
            absent: read(&self.absent),
            failed: read(&self.failed),
        }
    }
}

/// Those of one bucket, of the rules that it has in this version.
#[derive(Debug, Default)]
struct OfBucket {
    version: u64,
    /// Each with its rule, whose number is 0.
    rules: Vec<(RoutingRule, Arc<Tally>)>,
    by_number: HashMap<u32, Arc<Tally>>,
}

impl OfBucket {
    fn follow(&mut self, bucket: &Bucket) {
        let known = std::mem::take(&mut self.rules);
        self.by_number.clear();
        for rule in bucket.website.iter().flat_map(|website| &website.rules) {
            let same = RoutingRule { number: 0, ..rule.clone() };
            let taken = |tally: &Arc<Tally>| self.rules.iter().any(|(_, other)| Arc::ptr_eq(tally, other));
            let found = known.iter().find(|(rule, tally)| *rule == same && !taken(tally));
            let tally = found.map_or_else(Arc::default, |(_, tally)| tally.clone());
            self.by_number.insert(rule.number, tally.clone());
            self.rules.push((same, tally));
        }
        self.version = bucket.rule_version;
    }
}

/// Those of all buckets that had a miss.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    buckets: Mutex<HashMap<Generation, OfBucket>>,
}

impl Tallies {
    /// The counters of a rule of this bucket; of one of older rules, which have numbers of their own, counters that nobody
    /// reads.
    pub(super) fn of(&self, bucket: &Bucket, number: u32, living: &Snapshot) -> Arc<Tally> {
        let found = self.with(bucket, Some(living), |known| {
            known.by_number.get(&number).filter(|_| known.version == bucket.rule_version).cloned()
        });
        found.unwrap_or_default()
    }

    /// The counts of all rules of this bucket by their numbers, in their order.
    pub(super) fn counts(&self, bucket: &Bucket) -> Vec<(u32, RuleCounts)> {
        let rules = bucket.website.iter().flat_map(|website| &website.rules);
        self.with(bucket, None, |known| {
            let counts = |number| known.by_number.get(&number).map_or_else(RuleCounts::default, |tally| tally.counts());
            rules.map(|rule| (rule.number, counts(rule.number))).collect()
        })
    }

    fn with<T>(&self, bucket: &Bucket, living: Option<&Snapshot>, read: impl FnOnce(&OfBucket) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(living) = living
            && !buckets.contains_key(&bucket.generation)
        {
            buckets.retain(|generation, _| living.values().any(|known| known.bucket.generation == *generation));
        }
        let known = buckets.entry(bucket.generation).or_default();
        if known.version < bucket.rule_version || known.by_number.is_empty() {
            known.follow(bucket);
        }
        read(known)
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::website::Website;

    use super::*;
    use crate::fill::tests::world::bucket;

    fn rules(hosts: &[&str], version: u64) -> Bucket {
        let rule = |(number, host): (u32, &&str)| RoutingRule::mirror_all(number, &format!("https://{host}/"));
        let rules = (1..).zip(hosts).map(rule).collect();
        Bucket { rule_version: version, website: Some(Arc::new(Website { rules, ..Website::default() })), ..bucket() }
    }

    #[test]
    fn a_rule_keeps_its_counts_where_it_goes() {
        let (tallies, living) = (Tallies::default(), Snapshot::default());
        let before = rules(&["a", "b"], 1);
        let tally = tallies.of(&before, 2, &living);
        tally.apply();
        tally.count(FillOutcome::Committed);
        tally.count(FillOutcome::Failed("timeout"));
        let counted = RuleCounts { applied: 1, stored: 1, absent: 0, failed: 1 };
        let moved = rules(&["b", "a"], 2);
        assert_eq!(tallies.counts(&moved), [(1, counted), (2, RuleCounts::default())]);
        assert_eq!(Arc::strong_count(&tallies.of(&before, 2, &living)), 1, "numbers of older rules mean nothing");
        // A fill that began before the move counts still.
        tally.count(FillOutcome::NotFound);
        let counted = RuleCounts { absent: 1, ..counted };
        assert_eq!(tallies.counts(&moved)[0], (1, counted));
        let changed = rules(&["c", "a"], 3);
        assert_eq!(tallies.counts(&changed)[0], (1, RuleCounts::default()), "another rule");
    }

    #[test]
    fn twins_have_counts_of_their_own() {
        let (tallies, living) = (Tallies::default(), Snapshot::default());
        let twins = rules(&["a", "a"], 1);
        tallies.of(&twins, 1, &living).apply();
        let after = Bucket { rule_version: 2, ..twins };
        let applied: Vec<_> = tallies.counts(&after).iter().map(|(_, counts)| counts.applied).collect();
        assert_eq!(applied, [1, 0]);
    }
}
