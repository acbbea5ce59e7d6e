//! `headwater key`: access keys beside the root key.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use super::assignment::{self, Assignment};
use super::connection::encoded;
use super::token::TokenCommand;
use super::{Connection, ServerArgs, output};

/// What to do with access keys
#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Show all access keys but the root key, with their accounts
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make an access key, for a new account or with account=CANONICAL-ID for one that exists; its secret is shown only
    /// now
    Create {
        /// As display_name=alice, email=alice@example.com, policy=@FILE, access_key_id=ID, secret=@FILE
        #[arg(value_name = "FIELD=VALUE", value_parser = assignment::parse)]
        assignments: Vec<Assignment>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change an access key: enabled=false, policy=@FILE, policy=null
    Set {
        /// The access key's id
        id: String,
        /// What to change
        #[arg(value_name = "FIELD=VALUE", value_parser = assignment::parse, required = true)]
        assignments: Vec<Assignment>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Lend the rights of an access key for a while: credentials that end by themselves, shown only now
    Assume {
        /// The access key's id
        id: String,
        /// How long, in seconds: 900 to 43200
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        duration: u64,
        /// A file with what the holder may do at most, as a policy
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Issue, show and revoke bearer tokens of access keys, for programs that cannot sign
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Delete an access key; an account goes with its last key, what it owns stays
    Delete {
        /// The access key's id
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

const KEYS: &str = "/api/v1/keys";

fn path(id: &str) -> String {
    format!("{KEYS}/{}", encoded(id))
}

impl KeyCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (server, answer) = match &self {
            Self::Token { command } => command.ask().await?,
            Self::List { server } => (server, Connection::new(server)?.get(KEYS).await?),
            Self::Create { assignments, server } => {
                let new = if assignments.is_empty() { json!({}) } else { assignment::patch(assignments)? };
                (server, Connection::new(server)?.send(Method::POST, KEYS, Some(&new)).await?)
            }
            Self::Set { id, assignments, server } => {
                let patch = assignment::patch(assignments)?;
                (server, Connection::new(server)?.send(Method::PATCH, &path(id), Some(&patch)).await?)
            }
            Self::Assume { id, duration, policy, server } => {
                let policy = policy.as_ref().map(|file| {
                    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
                });
                let role = json!({ "access_key_id": id, "duration_seconds": duration, "policy": policy.transpose()? });
                let path = "/api/v1/sts/assume-role";
                (server, Connection::new(server)?.send(Method::POST, path, Some(&role)).await?)
            }
            Self::Delete { id, server } => {
                (server, Connection::new(server)?.send(Method::DELETE, &path(id), None).await?)
            }
        };
        match (&self, server.json) {
            (_, true) => output::json(&answer),
            (Self::Token { command }, false) => output::print(&command.shown(&answer)),
            (Self::List { .. }, false) => output::print(&list(&answer)),
            (Self::Delete { id, .. }, false) => output::print(&format!("{} is deleted\n", output::printable(id))),
            (_, false) => output::print(&output::fields(&answer)),
        }
        Ok(())
    }
}

fn list(answer: &Value) -> String {
    let mut rows = vec![["access key id", "name", "account", "enabled", "policy"].map(str::to_owned).to_vec()];
    for row in answer["keys"].as_array().into_iter().flatten() {
        let policy = if row["policy"].is_null() { "-" } else { "yes" }.into();
        let account = &row["account"];
        let cells = [&row["access_key_id"], &account["display_name"], &account["id"], &row["enabled"], &policy];
        rows.push(cells.map(output::plain).to_vec());
    }
    if rows.len() == 1 { "there is no access key but the root key\n".to_owned() } else { output::table(&rows) }
}
