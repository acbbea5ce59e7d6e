//! Origins that do what a test says (the simulator's), and a name service to find them by.

mod names;

pub use headwater_simulator::{
    Connections, Cut, Gate, RecordedRequest, Reply, ScriptedOrigin, ServerIdentity, Step, TestAuthority, Validity,
    pattern,
};
pub use names::{FakeNames, NameFault};
