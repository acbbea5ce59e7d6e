//! A person at a terminal: progress is shown, and dangerous things are asked about.

use std::path::{Path, PathBuf};
use std::process::Command;

use headwater_testkit::origin::{Gate, Reply, ScriptedOrigin, pattern};
use tempfile::TempDir;

use crate::harness::{Headwater, Setup, command, eventually, find, run};

/// A terminal of its own, in which one command runs.
struct Terminal {
    home: TempDir,
}

impl Terminal {
    /// Runs a command of the binary; behind it the terminal says `ended STATUS`, and stays.
    fn run(server: &Headwater, arguments: &str) -> Self {
        let home = tempfile::tempdir_in("/tmp").expect("a directory with a name short enough for a socket");
        let terminal = Self { home };
        let (binary, url) = (env!("CARGO_BIN_EXE_headwater"), server.admin_url());
        let line = format!("{binary} {arguments} --admin-url {url}; echo ended $?; exec cat");
        let mut tmux = terminal.tmux();
        tmux.env("HEADWATER_ACCESS_KEY_ID", server.key().id).env("HEADWATER_ACCESS_KEY_SECRET", server.key().secret);
        tmux.args(["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "20", &line])
            .current_dir(terminal.path());
        run(&mut tmux);
        terminal
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn tmux(&self) -> Command {
        let mut tmux = command(find("tmux", "tmux"));
        // An outer session's would be asked otherwise.
        tmux.env_remove("TMUX").arg("-S").arg(self.file("socket"));
        tmux
    }

    /// What is to be seen.
    fn screen(&self) -> String {
        run(self.tmux().args(["capture-pane", "-p"]))
    }

    fn type_line(&self, text: &str) {
        run(self.tmux().args(["send-keys", text, "Enter"]));
    }

    async fn wait_for(&self, words: &str) -> String {
        eventually(&format!("the terminal shows {words:?}"), || async { self.screen().contains(words) }).await;
        self.screen()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.tmux().arg("kill-server").output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_shows_how_far_an_object_is() {
    let origin = ScriptedOrigin::start().await;
    let (body, gate) = (pattern(4, 0, 4 << 20), Gate::closed());
    origin.on("/big.bin", Reply::ok(body.clone()).hold_body_at(2 << 20, &gate));
    let server = Setup::new().mirror("pics", &origin.url("/")).start();
    let terminal = Terminal::run(&server, "object get pics/big.bin");
    let screen = terminal.wait_for("big.bin [").await;
    assert!(screen.contains("MiB") && !screen.contains("100%"), "{screen}");
    terminal.wait_for("2.00 MiB/4.00 MiB 50%").await;
    gate.open();
    let screen = terminal.wait_for("ended 0").await;
    assert!(screen.contains("written: big.bin, 4194304 bytes") && !screen.contains('['), "the bar is gone: {screen}");
    assert!(std::fs::read(terminal.file("big.bin")).expect("written") == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_no_file() {
    let origin = ScriptedOrigin::start().await;
    let gate = Gate::closed();
    origin.on("/big.bin", Reply::ok(pattern(5, 0, 4 << 20)).hold_body_at(2 << 20, &gate));
    let server = Setup::new().mirror("pics", &origin.url("/")).start();
    let terminal = Terminal::run(&server, "object get pics/big.bin");
    terminal.wait_for("MiB").await;
    run(terminal.tmux().args(["send-keys", "C-c"]));
    let screen = terminal.wait_for("interrupted").await;
    assert!(screen.contains("nothing was kept"), "{screen}");
    eventually("the unfinished file is gone", || async {
        !std::fs::read_dir(terminal.path())
            .expect("readable")
            .any(|entry| entry.expect("readable").file_name().to_string_lossy().ends_with(".part"))
    })
    .await;
    assert!(!terminal.file("big.bin").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn emptying_asks_for_the_buckets_name() {
    let server = Setup::new().start();
    run(&mut server.client_command(&["bucket", "create", "pics"]));
    server.client().put("/pics/k", "body").send().await.expect(200);
    let terminal = Terminal::run(&server, "bucket empty pics");
    let screen = terminal.wait_for("Type the bucket's name, pics").await;
    assert!(screen.contains("This deletes 1 object, 4 bytes, for ever."), "{screen}");
    terminal.type_line("other");
    terminal.wait_for("nothing was deleted").await;
    terminal.wait_for("ended 1").await;
    server.client().get("/pics/k").send().await.expect(200);

    let terminal = Terminal::run(&server, "bucket empty pics");
    terminal.wait_for("Type the bucket's name").await;
    terminal.type_line("pics");
    terminal.wait_for("bucket pics is empty: 1 object deleted, 0 uploads aborted").await;
    server.client().get("/pics/k").send().await.expect(404);
}
