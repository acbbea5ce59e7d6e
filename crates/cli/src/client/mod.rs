//! The commands that talk to a running server: clients of its admin API, and of its data plane for the bytes of objects.
//!
//! Guarantees: a request goes to the address that was configured and nowhere else (no proxies, no redirects); secrets
//! come from the environment or the data directory, and need not be on the command line ([`assignment`]). What a
//! command answers goes to standard output, for people or, with `--json`, as the API gave it; why it failed goes to
//! standard error in one line.

mod assignment;
mod bucket;
mod connection;
mod data;
mod explain;
mod key;
mod object;
mod origin;
mod output;
mod progress;
mod ready;
mod rule;
mod settings;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

pub(crate) use bucket::BucketCommand;
pub(crate) use explain::ExplainArgs;
pub(crate) use key::KeyCommand;
pub(crate) use object::ObjectCommand;
pub(crate) use origin::OriginCommand;
pub(crate) use ready::ReadyArgs;
pub(crate) use rule::RuleCommand;
pub(crate) use settings::SettingsCommand;

use connection::Connection;

/// Which server, and who asks.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    /// The server's admin listener
    #[arg(long, value_name = "URL", env = "HEADWATER_ADMIN_URL", default_value = "http://127.0.0.1:9001")]
    admin_url: String,
    /// Data directory with the server's root key, unless HEADWATER_ACCESS_KEY_ID and HEADWATER_ACCESS_KEY_SECRET are set
    #[arg(long, value_name = "DIR", env = "HEADWATER_DATA", default_value = "./headwater-data")]
    data: PathBuf,
    /// File with a bearer token to send instead of signing; without it HEADWATER_TOKEN, if that is set
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// A command of this module.
pub(crate) enum ClientCommand {
    Bucket(BucketCommand),
    Rule(RuleCommand),
    Settings(SettingsCommand),
    Origin(OriginCommand),
    Key(KeyCommand),
    Object(ObjectCommand),
    Explain(ExplainArgs),
    Ready(ReadyArgs),
}

/// Runs a command to its end.
pub(crate) fn run(command: ClientCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match command {
            ClientCommand::Bucket(command) => command.run().await,
            ClientCommand::Rule(command) => command.run().await,
            ClientCommand::Settings(command) => command.run().await,
            ClientCommand::Origin(command) => command.run().await,
            ClientCommand::Key(command) => command.run().await,
            ClientCommand::Object(command) => command.run().await,
            ClientCommand::Explain(arguments) => arguments.run().await,
            ClientCommand::Ready(arguments) => arguments.run().await,
        }
    });
    // A reader of standard input may be waiting still.
    runtime.shutdown_background();
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// `BUCKET/KEY`, or `BUCKET` alone; the key may begin with a slash of its own.
fn split_place(place: &str) -> (&str, Option<&str>) {
    match place.split_once('/') {
        Some((bucket, key)) if !key.is_empty() => (bucket, Some(key)),
        Some((bucket, _)) => (bucket, None),
        None => (place, None),
    }
}
