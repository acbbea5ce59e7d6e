//! Bodies between HTTP and the engine.

mod incoming;
mod outgoing;
mod paced;
mod payload;

pub(crate) use incoming::{Received, collect, stream};
pub(crate) use outgoing::{OnEnd, ResponseBody};
pub(crate) use paced::paced;
pub(crate) use payload::verified;
