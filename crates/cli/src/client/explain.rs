//! `headwater explain`: why a key did or did not come.

use std::fmt::Write as _;

use anyhow::ensure;
use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::connection::encoded;
use super::{Connection, ServerArgs, output, split_place};

/// A request to be explained.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// BUCKET/KEY
    place: String,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// How the key is asked for.
#[derive(Args, Debug)]
pub(crate) struct RequestArgs {
    /// A header field of the request (repeatable)
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Ask with HEAD
    #[arg(long)]
    head: bool,
    /// The raw query of the request
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    /// As a client that does not sign
    #[arg(long)]
    anonymous: bool,
    /// Ask the origin, without storing what it answers
    #[arg(long = "try")]
    try_it: bool,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("give 'NAME: VALUE'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl RequestArgs {
    pub(super) fn body(&self, key: &str) -> anyhow::Result<Value> {
        ensure!(!key.is_empty(), "the key is empty; give BUCKET/KEY");
        Ok(json!({
            "key": key,
            "method": if self.head { "head" } else { "get" },
            "headers": self.headers,
            "query": self.query,
            "anonymous": self.anonymous,
            "try": self.try_it,
        }))
    }
}

impl ExplainArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (bucket, key) = split_place(&self.place);
        let body = self.request.body(key.unwrap_or_default())?;
        let path = format!("/api/v1/buckets/{}/explain", encoded(bucket));
        let answer = Connection::new(&self.server)?.send(Method::POST, &path, Some(&body)).await?;
        if self.server.json {
            output::json(&answer);
        } else {
            output::print(&story(&answer));
        }
        Ok(())
    }
}

/// The steps in words. What this program does not know yet is shown as names and values, so that an older program tells
/// all that a newer server says.
pub(super) fn story(answer: &Value) -> String {
    let mut text = String::new();
    let mut say = |name: &str, words: &str| {
        let _ = writeln!(text, "{name:<12}{words}");
    };
    let method = answer["method"].as_str().unwrap_or("get").to_uppercase();
    say("request", &format!("{method} {}/{}", output::plain(&answer["bucket"]), output::plain(&answer["key"])));
    match &answer["stored"] {
        Value::Null => say("object", "not here"),
        stored => say("object", &format!("here, {} bytes: no rule is asked", output::plain(&stored["size_bytes"]))),
    }
    if let Some(since) = answer["tombstone_since_ms"].as_i64() {
        say(
            "tombstone",
            &format!("deleted on purpose, {since} ms since 1970: no rule is asked (headwater object lift)"),
        );
    }
    if let Some(version) = answer["delete_marker"]["version"].as_str() {
        let since = output::plain(&answer["delete_marker"]["since_ms"]);
        let version = output::printable(version);
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
            (_, Some(failed)) => format!("does not apply: {}", output::printable(failed)),
            _ => "does not apply".to_owned(),
        };
        let (number, kind) = (output::plain(&rule["number"]), output::plain(&rule["kind"]));
        say(&format!("rule {number}"), &format!("{kind}, {verdict}"));
    }
    match &answer["matched"] {
        Value::Null if !rules.is_empty() => say("result", "no rule applies: 404, or the bucket's error page"),
        matched => matched_story(matched, &mut say),
    }
    rest(answer, &mut say);
    text
}

fn matched_story(matched: &Value, say: &mut impl FnMut(&str, &str)) {
    if let Some(location) = matched["location"].as_str() {
        say("redirect", &output::printable(location));
    }
    if let Some(key) = matched["internal_key"].as_str() {
        say("serves", &format!("the key {}", output::printable(key)));
    }
    if let Some(reason) = matched["unmappable"].as_str() {
        say("origin", &format!("not asked: {}", output::printable(reason)));
    }
    for origin in matched["origins"].as_array().into_iter().flatten() {
        say("origin", &output::plain(&origin["url"]));
        let place = match (origin["local_bucket"].as_str().map(output::printable), origin["refused"].as_str()) {
            (None, _) => health(&origin["status"]),
            (Some(bucket), None) => format!("local bucket {bucket}, read from the store"),
            (Some(bucket), Some(reason)) => format!("local bucket {bucket}, not read: {}", output::printable(reason)),
        };
        say("", &place);
    }
    for field in matched["headers"].as_array().into_iter().flatten() {
        say("sends", &format!("{}: {}", output::plain(&field[0]), output::plain(&field[1])));
    }
    prospect(&matched["prospect"], say);
    for tried in matched["tried"].as_array().into_iter().flatten() {
        attempt(tried, say);
    }
}

/// What the request would meet among the fills.
fn prospect(prospect: &Value, say: &mut impl FnMut(&str, &str)) {
    if let Some(reason) = prospect["refused"].as_str() {
        say("refused", &format!("{}: no origin is asked", output::printable(reason)));
    }
    let fill = &prospect["running_fill"];
    if fill.is_object() {
        let length = fill["length_bytes"].as_u64().map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
        let joins = if fill["would_join"] == true {
            "this request joins it"
        } else {
            "this request gets one of its own, unstored"
        };
        let (phase, readable) = (output::plain(&fill["phase"]), output::plain(&fill["readable_bytes"]));
        let followers = output::plain(&fill["followers"]);
        say("fill", &format!("{phase}, {readable} of {length} bytes, {followers} following; {joins}"));
    }
    let absence = &prospect["absence"];
    if absence.is_object() {
        let (status, age) = (output::plain(&absence["origin_status"]), output::plain(&absence["age_ms"]));
        let left = output::plain(&absence["left_ms"]);
        say("absence", &format!("the origin said {status} {age} ms ago; believed, and not asked, for {left} ms more"));
    }
}

