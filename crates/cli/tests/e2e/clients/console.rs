//! The console in Chromium; the steps are in `tests/clients/console_round.py`, `console_server_round.py` and
//! `console_pages_round.py`.

use crate::harness::{Nginx, Python, Setup, find, workspace};

#[tokio::test]
async fn the_documented_flow_by_browser() {
    let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::create_dir(files.path().join("examplefolder")).unwrap();
    std::fs::write(files.path().join("examplefolder/example.txt"), "from the origin\n").unwrap();
    let origin = Nginx::serving(files.path()).await;
    let server = Setup::new().start();
    let round = Python::script("console_round", &server)
        .with("CONSOLE", server.admin_url())
        .with("ORIGIN_AUTHORITY", origin.address().to_string())
        .with("CHROMIUM", find("chromium", "chromium"))
        .with("CHROMEDRIVER", find("chromedriver", "chromium-driver"));
    println!("{}", round.run());
}

#[tokio::test]
async fn the_pages_of_the_whole_server_by_browser() {
    let server = Setup::new().start();
    let round = Python::script("console_server_round", &server)
        .with("CONSOLE", server.admin_url())
        .with("CHROMIUM", find("chromium", "chromium"))
        .with("CHROMEDRIVER", find("chromedriver", "chromium-driver"));
    println!("{}", round.run());
}

#[tokio::test]
async fn every_page_by_browser() {
    let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(files.path().join("from-the-origin.txt"), "from the origin\n").unwrap();
    let origin = Nginx::serving(files.path()).await;
    let site = format!("http://{}/", origin.address());
    // Nobody listens at the discard port.
    let server =
        Setup::new().mirror("site", &site).mirror("broken", "http://127.0.0.1:9/").mirror("hostile", &site).start();
    let axe = workspace().join(".npm/node_modules/axe-core/axe.min.js");
    assert!(axe.is_file(), "there is no {}; ./test.sh e2e installs it (Debian package npm)", axe.display());
    let mut round = Python::script("console_pages_round", &server)
        .with("CONSOLE", server.admin_url())
        .with("ORIGIN_AUTHORITY", origin.address().to_string())
        .with("AXE", axe)
        .with("CHROMIUM", find("chromium", "chromium"))
        .with("CHROMEDRIVER", find("chromedriver", "chromium-driver"));
    if let Some(folder) = std::env::var_os("HEADWATER_WRITE_PICTURES") {
        round = round.with("PICTURES", folder);
    }
    println!("{}", round.run());
}
