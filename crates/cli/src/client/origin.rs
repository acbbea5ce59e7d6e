//! `headwater origin`: how origins are treated, and how they are.

use clap::Subcommand;
use headwater_model::origin::OriginId;
use http::Method;
use serde_json::Value;

use super::assignment::{self, Assignment};
use super::connection::encoded;
use super::{Connection, ServerArgs, output};

/// What to do with origins
#[derive(Subcommand, Debug)]
pub(crate) enum OriginCommand {
    /// Show the origins that have settings
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show the settings of an origin
    Get {
        /// The origin, or any URL there
        #[arg(value_parser = origin)]
        url: OriginId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change the settings that are named, and show them all; secrets are best given as FIELD=@FILE
    Set {
        /// The origin, or any URL there
        #[arg(value_parser = origin)]
        url: OriginId,
        /// As kind=s3, credentials.access_key_secret=@FILE, limits.requests_per_s=100; null means the default
        #[arg(value_name = "FIELD=VALUE", value_parser = assignment::parse, required = true)]
        assignments: Vec<Assignment>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take the settings of an origin away: it has the defaults again
    Delete {
        /// The origin, or any URL there
        #[arg(value_parser = origin)]
        url: OriginId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show how an origin is: breaker, requests under way, its last answer
    Status {
        /// The origin, or any URL there
        #[arg(value_parser = origin)]
        url: OriginId,
        #[command(flatten)]
        server: ServerArgs,
    },
}

fn origin(url: &str) -> Result<OriginId, String> {
    OriginId::parse(url).map_err(String::from)
}

fn path(origin: &OriginId) -> String {
    let (scheme, authority) = origin.as_str().split_once("://").unwrap_or_default();
    format!("/api/v1/origins/{scheme}/{}", encoded(authority))
}

impl OriginCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (server, answer) = match &self {
            Self::List { server } => (server, Connection::new(server)?.get("/api/v1/origins").await?),
            Self::Get { url, server } => (server, Connection::new(server)?.get(&path(url)).await?),
            Self::Set { url, assignments, server } => {
                let patch = assignment::patch(assignments)?;
                (server, Connection::new(server)?.send(Method::PATCH, &path(url), Some(&patch)).await?)
            }
            Self::Delete { url, server } => {
                (server, Connection::new(server)?.send(Method::DELETE, &path(url), None).await?)
            }
            Self::Status { url, server } => {
                (server, Connection::new(server)?.get(&format!("{}/status", path(url))).await?)
            }
        };
        match (&self, server.json) {
            (_, true) => output::json(&answer),
            (Self::List { .. }, false) => output::print(&list(&answer)),
            (Self::Delete { url, .. }, false) => output::print(&format!("{url} has the default settings\n")),
            (_, false) => output::print(&output::fields(&answer)),
        }
        Ok(())
    }
}

fn list(answer: &Value) -> String {
    let mut rows = vec![["origin", "kind", "credentials", "breaker", "under way"].map(str::to_owned).to_vec()];
    for row in answer["origins"].as_array().into_iter().flatten() {
        let (settings, status) = (&row["settings"], &row["status"]);
        let cells = [
            &row["origin"],
            &settings["kind"],
            &settings["credentials"]["access_key_id"],
            &status["breaker"],
            &status["in_flight"],
        ];
        rows.push(cells.map(output::plain).to_vec());
    }
    if rows.len() == 1 { "no origin has settings of its own\n".to_owned() } else { output::table(&rows) }
}