/// One request that was made to try.
fn attempt(tried: &Value, say: &mut impl FnMut(&str, &str)) {
    say("tried", &output::plain(&tried["url"]));
    if !tried["final_url"].is_null() && tried["final_url"] != tried["url"] {
        say("", &format!("redirected to {}", output::plain(&tried["final_url"])));
    }
    let status = if tried["status"].is_null() { "no answer".to_owned() } else { output::plain(&tried["status"]) };
    let length = tried["length_bytes"].as_u64().map(|length| format!(", {length} bytes")).unwrap_or_default();
    let outcome = match (tried["outcome"].as_str().unwrap_or_default(), tried["reason"].as_str()) {
        ("object", None) => "the object, which a GET would store".to_owned(),
        ("object", Some(reason)) => format!("the object, not to be stored: {}", output::printable(reason)),
        ("not_found", _) => "no such object".to_owned(),
        ("relayed", _) => "passed on to the client as it is".to_owned(),
        (outcome, reason) => format!("{}: {}", output::printable(outcome), output::printable(reason.unwrap_or("-"))),
    };
    say("", &format!("{status}{length}: {outcome}"));
    for field in tried["headers"].as_array().into_iter().flatten() {
        say("", &format!("{}: {}", output::plain(&field[0]), output::plain(&field[1])));
    }
}

fn health(status: &Value) -> String {
    let mut words = format!(
        "breaker {}, {} under way, {} waiting",
        output::plain(&status["breaker"]),
        output::plain(&status["in_flight"]),
        output::plain(&status["waiting"])
    );
    if let Some(paused) = status["paused_for_ms"].as_u64().filter(|paused| *paused > 0) {
        let _ = write!(words, ", left alone for {paused} ms more");
    }
    match &status["last_answer"] {
        Value::Null => words.push_str(", never asked since the start"),
        last => {
            let said = if last["error"].is_null() { &last["status"] } else { &last["error"] };
            let age = output::plain(&last["age_ms"]);
            let _ = write!(words, ", last answer {} {age} ms ago", output::plain(said));
        }
    }
    words
}

fn rest(answer: &Value, say: &mut impl FnMut(&str, &str)) {
    const TOLD: [&str; 8] =
        ["bucket", "key", "method", "stored", "tombstone_since_ms", "delete_marker", "rules", "matched"];
    let fields = answer.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, value)| !TOLD.contains(&name.as_str()) && !value.is_null()) {
        if value.is_object() {
            say(name, "");
            for line in output::fields(value).lines() {
                say("", line);
            }
        } else {
            say(name, &output::plain(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_tells_every_step() {
        let answer = json!({
            "bucket": "b", "key": "k\u{7}", "method": "get", "stored": null, "tombstone_since_ms": 5,
            "delete_marker": {"version": "v1", "since_ms": 6}, "running_fill": {"bytes": 7},
            "rules": [
                {"number": 1, "kind": "Mirror", "verdict": "fails", "failed": "KeyPrefixEquals \"x\" is not how the key begins"},
                {"number": 2, "kind": "Mirror", "verdict": "applies", "failed": null},
                {"number": 3, "kind": "Mirror", "verdict": "not_reached", "failed": null}],
            "matched": {"origins": [{"url": "http://o/k", "status": {"breaker": "open", "in_flight": 0, "waiting": 0,
                        "paused_for_ms": 0, "last_answer": {"status": 503, "error": null, "age_ms": 12}}},
                    {"url": "http://localhost:9000/src/k", "local_bucket": "src", "refused": null, "status": null},
                    {"url": "http://localhost:9000/no/k", "local_bucket": "no", "refused": "denied", "status": null}],
                        "headers": [["x-token", "******"]],
                        "prospect": {"refused": null, "absence": {"origin_status": 404, "age_ms": 7, "left_ms": 4993},
                            "running_fill": {"phase": "streaming", "would_join": true, "readable_bytes": 5,
                                "length_bytes": 9, "followers": 2}},
                        "tried": [
                            {"url": "http://o/k", "final_url": "http://p/k", "status": 200, "outcome": "object",
                             "reason": null, "length_bytes": 9, "headers": [["etag", "\"t\u{7}\""]]},
                            {"url": "http://q/k", "final_url": null, "status": null, "outcome": "failed",
                             "reason": "connect", "length_bytes": null, "headers": []}]},
        });
        let expected = "request     GET b/k\\u{7}\n\
                        object      not here\n\
                        tombstone   deleted on purpose, 5 ms since 1970: no rule is asked (headwater object lift)\n\
                        deleted     delete marker v1, 6 ms since 1970: no rule is asked until it is deleted\n\
                        rule 1      Mirror, does not apply: KeyPrefixEquals \"x\" is not how the key begins\n\
                        rule 2      Mirror, applies\n\
                        rule 3      Mirror, not tried: an earlier rule decided\n\
                        origin      http://o/k\n            \
                        breaker open, 0 under way, 0 waiting, last answer 503 12 ms ago\n\
                        origin      http://localhost:9000/src/k\n            \
                        local bucket src, read from the store\n\
                        origin      http://localhost:9000/no/k\n            \
                        local bucket no, not read: denied\n\
                        sends       x-token: ******\n\
                        fill        streaming, 5 of 9 bytes, 2 following; this request joins it\n\
                        absence     the origin said 404 7 ms ago; believed, and not asked, for 4993 ms more\n\
                        tried       http://o/k\n            \
                        redirected to http://p/k\n            \
                        200, 9 bytes: the object, which a GET would store\n            \
                        etag: \"t\\u{7}\"\n\
                        tried       http://q/k\n            \
                        no answer: failed: connect\n\
                        running_fill\n            bytes  7\n";
        assert_eq!(story(&answer), expected);
    }
}
