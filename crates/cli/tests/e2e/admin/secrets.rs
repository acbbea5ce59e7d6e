//! Secrets: on no disk, in no log, in no answer; and what happens without their key.

use std::path::{Path, PathBuf};

use crate::harness::{Setup, run};

const CANARY: &str = "canary-5e2c71-secret-of-the-origin";
const SET_CANARY: &str = "canary-5e2c71-new";

fn website(secret: &str) -> String {
    format!(
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>\
         <Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
         <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://127.0.0.1:9/</MirrorURL>\
         <MirrorAuth><AuthType>S3V4</AuthType><Region>eu</Region><AccessKeyId>id</AccessKeyId>\
         <AccessKeySecret>{secret}</AccessKeySecret></MirrorAuth></Redirect></RoutingRule></RoutingRules>\
         </WebsiteConfiguration>"
    )
}

/// The files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_secret_is_in_no_file_no_log_and_no_answer() {
    let mut server = Setup::new().flag("--log", "trace").start();
    server.client().put("/pics/", "").send().await.expect(200);
    for secret in [CANARY, "******", SET_CANARY] {
        server.client().put("/pics/?website", website(secret)).send().await.expect(200);
    }
    server.client().get("/pics/missing").send().await.expect(424);
    let told = [
        server.client().get("/pics/?website").send().await.text(),
        run(server.client_command(&["rule", "list", "pics"]).arg("--json")),
        run(server.client_command(&["explain", "pics/missing"]).arg("--json")),
        run(server.client_command(&["settings", "set", "pics", "refuse_empty=true"]).arg("--json")),
    ];
    server.kill();
    server.restart();
    server.stop();
    for canary in [CANARY, SET_CANARY] {
        for answer in &told {
            assert!(!answer.contains(canary), "{answer}");
        }
        for line in server.log().iter().chain(&server.access_lines()) {
            assert!(!line.contains(canary), "{line}");
        }
        let files = files(&server.data());
        assert!(files.len() > 3, "{files:?}");
        for file in files {
            let bytes = std::fs::read(&file).expect("a readable file");
            assert!(!contains(&bytes, canary), "{}", file.display());
        }
    }
    let sealed =
        files(&server.data()).iter().any(|file| contains(&std::fs::read(file).unwrap_or_default(), "sealed:1:"));
    assert!(sealed, "the secret was stored nowhere");
}

#[tokio::test]
async fn a_wrong_or_missing_master_key_is_a_start_error_and_loses_nothing() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let data = home.path().join("data");
    let setup = || Setup::new().directory(data.clone());
    let mut server = setup().start();
    server.client().put("/pics/", "").send().await.expect(200);
    server.client().put("/pics/?website", website(CANARY)).send().await.expect(200);
    server.stop();
    let file = data.join("master.key");
    let key = std::fs::read(&file).expect("the server made a key");
    for (content, words) in [
        (Some("00".repeat(32)), "is not the one"),
        (None, "is missing, and the rules of bucket pics cannot be read"),
        (Some("short".to_owned()), "holds no master key"),
    ] {
        match &content {
            Some(text) => std::fs::write(&file, text).expect("a writable directory"),
            None => std::fs::remove_file(&file).expect("a writable directory"),
        }
        let (status, log) = setup().start_fails();
        let [line] = &log[..] else { panic!("one line was to say why: {log:?}") };
        assert_eq!(status.code(), Some(1));
        assert!(line.starts_with("error: ") && line.contains(words) && line.contains("master.key"), "{line}");
        assert!(content.as_deref() == Some("short") || line.contains("HEADWATER_MASTER_KEY"), "{line}");
        assert_eq!(file.exists(), content.is_some(), "no key was made that could open nothing");
    }
    std::fs::write(&file, key).expect("a writable directory");
    let server = setup().start();
    // The mask stands for the stored secret, so it is still there.
    server.client().put("/pics/?website", website("******")).send().await.expect(200);
}
