//! `headwater settings`: how buckets migrate.

use clap::Subcommand;
use http::Method;

use super::assignment::{self, Assignment};
use super::connection::encoded;
use super::{Connection, ServerArgs, output};

/// What to do with the migration settings of a bucket
#[derive(Subcommand, Debug)]
pub(crate) enum SettingsCommand {
    /// Show the settings
    Get {
        /// The bucket
        bucket: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change the settings that are named, and show them all
    Set {
        /// The bucket
        bucket: String,
        /// As deletes=keep or refresh.ttl_s=3600; lists are JSON; null means the default
        #[arg(value_name = "FIELD=VALUE", value_parser = assignment::parse, required = true)]
        assignments: Vec<Assignment>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl SettingsCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let path = |bucket: &str| format!("/api/v1/buckets/{}/migration", encoded(bucket));
        let (server, settings) = match &self {
            Self::Get { bucket, server } => (server, Connection::new(server)?.get(&path(bucket)).await?),
            Self::Set { bucket, assignments, server } => {
                let changes = assignment::patch(assignments)?;
                (server, Connection::new(server)?.send(Method::PATCH, &path(bucket), Some(&changes)).await?)
            }
        };
        if server.json {
            output::json(&settings);
        } else {
            output::print(&output::fields(&settings));
        }
        Ok(())
    }
}
