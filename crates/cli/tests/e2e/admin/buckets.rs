//! `headwater bucket` against a real server.

use super::{json, refused};
use crate::harness::{Setup, run};

#[tokio::test]
async fn buckets_are_made_shown_emptied_and_deleted() {
    let server = Setup::new().start();
    let shown = |arguments: &[&str]| run(&mut server.client_command(arguments));
    assert_eq!(shown(&["bucket", "list"]), "there is no bucket\n");
    shown(&["bucket", "create", "pics"]);
    assert_eq!(json(&server, &["bucket", "create", "amazon", "--dialect", "s3"])["dialect"], "s3");
    let list = shown(&["bucket", "list"]);
    assert!(list.contains("pics") && list.contains("amazon") && list.contains("s3"), "{list}");
    for (arguments, words) in [
        (&["bucket", "create", "pics"][..], "pics"),
        (&["bucket", "create", "A"], "invalid bucket name"),
        (&["bucket", "stat", "nothing"], "no such bucket"),
        (&["bucket", "delete", "nothing"], "no such bucket"),
    ] {
        let (status, message) = refused(&server, arguments);
        assert!(status == Some(1) && message.contains(words) && message.lines().count() == 1, "{message}");
    }

    let client = server.client();
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    client.put("/pics?versioning=", versioning).send().await.expect(200);
    for key in ["a%01b", "a%2Bb%20c", "d/e"] {
        for body in ["old", "new"] {
            client.put(&format!("/pics/{key}"), body).send().await.expect(200);
        }
    }
    client.delete("/pics/d/e").send().await.expect(204);
    client.post("/pics/upload?uploads=", "").send().await.expect(200);
    let count = json(&server, &["bucket", "stat", "pics"]);
    let counted = ["objects", "size_bytes", "markers", "uploads"].map(|field| count[field].as_u64());
    assert_eq!(counted, [Some(6), Some(18), Some(1), Some(1)], "{count}");

    let (status, message) = refused(&server, &["bucket", "delete", "pics"]);
    assert!(status == Some(1) && message.contains("headwater bucket empty pics"), "{message}");
    let (status, message) = refused(&server, &["bucket", "empty", "pics"]);
    assert!(status == Some(1) && message.contains("--yes"), "{message}");
    let emptied = shown(&["bucket", "empty", "pics", "--yes"]);
    assert_eq!(emptied, "bucket pics is empty: 7 objects deleted, 1 upload aborted\n");
    let audit = std::fs::read_to_string(server.data().join("audit.log")).expect("an audit log");
    let lines: Vec<&str> = audit.lines().filter(|line| line.contains("\"action\":\"empty_bucket\"")).collect();
    assert_eq!(lines.len(), 1, "{audit}");
    assert!(lines[0].contains("\"before\":{\"aborted_uploads\":1,\"deleted\":7}"), "{lines:?}");
    assert_eq!(json(&server, &["bucket", "stat", "pics"])["markers"], 0);
    shown(&["bucket", "delete", "pics"]);
    assert!(!shown(&["bucket", "list"]).contains("pics"));
}

#[tokio::test]
async fn more_than_a_page_is_listed_and_emptied() {
    const OBJECTS: usize = 1003;
    let server = Setup::new().start();
    run(&mut server.client_command(&["bucket", "create", "pics"]));
    for number in 0..OBJECTS {
        server.client().put(&format!("/pics/n{number:04}"), "x").send().await.expect(200);
    }
    let listing = run(&mut server.client_command(&["object", "ls", "pics"]));
    assert_eq!(listing.lines().count(), OBJECTS);
    assert!(listing.lines().zip(0..).all(|(line, number)| line.ends_with(&format!("n{number:04}"))), "in order");
    assert_eq!(json(&server, &["object", "ls", "pics"])["objects"].as_array().map(Vec::len), Some(OBJECTS));
    assert_eq!(json(&server, &["bucket", "empty", "pics", "--yes"])["deleted"], OBJECTS);
    run(&mut server.client_command(&["bucket", "delete", "pics"]));
}
