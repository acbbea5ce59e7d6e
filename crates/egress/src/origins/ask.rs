//! What a request is to its origin: how urgent, and first try or retry.

use headwater_model::origin::RequestCause;

use super::permits::Rank;

/// What a request is to its origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(super) rank: Rank,
    pub(super) tally: Tally,
}

/// What a request does to the retry budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tally {
    /// It is a first try.
    Earns,
    /// It is a retry.
    Spends,
    /// It is a part of either.
    Neither,
}

impl Ask {
    pub(crate) fn new(cause: RequestCause) -> Self {
        let (rank, tally) = match cause {
            RequestCause::Miss | RequestCause::Resume => (Rank::Client, Tally::Earns),
            RequestCause::Retry => (Rank::Client, Tally::Spends),
            RequestCause::Job => (Rank::Job, Tally::Earns),
        };
        Self { rank, tally }
    }

    /// The same request, redirected: one attempt, however many hops it has.
    pub(crate) fn hop(self) -> Self {
        Self { tally: Tally::Neither, ..self }
    }
}
