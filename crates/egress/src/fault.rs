//! hyper's errors in the words of [`OriginError`].

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;

use headwater_model::origin::OriginError;

/// A connection that failed before it gave a response head.
pub(crate) fn before_head(error: &hyper::Error) -> OriginError {
    let lost = error.is_incomplete_message()
        || error.is_closed()
        || error.is_canceled()
        || error.source().is_some_and(<dyn StdError>::is::<io::Error>);
    // What is neither a lost connection nor a named fault is bytes that came where no response was due.
    let unparsable = error.is_parse() || !(lost || error.is_user() || is_h2(error));
    let text = chain(error).into();
    if unparsable { OriginError::BadResponse(text) } else { OriginError::Connect(text) }
}

/// A connection that failed within a response body.
pub(crate) fn within_body(error: &hyper::Error) -> OriginError {
    OriginError::BodyBroken(chain(error).into())
}

/// hyper keeps HTTP/2 failures (reset, GOAWAY, protocol faults) as a foreign source.
fn is_h2(error: &hyper::Error) -> bool {
    error.source().is_some_and(|cause| !cause.is::<io::Error>())
}

/// The error with its causes, the last of which names the fault.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
