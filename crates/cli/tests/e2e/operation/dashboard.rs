//! The Grafana dashboard asks for what a server tells.

use std::collections::BTreeSet;

use headwater_testkit::origin::{Reply, ScriptedOrigin};
use serde_json::Value;

use crate::harness::{Setup, eventually};

/// Names that begin with `headwater_` in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let inner = |byte: char| byte.is_ascii_alphanumeric() || byte == '_';
    text.split(|char| !inner(char)).filter(|word| word.starts_with("headwater_")).collect()
}

/// Names of samples that a metric described as `# TYPE name kind` has.
fn samples(line: &str) -> Vec<String> {
    let mut words = line.strip_prefix("# TYPE ").into_iter().flat_map(str::split_whitespace);
    let (Some(name), Some(kind)) = (words.next(), words.next()) else { return Vec::new() };
    match kind {
        "counter" => vec![format!("{name}_total")],
        "histogram" => ["bucket", "sum", "count"].map(|sample| format!("{name}_{sample}")).to_vec(),
        _ => vec![name.to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_dashboard_is_served() {
    let dashboard: Value =
        serde_json::from_str(include_str!("../../../../../packaging/grafana.json")).expect("the dashboard is JSON");
    let origin = ScriptedOrigin::start().await;
    origin.on("/k", Reply::ok("0123456789"));
    origin.on("/broken", Reply::status(500));
    let server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    // What has labels is there once something happened.
    server.anonymous().get("/mirrored/k").send().await.expect(200);
    assert_ne!(server.anonymous().get("/mirrored/broken").send().await.status, 200);
    let told = || async { server.admin().get("/-/metrics").send().await.expect(200).text() };
    // A request and a fill are counted at their ends, which a client may see first.
    for name in ["requests", "request_duration_seconds", "object_reads", "fills", "failed_misses", "origin_answers"] {
        eventually(name, || async { told().await.contains(&format!("# TYPE headwater_{name} ")) }).await;
    }
    let served: BTreeSet<String> = told().await.lines().flat_map(samples).collect();
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() >= 10, "{}", panels.len());
    for panel in panels {
        let queries: Vec<&str> =
            panel["targets"].as_array().into_iter().flatten().filter_map(|target| target["expr"].as_str()).collect();
        assert!(!queries.is_empty(), "{}", panel["title"]);
        for query in queries {
            let asked = names(query);
            assert!(!asked.is_empty(), "{query}");
            for name in asked {
                assert!(served.contains(name), "{name} of {} is not among {served:?}", panel["title"]);
            }
        }
    }
    let variables = dashboard["templating"].to_string();
    assert!(names(&variables).iter().all(|name| served.contains(*name)), "{variables}");
}
