//! `docs/quickstart.md`: every command of the page, in its order, as it stands there.
//!
//! Only addresses differ: the page names the default ports, which are not a test's to take.

use headwater_testkit::origin::{Reply, ScriptedOrigin};

use crate::harness::{Setup, command, run, workspace};

/// A fenced block: its language and its lines.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let page = std::fs::read_to_string(workspace().join("docs/quickstart.md")).expect("the page is there");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some(Block { language: language.to_owned(), text: String::new() }),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_quick_start_works() {
    let origin = ScriptedOrigin::start().await;
    origin.on("/docs/hello.txt", Reply::ok("Hello from the old house.\n").header("content-type", "text/plain"));
    let server = Setup::new().start();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_headwater"), home.path().join("headwater")).expect("a link");
    let (origin_address, data_address) = (origin.address().to_string(), server.address().to_string());
    let mut outputs = Vec::new();
    for Block { language, text } in blocks() {
        let text = text.replace("127.0.0.1:8000", &origin_address).replace("127.0.0.1:9000", &data_address);
        let mut command = match &*language {
            "sh" => {
                let mut bash = command("bash");
                bash.args(["-eu", "-o", "pipefail", "-c", &text]);
                bash
            }
            "python" => {
                let mut python = command(workspace().join(".venv/bin/python"));
                python.args(["-c", &text]);
                python
            }
            other => panic!("a block of {other:?} would not be run: {text}"),
        };
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", home.path().display());
        command.env("PATH", path).env("HEADWATER_ADMIN_URL", server.admin_url()).current_dir(home.path());
        command.env("HEADWATER_ACCESS_KEY_ID", server.key().id).env("HEADWATER_ACCESS_KEY_SECRET", server.key().secret);
        outputs.push(run(&mut command));
    }
    let came = outputs.iter().filter(|output| output.trim() == "Hello from the old house.").count();
    assert_eq!(came, 4, "by OSS's and S3's SDK, curl and the program: {outputs:?}");
    // Once to try, once to fetch.
    assert_eq!(origin.count("/docs/hello.txt"), 2);
    let written = std::fs::read_to_string(home.path().join("new.txt")).expect("written");
    assert_eq!(written, "Written in the new house.\n");
    let last = outputs.last().expect("the page has blocks");
    assert!(last.contains("house is empty: 1 object deleted") && last.contains("house is deleted"), "{last}");
    let left = run(server.client_command(&["bucket", "list"]).env("PATH", "/usr/bin"));
    assert_eq!(left, "there is no bucket\n");
}
