//! `headwater ready`: whether a server takes requests, for health checks where there is no curl.

use anyhow::ensure;
use clap::Args;

use super::{connection, output};

/// Which server.
#[derive(Args, Debug)]
pub(crate) struct ReadyArgs {
    /// The server's admin listener
    #[arg(long, value_name = "URL", env = "HEADWATER_ADMIN_URL", default_value = "http://127.0.0.1:9001")]
    admin_url: String,
}

impl ReadyArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (status, text) = connection::probe(&self.admin_url, "/-/readyz").await?;
        let told = output::printable(String::from_utf8_lossy(&text).trim());
        ensure!(status.is_success(), "the server is not ready: {status}, {told}");
        output::print(&format!("{told}\n"));
        Ok(())
    }
}
