//! `headwater serve` as a process: started, stopped, killed, restarted on its directory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{Client, ClientKey};
use super::program;

/// Lines of the log that are kept for the message of a failing test.
const LOG_LINES: usize = 4000;
/// A server that says nothing for so long hangs; no test waits for this to pass.
const START_LIMIT: Duration = Duration::from_mins(2);

const KEY: ClientKey = ClientKey { id: "E2EROOTKEY", secret: "e2e-root-secret-0123456789abcdefghij" };

/// How a server is set up.
pub(crate) struct Setup {
    flags: Vec<String>,
    guarded: bool,
    listen: String,
    wrapper: Vec<String>,
    directory: Option<PathBuf>,
}

impl Setup {
    /// Free ports, an empty directory on a real disk, a known root key, origins on loopback allowed.
    pub(crate) fn new() -> Self {
        Self {
            flags: Vec::new(),
            guarded: false,
            listen: "127.0.0.1:0".to_owned(),
            wrapper: Vec::new(),
            directory: None,
        }
    }

    /// Adds `--mirror BUCKET=URL`.
    pub(crate) fn mirror(self, bucket: &str, url: &str) -> Self {
        self.flag("--mirror", &format!("{bucket}={url}"))
    }

    /// Adds a flag with its value.
    pub(crate) fn flag(mut self, flag: &str, value: &str) -> Self {
        self.flags.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// Refuses origins on loopback, as a server does that was not told otherwise.
    pub(crate) fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// Takes the data plane's clients at this address instead of a free port of loopback.
    pub(crate) fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Runs the server through another program that ends in `exec`, so that the process stays the same.
    pub(crate) fn wrapper(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(ToString::to_string).collect();
        self
    }

    /// Keeps the data in this directory instead of one of its own.
    pub(crate) fn directory(mut self, directory: PathBuf) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// If it ends instead; the message holds its log.
    pub(crate) fn start(self) -> Headwater {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the server");
        let mut server = Headwater { setup: self, home, log: Log::default(), running: None };
        server.launch();
        server
    }

    /// Starts it where it must fail.
    ///
    /// # Panics
    /// If it serves instead.
    pub(crate) fn start_fails(self) -> (ExitStatus, Vec<String>) {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the server");
        let server = Headwater { setup: self, home, log: Log::default(), running: None };
        let mut child = server.spawn();
        let (reader, serving) = server.log.follow(&mut child);
        assert!(serving.recv_timeout(START_LIMIT).is_err(), "the server was to refuse to start, and serves");
        let status = child.wait().expect("the child is ours");
        reader.join().expect("the reader of the log does not panic");
        (status, server.log.lines())
    }
}

/// A server of its own, with its data; both end with the value.
pub(crate) struct Headwater {
    setup: Setup,
    home: TempDir,
    log: Log,
    running: Option<Running>,
}

struct Running {
    child: Child,
    addresses: Addresses,
    reader: JoinHandle<()>,
}

/// Where a server says that it listens.
#[derive(Clone, Copy)]
struct Addresses {
    data: SocketAddr,
    admin: SocketAddr,
}

impl Headwater {
    /// The data plane's address, which changes with every restart.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running().addresses.data
    }

    /// The data plane's URL.
    pub(crate) fn endpoint(&self) -> String {
        let scheme = if self.setup.flags.iter().any(|flag| flag == "--tls-cert") { "https" } else { "http" };
        format!("{scheme}://{}", self.address())
    }

    /// The root key.
    #[allow(clippy::unused_self)] // the key is the server's, even if all have the same
    pub(crate) fn key(&self) -> ClientKey {
        KEY
    }

