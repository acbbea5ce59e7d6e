//! Which origin is asked next, and how often.
//!
//! ```text
//! first pass   primary ─► secondary ─► alternates …        each once, while failures say «elsewhere»
//! second pass  the one that failed last, once more          if its failure says «again», within the retry budget
//! ```
//! Guarantees: an answer that counts ends the search, among them a 404 (oss-mirroring 8: authoritative); no origin gets
//! more than two requests for one miss before a byte of the object has come; time limits are never waited for twice at
//! the same origin, because a client has waited long enough by then.
//!
//! Not here: the rest of a body that broke (`rescue`), and the health that decides which origin is first (`probe`).

use headwater_model::origin::RequestCause;

/// What may help after a failure of which no client knows yet (chaos matrix, column «Retry»).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing.
    Never,
    /// Another origin.
    Elsewhere,
    /// The same origin.
    Here,
    /// Another origin; if there is none, the same.
    Anywhere,
}

/// The way through the candidates of one miss.
#[derive(Debug)]
pub(super) struct Attempts {
    /// Positions in the plan's candidates.
    order: Vec<usize>,
    at: usize,
    second_pass: bool,
}

impl Attempts {
    /// Over `order`, which is not empty.
    pub(super) fn new(order: Vec<usize>) -> Self {
        debug_assert!(!order.is_empty(), "a rule has a primary origin");
        Self { order, at: 0, second_pass: false }
    }

    /// Which candidate is to be asked now, and as what.
    pub(super) fn current(&self) -> (usize, RequestCause) {
        let cause = if self.second_pass { RequestCause::Retry } else { RequestCause::Miss };
        (self.order[self.at], cause)
    }

    /// Goes on after a failure; `false` if the failure stands.
    pub(super) fn go_on(&mut self, again: Again) -> bool {
        if self.second_pass || again == Again::Never {
            return false;
        }
        let elsewhere = matches!(again, Again::Elsewhere | Again::Anywhere);
        if elsewhere && self.at + 1 < self.order.len() {
            self.at += 1;
            return true;
        }
        self.second_pass = again != Again::Elsewhere;
        self.second_pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The candidates asked if every attempt fails so.
    fn walk(order: &[usize], failures: &[Again]) -> Vec<(usize, RequestCause)> {
        let mut attempts = Attempts::new(order.to_vec());
        let mut asked = vec![attempts.current()];
        for again in failures {
            if !attempts.go_on(*again) {
                break;
            }
            asked.push(attempts.current());
        }
        asked
    }

    #[test]
    fn one_origin_is_asked_again_once_where_that_may_help() {
        use Again::{Anywhere, Elsewhere, Here, Never};
        use RequestCause::{Miss, Retry};
        assert_eq!(walk(&[0], &[Never]), [(0, Miss)]);
        assert_eq!(walk(&[0], &[Elsewhere]), [(0, Miss)]);
        assert_eq!(walk(&[0], &[Here, Here]), [(0, Miss), (0, Retry)]);
        assert_eq!(walk(&[0], &[Anywhere, Anywhere]), [(0, Miss), (0, Retry)]);
    }

    #[test]
    fn further_origins_come_before_a_second_try() {
        use Again::{Anywhere, Elsewhere, Here, Never};
        use RequestCause::{Miss, Retry};
        assert_eq!(walk(&[0, 1], &[Anywhere, Anywhere, Anywhere]), [(0, Miss), (1, Miss), (1, Retry)]);
        assert_eq!(walk(&[1, 0], &[Elsewhere, Elsewhere]), [(1, Miss), (0, Miss)]);
        assert_eq!(walk(&[0, 1], &[Here, Elsewhere]), [(0, Miss), (0, Retry)]);
        assert_eq!(walk(&[0, 1], &[Never]), [(0, Miss)]);
    }
}
