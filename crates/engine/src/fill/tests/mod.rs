//! The fill against a store in memory and an origin that the test holds by the hand.

mod absences;
mod coalescing;
mod encryption;
mod endings;
mod failover;
mod faulty_store;
mod head_requests;
mod heads_stored;
mod kept_answers;
mod local_origin;
mod origin;
mod races;
mod ranges;
mod rescue;
mod schedules;
mod settings;
mod store_failures;
mod tags;
pub(crate) mod world;
