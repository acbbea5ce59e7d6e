//! An explanation in words: what a request would meet, step by step.
//!
//! Guarantees: the command line and the console say the same of the same explanation, and all of it.
//!
//! How: it is read as the document that the admin API answers, because a command meets servers of other releases.

use std::fmt::Write as _;

use headwater_engine::Explanation;
use serde_json::Value;

use crate::words::{leaves, plain, printable};

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about, in a word.
    pub name: String,
    /// What is said of it: one line, or more.
    pub words: Vec<String>,
}

impl Step {
    /// The steps of an explanation of this server.
    pub fn all_of(explanation: &Explanation) -> Vec<Self> {
        // A document of names and values can always be made of it.
        steps(&serde_json::to_value(explanation).unwrap_or_default())
    }
}

/// The steps in words. What this program does not know yet is shown as names and values, so that an older program tells
/// all that a newer server says. Control characters are escaped.
pub fn steps(answer: &Value) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut say = |name: &str, words: &str| match steps.last_mut() {
        Some(step) if name.is_empty() => step.words.push(words.to_owned()),
        _ => steps.push(Step { name: name.to_owned(), words: vec![words.to_owned()] }),
    };
    let method = answer["method"].as_str().unwrap_or("get").to_uppercase();
    say("request", &format!("{method} {}/{}", plain(&answer["bucket"]), plain(&answer["key"])));
    if let Some(reason) = answer["denied"].as_str() {
        say("refused", &format!("403 ({}): none of the following happens", printable(reason)));
    }
    match &answer["stored"] {
        Value::Null => say("object", "not here"),
        stored => say("object", &format!("here, {} bytes: no rule is asked", plain(&stored["size_bytes"]))),
    }
    if let Some(since) = answer["tombstone_since_ms"].as_i64() {
        say(
            "tombstone",
            &format!("deleted on purpose, {since} ms since 1970: no rule is asked (headwater object lift)"),
        );
    }
    if let Some(version) = answer["delete_marker"]["version"].as_str() {
        let since = plain(&answer["delete_marker"]["since_ms"]);
        let version = printable(version);
        say(
            "deleted",
            &format!("delete marker {version}, {since} ms since 1970: no rule is asked until it is deleted"),
        );
    }
    let rules = answer["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rules.is_empty() {
        say("rules", "none: a missing key is 404");
    }
    for rule in rules {
        let verdict = match (rule["verdict"].as_str(), rule["failed"].as_str()) {
            (Some("applies"), _) => "applies".to_owned(),
            (Some("not_reached"), _) => "not tried: an earlier rule decided".to_owned(),
            (_, Some(failed)) => format!("does not apply: {}", printable(failed)),
            _ => "does not apply".to_owned(),
        };
        let (number, kind) = (plain(&rule["number"]), plain(&rule["kind"]));
        say(&format!("rule {number}"), &format!("{kind}, {verdict}"));
    }
    match &answer["matched"] {
        Value::Null if !rules.is_empty() => say("result", "no rule applies: 404, or the bucket's error page"),
        matched => matched_story(matched, &mut say),
    }
    rest(answer, &mut say);
    steps
}

fn matched_story(matched: &Value, say: &mut impl FnMut(&str, &str)) {
    if let Some(location) = matched["location"].as_str() {
        say("redirect", &printable(location));
    }
    if let Some(key) = matched["internal_key"].as_str() {
        say("serves", &format!("the key {}", printable(key)));
    }
    if let Some(reason) = matched["unmappable"].as_str() {
        say("origin", &format!("not asked: {}", printable(reason)));
    }
    for origin in matched["origins"].as_array().into_iter().flatten() {
        say("origin", &plain(&origin["url"]));
        let place = match (origin["local_bucket"].as_str().map(printable), origin["refused"].as_str()) {
            (None, _) => health(&origin["status"]),
            (Some(bucket), None) => format!("local bucket {bucket}, read from the store"),
            (Some(bucket), Some(reason)) => format!("local bucket {bucket}, not read: {}", printable(reason)),
        };
        say("", &place);
    }
    for field in matched["headers"].as_array().into_iter().flatten() {
        say("sends", &format!("{}: {}", plain(&field[0]), plain(&field[1])));
    }
    prospect(&matched["prospect"], say);
    for tried in matched["tried"].as_array().into_iter().flatten() {
        attempt(tried, say);
    }
}

