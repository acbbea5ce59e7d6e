use std::net::Ipv4Addr;

use headwater_testkit::ManualClock;
use serde_json::json;

use super::*;

fn entry(target: &str) -> Entry {
    Entry {
        request_id: "R".into(),
        who: "root".into(),
        token: (target == "c").then(|| "TOKENID".into()),
        remote: Ipv4Addr::LOCALHOST.into(),
        action: "put".into(),
        target: target.into(),
        before: Value::Null,
        after: json!({"a": 1}),
    }
}

fn audit(path: &Path) -> Audit {
    Audit::open(path, Arc::new(ManualClock::new(Timestamp(1_767_323_045_678), 1))).unwrap()
}

#[tokio::test]
async fn lines_are_chained_over_restarts_and_a_change_shows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    assert_eq!(verify(&path).unwrap(), None);
    for target in ["a", "b"] {
        audit(&path).write(entry(target)).await.unwrap();
    }
    audit(&path).write(entry("c")).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with(r#"{"time":"2026-01-02T03:04:05.678Z","request_id":"R","who":"root","#), "{first}");
    assert!(first.ends_with(r#""previous":""}"#) && !first.contains("token"), "{first}");
    assert!(text.lines().nth(2).unwrap().contains(r#""who":"root","token":"TOKENID","remote""#), "{text}");
    assert_eq!(verify(&path).unwrap().unwrap(), AuditReport { lines: 3, broken: Vec::new() });

    std::fs::write(&path, text.replace(r#""target":"b""#, r#""target":"x""#)).unwrap();
    assert_eq!(verify(&path).unwrap().unwrap().broken, [3]);
    let without: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| line).collect();
    std::fs::write(&path, without.join("\n") + "\n").unwrap();
    assert_eq!(verify(&path).unwrap().unwrap().broken, [2]);
}

#[tokio::test]
async fn a_torn_line_stays_and_the_log_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audit(&path).write(entry("a")).await.unwrap();
    append(&path, b"{\"time\":").unwrap();
    let audit = audit(&path);
    audit.write(entry("b")).await.unwrap();
    assert_eq!(verify(&path).unwrap().unwrap(), AuditReport { lines: 3, broken: Vec::new() });
    let targets: Vec<_> = audit.last(10).await.unwrap().iter().map(|line| line["target"].clone()).collect();
    assert_eq!(targets, ["a", "b"]);
    assert_eq!(audit.last(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_log_that_was_moved_away_goes_on_in_a_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (directory.path().join("audit.log"), directory.path().join("audit.log.1"));
    let audit = audit(&path);
    audit.write(entry("a")).await.unwrap();
    std::fs::rename(&path, &moved).unwrap();
    audit.write(entry("b")).await.unwrap();
    let (old, new) = (std::fs::read(&moved).unwrap(), std::fs::read_to_string(&path).unwrap());
    assert!(new.contains(&format!(r#""previous":"{}""#, digest(old.strip_suffix(b"\n").unwrap()))), "{new}");
}

#[tokio::test]
async fn a_line_that_could_not_be_written_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let audit = audit(&path);
    audit.write(entry("a")).await.unwrap();
    let failed = append_by(&path, |file| {
        file.write_all(b"{\"time\":\"2026-")?;
        Err(io::ErrorKind::StorageFull.into())
    });
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
    audit.write(entry("b")).await.unwrap();
    assert_eq!(verify(&path).unwrap().unwrap(), AuditReport { lines: 2, broken: Vec::new() });
}

#[tokio::test]
async fn the_last_lines_come_oldest_first() {
    let directory = tempfile::tempdir().unwrap();
    let audit = audit(&directory.path().join("audit.log"));
    for target in ["a", "b", "c"] {
        audit.write(entry(target)).await.unwrap();
    }
    let targets: Vec<_> = audit.last(2).await.unwrap().iter().map(|line| line["target"].clone()).collect();
    assert_eq!(targets, ["b", "c"]);
}
