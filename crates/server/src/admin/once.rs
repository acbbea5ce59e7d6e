//! Signed changes count once: a request that somebody recorded on its way cannot be sent again.
//!
//! Guarantees: of two requests with the same signature, one is taken; a signature is remembered for longer than it is
//! valid. How: the signatures themselves, in order of arrival; those of reads are not kept.
//!
//! Deliberately not here: signatures used before the process began, and those that [`MAX_SIGNATURES`] later ones drove
//! out.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use headwater_model::limits::MAX_CLOCK_SKEW;

/// A signature may be used this long: from as far before its time as clocks may differ, to as far behind it. And a
/// second, as times are signed in whole ones.
const VALID: Duration = Duration::from_secs(2 * MAX_CLOCK_SKEW.as_secs() + 1);
/// Most signatures remembered, some 6 MiB. Only who has the key can drive one out, and the key's owner, who lifts very
/// many tombstones perhaps, is not to be stopped.
const MAX_SIGNATURES: usize = 1 << 16;

/// The bytes of a signature.
pub(super) type Signature = [u8; 32];

/// The signatures that were used.
#[derive(Default)]
pub(super) struct UsedSignatures {
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    known: HashSet<Signature>,
    /// When each came, by the clock that never goes back.
    order: VecDeque<(Duration, Signature)>,
}

impl UsedSignatures {
    /// Uses a signature; `false` if it was used before.
    pub(super) fn take(&self, signature: Signature, now: Duration) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let Used { known, order } = &mut *used;
        let out = |(came, _): &(Duration, Signature)| now.saturating_sub(*came) > VALID;
        while order.front().is_some_and(out) || order.len() >= MAX_SIGNATURES {
            let Some((_, oldest)) = order.pop_front() else { break };
            known.remove(&oldest);
        }
        if !known.insert(signature) {
            return false;
        }
        order.push_back((now, signature));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(number: usize) -> Signature {
        let mut signature = [0; 32];
        signature[..8].copy_from_slice(&number.to_be_bytes());
        signature
    }

    #[test]
    fn a_signature_counts_once_as_long_as_it_is_valid() {
        let used = UsedSignatures::default();
        assert!(used.take(signature(1), Duration::ZERO) && used.take(signature(2), VALID));
        assert!(!used.take(signature(1), VALID) && !used.take(signature(2), VALID));
        assert!(used.take(signature(1), VALID + Duration::from_millis(1)), "nobody would accept it any more");
    }

    #[test]
    fn as_many_are_remembered_as_may_be() {
        let used = UsedSignatures::default();
        for number in 0..=MAX_SIGNATURES {
            assert!(used.take(signature(number), Duration::ZERO));
        }
        assert!(!used.take(signature(MAX_SIGNATURES), Duration::ZERO), "the latest is known");
        assert!(used.take(signature(0), Duration::ZERO), "the first was driven out");
        assert_eq!(used.used.lock().unwrap().known.len(), MAX_SIGNATURES);
    }
}
