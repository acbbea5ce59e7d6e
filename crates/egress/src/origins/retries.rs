//! The retry budget of an origin: retries are at most a tenth of first tries, whatever everybody wants.

/// Largest budget in tenths of a retry: a burst of ten retries after a quiet time.
const MAX_TENTHS: u32 = 100;
/// What one retry takes.
const RETRY_TENTHS: u32 = 10;

#[derive(Clone, Copy, Debug)]
pub(super) struct RetryBudget {
    tenths: u32,
}

impl RetryBudget {
    /// A full budget, so that the first failures after the start may be tried again.
    pub(super) fn new() -> Self {
        Self { tenths: MAX_TENTHS }
    }

    /// A first try earns a tenth of a retry.
    pub(super) fn earn(&mut self) {
        self.tenths = (self.tenths + 1).min(MAX_TENTHS);
    }

    pub(super) fn can_spend(self) -> bool {
        self.tenths >= RETRY_TENTHS
    }

    /// Takes one retry; `false` if there is none.
    pub(super) fn spend(&mut self) -> bool {
        let can = self.can_spend();
        if can {
            self.tenths -= RETRY_TENTHS;
        }
        can
    }

    /// Retries that are left, in tenths.
    pub(super) fn tenths(self) -> u32 {
        self.tenths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_at_once_and_then_a_tenth() {
        let mut budget = RetryBudget::new();
        budget.earn();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        let mut retries = 0;
        for _ in 0..1000 {
            budget.earn();
            retries += u32::from(budget.spend());
        }
        assert_eq!(retries, 100);
        (0..1000).for_each(|_| budget.earn());
        assert_eq!(budget.tenths(), 100);
    }
}
