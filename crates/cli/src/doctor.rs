//! `headwater doctor`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// Checks a data directory while no server uses it.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Data directory
    #[arg(long, value_name = "DIR", env = "HEADWATER_DATA")]
    data: PathBuf,
    /// Make the index anew from the log and the blob files
    #[arg(long)]
    rebuild: bool,
}

pub(crate) fn run(_args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
