//! Programs that tests start.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Finds an installed program.
///
/// # Panics
/// If it is not installed; the message names its Debian package.
#[allow(clippy::disallowed_methods)] // the search path of a test run is the environment's to say
pub(crate) fn find(name: &str, package: &str) -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    // nginx lies in /usr/sbin, which is not on every user's path.
    let directories = path.split(':').chain(["/usr/sbin", "/sbin"]).map(PathBuf::from);
    let found = directories.map(|directory| directory.join(name)).find(|candidate| candidate.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is not installed; it is in the Debian package {package} (apt-get install {package})")
    })
}

/// A command that takes no settings from the person who runs the tests: clients read keys, endpoints and proxies from the
/// environment, and so does the server.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    const PREFIXES: [&[u8]; 5] = [b"HEADWATER_", b"AWS_", b"OSS_", b"ALIBABA_CLOUD_", b"RCLONE_"];
    const PROXIES: [&str; 6] = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if PREFIXES.iter().any(|prefix| bytes.starts_with(prefix)) || PROXIES.iter().any(|proxy| name == *proxy) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end.
///
/// # Panics
/// If it cannot be started or fails; the message holds its output.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n--- output\n{stdout}\n--- errors\n{stderr}");
    stdout
}
