//! Whether an answer is what the matrix says.

use headwater_model::bucket::Dialect;
use headwater_simulator::matrix::{Class, Expectation, Mode, OneOrMore};

use super::cell::Cell;
use crate::harness::Answer;

/// Where the reason of a failure is told to those who may know.
const REASON_HEADER: &str = "x-mirror-error";
/// Reasons that many requests at one time may meet besides their own: their origin has failed or refused too often.
const HERD_REASONS: [&str; 3] = ["breaker_open", "origin_paused", "retry_budget"];

/// Holds the answer of an owner to the expectation.
pub(crate) fn owner(cell: &Cell, answer: &Answer, expectation: &Expectation) -> Result<(), String> {
    let class = classify(cell, answer, expectation)?;
    let wanted = expectation.class.all();
    let fails = wanted.iter().any(|class| matches!(class, Class::Temp | Class::Perm | Class::Busy | Class::Cut));
    // Nothing can be cut that has not begun: whoever asks when the fetch has failed already is told so.
    let untold = matches!(class, Class::Temp | Class::Perm) && wanted.contains(&Class::Cut);
    let crowded = class == Class::Busy && cell.mode == Mode::Herd && fails;
    if !wanted.contains(&class) && !untold && !crowded {
        return Err(format!("{class:?} instead of {wanted:?}: {}", shown(answer)));
    }
    match answer.header(REASON_HEADER) {
        Some(reason) => is_expected(cell, reason, expectation)?,
        None if matches!(class, Class::Temp | Class::Perm | Class::Busy) => {
            return Err(format!("the owner is not told why: {}", shown(answer)));
        }
        None => {}
    }
    if matches!(class, Class::Ok | Class::Pass) { fields(cell, answer) } else { Ok(()) }
}

/// A connection that ended before the head could leave: nothing of the object, and no clean end.
pub(crate) fn unanswered(error: &str, expectation: &Expectation) -> Result<(), String> {
    let cut = expectation.class.all().contains(&Class::Cut) && error.contains("IncompleteMessage");
    if cut { Ok(()) } else { Err(error.to_owned()) }
}

/// The answer of somebody without a key tells no reasons.
pub(crate) fn stranger(answer: &Answer) -> Result<(), String> {
    match answer.header(REASON_HEADER) {
        Some(reason) => Err(format!("a stranger is told {reason}")),
        None => Ok(()),
    }
}

/// Holds a reason code to the expectation.
pub(crate) fn is_expected(cell: &Cell, reason: &str, expectation: &Expectation) -> Result<(), String> {
    let wanted = expectation.reason.as_ref().map(OneOrMore::all).unwrap_or_default();
    let crowded = cell.mode == Mode::Herd && HERD_REASONS.contains(&reason);
    if wanted.iter().any(|wanted| wanted == reason) || crowded {
        return Ok(());
    }
    Err(format!("reason {reason} instead of {wanted:?}"))
}

fn classify(cell: &Cell, answer: &Answer, expectation: &Expectation) -> Result<Class, String> {
    let retry = answer.header("retry-after").is_some();
    let oss = cell.dialect == Dialect::Oss;
    let status = answer.status.as_u16();
    let code = answer.element("Code");
    let says = |wanted: &str| cell.mode == Mode::Head || code.as_deref() == Some(wanted);
    match status {
        200 | 206 => body(cell, answer, expectation),
        300..400 => match answer.header("location") {
            Some("https://elsewhere.example/object") => Ok(Class::Redirect),
            other => Err(format!("{status} to {other:?}")),
        },
        416 if says("InvalidRange") && cell.body.is_empty() => Ok(Class::NoSuchRange),
        404 if says("NoSuchKey") => Ok(Class::NotFound),
        424 if says("MirrorFailed") && !retry => Ok(Class::Perm),
        424 if says("MirrorFailed") && oss => Ok(Class::Temp),
        // Without a body the two are told apart by nothing: a HEAD may be either.
        503 if cell.mode == Mode::Head && retry && !oss && expectation.class.all().contains(&Class::Temp) => {
            Ok(Class::Temp)
        }
        503 if says("SlowDown") && retry => Ok(Class::Busy),
        503 if says("ServiceUnavailable") && retry && !oss => Ok(Class::Temp),
        _ => Err(shown(answer)),
    }
}

/// Judges an answer that is the object: all of it, the range, or a beginning of either.
fn body(cell: &Cell, answer: &Answer, expectation: &Expectation) -> Result<Class, String> {
    let tail = cell.mode == Mode::Range && answer.status == 206;
    if cell.mode == Mode::Range && !tail && !expectation.loose_length {
        return Err("the whole instead of a range".to_owned());
    }
    if cell.mode == Mode::Head {
        let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
        return match length {
            Some(length) if length == cell.body.len() => Ok(Class::Ok),
            _ if expectation.loose_length => Ok(Class::Ok),
            other => Err(format!("a HEAD with length {other:?} instead of {}", cell.body.len())),
        };
    }
    let whole = if tail { cell.body.slice(cell.tail_from()..) } else { cell.body.clone() };
    if answer.complete && answer.body == whole {
        // What of it is stored is seen at the store.
        return Ok(if expectation.class.all().contains(&Class::Pass) { Class::Pass } else { Class::Ok });
    }
    if !answer.complete && whole.starts_with(&answer.body) {
        return Ok(Class::Cut);
    }
    let end = if answer.complete { "a clean end" } else { "a cut" };
    Err(format!("wrong bytes: {} of {}, {end}", answer.body.len(), whole.len()))
}

fn fields(cell: &Cell, answer: &Answer) -> Result<(), String> {
    for (name, value) in &cell.case.keeps {
        if answer.header(name) != Some(value) {
            return Err(format!("{name} is {:?} instead of {value:?}", answer.header(name)));
        }
    }
    match cell.case.drops.iter().find(|name| answer.headers.contains_key(name.as_str())) {
        Some(name) => Err(format!("{name} reached the client")),
        None => Ok(()),
    }
}

fn shown(answer: &Answer) -> String {
    let (code, message) = (answer.element("Code"), answer.element("Message"));
    format!("{} complete={} {} bytes {code:?} {message:?}", answer.status, answer.complete, answer.body.len())
}