    /// A client of the data plane that signs with the root key.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address(), Some(KEY))
    }

    /// A client of the data plane that does not sign.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.address(), None)
    }

    /// The admin plane's address.
    pub(crate) fn admin_address(&self) -> SocketAddr {
        self.running().addresses.admin
    }

    /// A client of the admin plane.
    pub(crate) fn admin(&self) -> Client {
        Client::new(self.admin_address(), None)
    }

    /// The admin plane's URL.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://{}", self.running().addresses.admin)
    }

    /// A command of the binary that talks to this server's admin plane with its root key.
    pub(crate) fn client_command(&self, arguments: &[&str]) -> Command {
        let mut command = Self::command(arguments);
        command.args(["--admin-url", &self.admin_url()]);
        command.env("HEADWATER_ACCESS_KEY_ID", KEY.id).env("HEADWATER_ACCESS_KEY_SECRET", KEY.secret);
        command
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.running().child.id()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.setup.directory.clone().unwrap_or_else(|| self.home.path().join("data"))
    }

    /// What it wrote to standard error since it was first started.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// What it wrote to its access log; complete only once it has stopped.
    pub(crate) fn access_lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.access_log()).expect("the access log exists");
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// Asks it to stop, as an operator does.
    pub(crate) fn terminate(&self) {
        let pid = Pid::from_child(&self.running().child);
        kill_process(pid, Signal::TERM).expect("the child is ours");
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the server was started");
        let status = running.child.wait().expect("the child is ours");
        running.reader.join().expect("the reader of the log does not panic");
        status
    }

    /// Stops it in good order.
    ///
    /// # Panics
    /// If it does not end with success.
    pub(crate) fn stop(&mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "the server ended with {status} after SIGTERM");
    }

    /// Ends it with SIGKILL: nothing of its own runs any more.
    pub(crate) fn kill(&mut self) {
        self.running.as_mut().expect("the server was started").child.kill().expect("the child is ours");
        self.wait();
    }

    /// Starts it again on its directory.
    pub(crate) fn restart(&mut self) {
        assert!(self.running.is_none(), "stop or kill the server first");
        self.launch();
    }

    /// Another command of the binary.
    pub(crate) fn command(arguments: &[&str]) -> Command {
        let mut command = program::command(env!("CARGO_BIN_EXE_headwater"));
        command.args(arguments);
        command
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server was started")
    }

    fn access_log(&self) -> PathBuf {
        self.home.path().join("access.jsonl")
    }

    fn launch(&mut self) {
        let mut child = self.spawn();
        let (reader, serving) = self.log.follow(&mut child);
        let Ok(addresses) = serving.recv_timeout(START_LIMIT) else {
            // Either it ended already or it hangs; in both cases its log says how far it came.
            let _ = child.kill();
            panic!("the server does not serve: {:?}\n{}", child.wait(), self.log.lines().join("\n"));
        };
        self.running = Some(Running { child, addresses, reader });
    }

    fn spawn(&self) -> Child {
        let binary = env!("CARGO_BIN_EXE_headwater");
        let mut words = self.setup.wrapper.iter().map(String::as_str).chain([binary]);
        let mut command = program::command(words.next().expect("there is at least the binary"));
        command.args(words).args(["serve", "--listen", &self.setup.listen, "--admin-listen", "127.0.0.1:0"]);
        command.args(["--log-format", "json", "--data"]).arg(self.data());
        command.arg("--access-log").arg(self.access_log()).args(&self.setup.flags);
        if !self.setup.guarded {
            command.args(["--allow-origin-net", "127.0.0.0/8"]);
        }
        command
            .env("HEADWATER_ACCESS_KEY_ID", KEY.id)
            .env("HEADWATER_ACCESS_KEY_SECRET", KEY.secret)
            .stdout(File::create(self.home.path().join("stdout")).expect("a writable directory"))
            .stderr(Stdio::piped());
        command.spawn().expect("the binary can be started")
    }
}

impl Drop for Headwater {
    #[allow(clippy::print_stdout)] // shown with the test that failed
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        if std::thread::panicking() {
            let lines = self.log.lines();
            println!("--- the server's log, last lines\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

/// Standard error of a server over all its lives, read as it comes so that the server never waits for a reader.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Log {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Reads until the process ends; sends where it serves once it says so.
    fn follow(&self, child: &mut Child) -> (JoinHandle<()>, Receiver<Addresses>) {
        let (sender, serving) = sync_channel(1);
        let stderr = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        let log = self.clone();
        (std::thread::spawn(move || log.read(stderr, &sender)), serving)
    }

    fn read(&self, stderr: impl BufRead, serving: &SyncSender<Addresses>) {
        let (mut data, mut admin) = (None, None);
        for line in stderr.lines().map_while(Result::ok) {
            if let Some((message, address)) = announced(&line) {
                let place = if message.contains("OSS and S3") { &mut data } else { &mut admin };
                *place = Some(address);
                if let (Some(data), Some(admin)) = (data, admin) {
                    // A second announcement cannot be; a test that no longer waits has failed already.
                    let _ = serving.try_send(Addresses { data, admin });
                }
            }
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LOG_LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }
}

/// The address in a line such as `{"message":"serving OSS and S3","url":"http://127.0.0.1:40001"}`.
fn announced(line: &str) -> Option<(String, SocketAddr)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let message = event.get("message")?.as_str().filter(|message| message.starts_with("serving "))?;
    let url = event.get("url")?.as_str()?;
    let authority = url.split_once("://")?.1.split('/').next()?;
    Some((message.to_owned(), authority.parse().ok()?))
}
