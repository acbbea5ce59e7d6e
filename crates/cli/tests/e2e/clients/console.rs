//! The console in Chromium; the steps are in `tests/clients/console_round.py` and `console_server_round.py`.

use crate::harness::{Nginx, Python, Setup, find};

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
