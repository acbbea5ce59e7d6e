//! The admin API against its own description; the round is in `tests/clients/admin_api_round.py`.

use crate::harness::{Python, Setup};

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let round = Python::script("admin_api_round", &server).with("ADMIN", server.admin_url());
    println!("{}", round.run());
}
