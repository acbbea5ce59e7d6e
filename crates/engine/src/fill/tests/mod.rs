//! The fill against a store in memory and an origin that the test holds by the hand.

mod coalescing;
mod endings;
mod faulty_store;
mod head_requests;
mod kept_answers;
mod origin;
mod races;
mod ranges;
mod schedules;
mod store_failures;
mod world;
