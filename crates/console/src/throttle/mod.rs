//! Slows down who guesses secrets.
//!
//! Guarantees: from an address of which [`FREE`] log-ons failed, the next is looked at only after a wait, which doubles with
//! every further failure up to [`MAX_WAIT`]. What comes earlier is refused at once, unlooked at, and makes the wait no longer.
//! Log-ons are looked at one by one, so that many at a time are no way round. An address that has not failed never waits,
//! whatever others do: nobody locks another out. Memory is bounded.
//!
//! How: failures are counted for each address (of IPv6 for each network of 64 bits, which one host may have whole) and for
//! each access key ID. A key at which other addresses failed [`FREE`] times is under attack, and leaves each address one
//! failure before it waits. A log-on that succeeds forgets the failures of its address; time forgets all.
//!
//! Deliberately not here: people behind one address are told apart from each other no better than by it.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_model::clock::Clock;
use sha2::{Digest as _, Sha256};

/// Failures before an address waits: people mistype, and paste the wrong line.
const FREE: u32 = 5;
/// The same for a key under attack.
const FREE_UNDER_ATTACK: u32 = 1;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait: some 300 guesses a day, and a colleague behind the same address is not kept out for long.
const MAX_WAIT: Duration = Duration::from_mins(5);
/// Failures are forgotten after so long without another.
const MEMORY: Duration = Duration::from_mins(30);
/// Most addresses, and most keys, whose failures are remembered; the one that has been quiet for longest goes.
const MAX_REMEMBERED: usize = 4096;

/// What became of a log-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The pair is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It was not looked at: the next that is may come in so long.
    TooSoon(Duration),
}

/// The failures of late.
pub(crate) struct Throttle {
    clock: Arc<dyn Clock>,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    addresses: Counts<IpAddr>,
    /// By the hash of what was typed, which may be long.
    keys: Counts<[u8; 32]>,
}

impl Throttle {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, failures: Mutex::default() }
    }

    /// Lets `is_right` look at a log-on with this key, if it is time.
    pub(crate) fn attempt(&self, from: IpAddr, id: &str, is_right: impl FnOnce() -> bool) -> Attempt {
        let (address, key, now) = (network(from), Sha256::digest(id).into(), self.clock.elapsed());
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Failures { addresses, keys } = &mut *failures;
        let (own, last) = addresses.of(&address, now);
        let others = keys.of(&key, now).0.saturating_sub(own);
        let free = if others >= FREE { FREE_UNDER_ATTACK } else { FREE };
        let left = (last + wait(own, free)).saturating_sub(now);
        if left > Duration::ZERO {
            return Attempt::TooSoon(left);
        }
        if is_right() {
            addresses.0.remove(&address);
            return Attempt::Right;
        }
        addresses.add(address, now);
        keys.add(key, now);
        Attempt::Wrong
    }
}

/// How long an address waits after so many failures, of which so many are free.
fn wait(failures: u32, free: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(free) else { return Duration::ZERO };
    FIRST_WAIT.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(MAX_WAIT)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// How many failures each had, and when the last was.
struct Counts<K>(HashMap<K, (u32, Duration)>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Counts<K> {
    fn of(&self, key: &K, now: Duration) -> (u32, Duration) {
        self.0.get(key).copied().filter(|(_, last)| now.saturating_sub(*last) < MEMORY).unwrap_or_default()
    }

    fn add(&mut self, key: K, now: Duration) {
        let (count, _) = self.of(&key, now);
        if !self.0.contains_key(&key) && self.0.len() >= MAX_REMEMBERED {
            let oldest = self.0.iter().min_by_key(|(_, (_, last))| *last).map(|(key, _)| *key);
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        self.0.insert(key, (count.saturating_add(1), now));
    }
}

#[cfg(test)]
mod tests;
