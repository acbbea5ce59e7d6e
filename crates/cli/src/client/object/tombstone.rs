//! `headwater object tombstones` and `lift`: keys that stay deleted.

use http::Method;
use serde_json::Value;

use crate::client::connection::encoded;
use crate::client::data::Place;
use crate::client::{Connection, ServerArgs, output, split_place};

/// Lifts the tombstone of a key.
pub(super) async fn lift(place: Place<'_>, server: &ServerArgs) -> anyhow::Result<()> {
    let key = place.key.unwrap_or_default();
    let path = format!("/api/v1/buckets/{}/tombstones/{}", encoded(place.bucket), encoded(key));
    let answer = Connection::new(server)?.send(Method::DELETE, &path, None).await?;
    if server.json {
        output::json(&answer);
    } else {
        output::print(&format!("lifted: {}\n", output::printable(key)));
    }
    Ok(())
}

/// Shows the keys of a bucket that stay deleted.
pub(super) async fn list(place: &str, limit: Option<usize>, server: &ServerArgs) -> anyhow::Result<()> {
    let (bucket, prefix) = split_place(place);
    let connection = Connection::new(server)?;
    let mut shown: Vec<Value> = Vec::new();
    let mut after = String::new();
    let place =
        format!("/api/v1/buckets/{}/tombstones?prefix={}", encoded(bucket), encoded(prefix.unwrap_or_default()));
    while limit.is_none_or(|limit| shown.len() < limit) {
        // The server has a limit of its own for a page.
        let page = limit.map(|limit| format!("&limit={}", limit - shown.len())).unwrap_or_default();
        let path = format!("{place}&after={}{page}", encoded(&after));
        let answer = connection.get(&path).await?;
        shown.extend(answer["tombstones"].as_array().into_iter().flatten().cloned());
        match answer["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    if server.json {
        output::json(&Value::Array(shown));
        return Ok(());
    }
    let rows = shown.iter().map(|row| vec![output::plain(&row["deleted"]), output::plain(&row["key"])]);
    output::print(&output::table(&rows.collect::<Vec<_>>()));
    Ok(())
}
