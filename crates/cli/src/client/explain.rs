//! `headwater explain`: why a key did or did not come.

use std::fmt::Write as _;

use anyhow::ensure;
use clap::Args;
use headwater_admin::{Step, steps};
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

/// The steps, each with its name in front.
pub(super) fn story(answer: &Value) -> String {
    let mut text = String::new();
    for Step { name, words } in steps(answer) {
        for (at, words) in words.iter().enumerate() {
            let name = if at == 0 { &*name } else { "" };
            let _ = writeln!(text, "{name:<12}{words}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_tells_every_step() {
        let answer = json!({
            "bucket": "b", "key": "k\u{7}", "method": "get", "denied": "no right", "stored": null, "tombstone_since_ms": 5,
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
                        refused     403 (no right): none of the following happens\n\
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
