//! What of the network an origin may never be, seen from the network: every address there is answers in these tests, so
//! that a hole in the guard is a connection that was counted and not an error that looks like a refusal.

mod corpus;
mod forbidden;
mod legitimate;
mod names;
mod network;
mod oracle;
mod own;
mod rebinding;
mod secrets;
mod texts;
mod world;
