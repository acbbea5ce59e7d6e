//! `headwater object`: the tombstones of a bucket.

use anyhow::ensure;
use clap::Subcommand;
use http::Method;
use serde_json::Value;

use super::connection::encoded;
use super::{Connection, ServerArgs, output, split_place};

/// What to do with deleted keys
#[derive(Subcommand, Debug)]
pub(crate) enum ObjectCommand {
    /// Show the keys that stay deleted (deletes=keep), all or those below a prefix
    Tombstones {
        /// BUCKET, or BUCKET/PREFIX
        place: String,
        /// Show at most so many, all by default
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Lift the tombstone of a key: the next miss asks the origin again
    Lift {
        /// BUCKET/KEY
        place: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl ObjectCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Tombstones { place, limit, server } => tombstones(&place, limit, &server).await,
            Self::Lift { place, server } => {
                let (bucket, key) = split_place(&place);
                ensure!(key.is_some(), "{place} names no key; give BUCKET/KEY");
                let key = key.unwrap_or_default();
                let path = format!("/api/v1/buckets/{}/tombstones/{}", encoded(bucket), encoded(key));
                let answer = Connection::new(&server)?.send(Method::DELETE, &path, None).await?;
                if server.json {
                    output::json(&answer);
                } else {
                    output::print(&format!("lifted: {}\n", output::printable(key)));
                }
                Ok(())
            }
        }
    }
}

async fn tombstones(place: &str, limit: Option<usize>, server: &ServerArgs) -> anyhow::Result<()> {
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
