//! The scripts of `tests/clients`, which drive the vendors' SDKs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::program::{command, run};
use super::server::Headwater;

/// A script with what it is told.
pub(crate) struct Python {
    command: Command,
}

impl Python {
    /// The script `tests/clients/NAME.py`, told where the server is and the root key.
    ///
    /// # Panics
    /// If the environment was not made.
    pub(crate) fn script(name: &str, server: &Headwater) -> Self {
        let root = workspace();
        let python = root.join(".venv/bin/python");
        assert!(
            python.is_file(),
            "there is no {}; ./test.sh e2e makes it (Debian package python3-venv)",
            python.display()
        );
        let mut command = command(python);
        let key = server.key();
        command
            .arg(root.join("tests/clients").join(name).with_extension("py"))
            .env("ENDPOINT", server.endpoint())
            .env("ACCESS_KEY_ID", key.id)
            .env("ACCESS_KEY_SECRET", key.secret)
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Self { command }
    }

    /// Lets the SDK put bucket names in front of this domain, which the server must have.
    pub(crate) fn under(self, domain: &str, server: &Headwater) -> Self {
        let endpoint = format!("http://{domain}:{}", server.address().port());
        self.with("ENDPOINT", endpoint).with("DOMAIN", domain)
    }

    /// Tells it more.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to the end; its output.
    ///
    /// # Panics
    /// If it fails.
    pub(crate) fn run(mut self) -> String {
        run(&mut self.command)
    }
}

/// The folder of the whole project.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace exists")
}
