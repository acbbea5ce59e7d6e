//! `headwater key token`: bearer tokens of access keys.

use std::time::Duration;

use clap::Subcommand;
use headwater_admin::{iso_8601, parse_duration};
use headwater_model::clock::Timestamp;
use http::Method;
use serde_json::{Value, json};

use super::connection::encoded;
use super::{Connection, ServerArgs, output};

/// What to do with bearer tokens
#[derive(Subcommand, Debug)]
pub(crate) enum TokenCommand {
    /// Issue a token with the rights of an access key, for HEADWATER_TOKEN or Authorization: Bearer; it is shown only now
    Create {
        /// The access key's id
        id: String,
        /// How long it lives, as 12h or 30d; without it until it is revoked
        #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
        expires: Option<Duration>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show the tokens of an access key, or all of them
    List {
        /// The access key's id
        id: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke a token: the next request with it is refused
    Revoke {
        /// The token's id, as the list has it
        token: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

const TOKENS: &str = "/api/v1/tokens";

impl TokenCommand {
    /// What the server answers, and how it is to be shown.
    pub(super) async fn ask(&self) -> anyhow::Result<(&ServerArgs, Value)> {
        Ok(match self {
            Self::Create { id, expires, note, server } => {
                let seconds = expires.map(|life| life.as_secs());
                let new = json!({ "access_key_id": id, "duration_seconds": seconds, "note": note });
                (server, Connection::new(server)?.send(Method::POST, TOKENS, Some(&new)).await?)
            }
            Self::List { id, server } => {
                let query = id.as_ref().map(|id| format!("?access_key_id={}", encoded(id))).unwrap_or_default();
                (server, Connection::new(server)?.get(&format!("{TOKENS}{query}")).await?)
            }
            Self::Revoke { token, server } => {
                let path = format!("{TOKENS}/{}", encoded(token));
                (server, Connection::new(server)?.send(Method::DELETE, &path, None).await?)
            }
        })
    }

    /// An answer for people.
    pub(super) fn shown(&self, answer: &Value) -> String {
        match self {
            Self::Create { .. } => output::fields(answer),
            Self::List { .. } => list(answer),
            Self::Revoke { token, .. } => format!("{} is revoked\n", output::printable(token)),
        }
    }
}

fn list(answer: &Value) -> String {
    let mut rows = vec![["token id", "access key id", "issued", "expires", "note"].map(str::to_owned).to_vec()];
    let time = |value: &Value| value.as_i64().map(|at| iso_8601(Timestamp(at)));
    for row in answer["tokens"].as_array().into_iter().flatten() {
        let note = if row["note"].is_null() { "-".to_owned() } else { output::plain(&row["note"]) };
        rows.push(vec![
            output::plain(&row["token_id"]),
            output::plain(&row["access_key_id"]),
            time(&row["created_ms"]).unwrap_or_default(),
            time(&row["expires_ms"]).unwrap_or_else(|| "never".to_owned()),
            note,
        ]);
    }
    if rows.len() == 1 { "there is no token\n".to_owned() } else { output::table(&rows) }
}
