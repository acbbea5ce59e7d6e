//! Two users and the vendors' Python SDKs; the steps are in `tests/clients/users_round.py`.

use crate::harness::{Headwater, Python, Setup, run};

/// A key of an account of this name, its secret.
fn user(server: &Headwater, name: &str) -> String {
    let fields = [
        format!("display_name={name}"),
        format!("canonical_id=id-{name}"),
        format!("email={name}@a.example"),
        format!("access_key_id=AK{}", name.to_uppercase()),
    ];
    let mut command = server.client_command(&["key", "create", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&run(command.args(fields))).expect("the answer is JSON");
    made["secret"].as_str().expect("the secret is shown once").to_owned()
}

#[test]
fn two_users_with_boto3_and_oss2() {
    let server = Setup::new().start();
    let (alice, bob) = (user(&server, "alice"), user(&server, "bob"));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let policy = directory.path().join("policy.json");
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::users-lent/in/*"}}"#;
    std::fs::write(&policy, text).expect("a writable directory");
    let lent = |arguments: &[&str]| run(server.client_command(&["key", "assume", "AKALICE", "--json"]).args(arguments));
    let (all, some) = (lent(&[]), lent(&["--duration", "900", "--policy", policy.to_str().expect("a text path")]));
    let round = Python::script("users_round", &server).with("ALICE_SECRET", alice).with("BOB_SECRET", bob);
    let round = round.with("LENT_ALL", all).with("LENT_SOME", some);
    println!("{}", round.run());
}