/// What the request would meet among the fills.
fn prospect(prospect: &Value, say: &mut impl FnMut(&str, &str)) {
    if let Some(reason) = prospect["refused"].as_str() {
        say("refused", &format!("{}: no origin is asked", printable(reason)));
    }
    if prospect["head_waits"] == true {
        say("head", "answered once the object has been fetched and stored, as a GET would do");
    }
    let fill = &prospect["running_fill"];
    if fill.is_object() {
        let length = fill["length_bytes"].as_u64().map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
        let joins = if fill["would_join"] == true {
            "this request joins it"
        } else {
            "this request gets one of its own, unstored"
        };
        let (phase, readable) = (plain(&fill["phase"]), plain(&fill["readable_bytes"]));
        let followers = plain(&fill["followers"]);
        say("fill", &format!("{phase}, {readable} of {length} bytes, {followers} following; {joins}"));
    }
    let absence = &prospect["absence"];
    if absence.is_object() {
        let (status, age) = (plain(&absence["origin_status"]), plain(&absence["age_ms"]));
        let left = plain(&absence["left_ms"]);
        say("absence", &format!("the origin said {status} {age} ms ago; believed, and not asked, for {left} ms more"));
    }
}

/// One request that was made to try.
fn attempt(tried: &Value, say: &mut impl FnMut(&str, &str)) {
    say("tried", &plain(&tried["url"]));
    if !tried["final_url"].is_null() && tried["final_url"] != tried["url"] {
        say("", &format!("redirected to {}", plain(&tried["final_url"])));
    }
    let status = if tried["status"].is_null() { "no answer".to_owned() } else { plain(&tried["status"]) };
    let length = tried["length_bytes"].as_u64().map(|length| format!(", {length} bytes")).unwrap_or_default();
    let outcome = match (tried["outcome"].as_str().unwrap_or_default(), tried["reason"].as_str()) {
        ("object", None) => "the object, which a GET would store".to_owned(),
        ("object", Some(reason)) => format!("the object, not to be stored: {}", printable(reason)),
        ("not_found", _) => "no such object".to_owned(),
        ("relayed", _) => "passed on to the client as it is".to_owned(),
        (outcome, reason) => format!("{}: {}", printable(outcome), printable(reason.unwrap_or("-"))),
    };
    say("", &format!("{status}{length}: {outcome}"));
    for field in tried["headers"].as_array().into_iter().flatten() {
        say("", &format!("{}: {}", plain(&field[0]), plain(&field[1])));
    }
}

fn health(status: &Value) -> String {
    let mut words = format!(
        "breaker {}, {} under way, {} waiting",
        plain(&status["breaker"]),
        plain(&status["in_flight"]),
        plain(&status["waiting"])
    );
    if let Some(paused) = status["paused_for_ms"].as_u64().filter(|paused| *paused > 0) {
        let _ = write!(words, ", left alone for {paused} ms more");
    }
    match &status["last_answer"] {
        Value::Null => words.push_str(", never asked since the start"),
        last => {
            let said = if last["error"].is_null() { &last["status"] } else { &last["error"] };
            let age = plain(&last["age_ms"]);
            let _ = write!(words, ", last answer {} {age} ms ago", plain(said));
        }
    }
    words
}

fn rest(answer: &Value, say: &mut impl FnMut(&str, &str)) {
    const TOLD: [&str; 9] =
        ["bucket", "key", "method", "denied", "stored", "tombstone_since_ms", "delete_marker", "rules", "matched"];
    let fields = answer.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, value)| !TOLD.contains(&name.as_str()) && !value.is_null()) {
        if value.is_object() {
            say(name, "");
            for (name, value) in leaves(value) {
                say("", &format!("{name}  {value}"));
            }
        } else {
            say(name, &plain(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_told_with_all_of_its_lines_and_what_is_new_too() {
        let answer = json!({
            "bucket": "b", "key": "k\u{1b}", "method": "head", "denied": "no right", "stored": {"size_bytes": 3},
            "rules": [], "matched": null, "new_field": {"a": {"b": 1}, "c": "x"},
        });
        let told: Vec<_> = steps(&answer).into_iter().map(|step| (step.name, step.words)).collect();
        let step =
            |name: &str, words: &[&str]| (name.to_owned(), words.iter().map(|line| (*line).to_owned()).collect());
        let expected = [
            step("request", &["HEAD b/k\\u{1b}"]),
            step("refused", &["403 (no right): none of the following happens"]),
            step("object", &["here, 3 bytes: no rule is asked"]),
            step("rules", &["none: a missing key is 404"]),
            step("new_field", &["", "a.b  1", "c  x"]),
        ];
        assert_eq!(told, expected);
    }
}
