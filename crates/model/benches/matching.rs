//! Rule matching over a full document: 20 rules, of which the last one holds, or none.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use headwater_model::rule::matching::{Method, Question, first_match};
use headwater_model::rule::{Condition, IncludeHeader, RoutingRule};
use http::{HeaderMap, HeaderValue};

/// Twenty rules that differ in prefix, each with a suffix and a header condition.
fn rules() -> Vec<RoutingRule> {
    let host = IncludeHeader { key: "host".into(), starts_with: Some("bucket.".into()), ..IncludeHeader::default() };
    let condition = |number: u32| Condition {
        key_prefix: Some(format!("tenants/{number:02}/images/").into()),
        key_suffix: Some(".jpg".into()),
        error_code: Some(404),
        include_headers: vec![host.clone()],
    };
    let rule = |number| RoutingRule {
        condition: condition(number),
        ..RoutingRule::mirror_all(number, "https://origin.example/")
    };
    (1..=20).map(rule).collect()
}

fn matching(criterion: &mut Criterion) {
    let rules = rules();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("bucket.oss-cn-hangzhou.example"));
    headers.insert("user-agent", HeaderValue::from_static("bench"));
    let mut group = criterion.benchmark_group("rule_matching");
    for (name, key) in [("last_of_20", "tenants/20/images/a.jpg"), ("none_of_20", "tenants/21/images/a.jpg")] {
        let question = Question { method: Method::Get, key, error_status: 404, headers: &headers };
        group.bench_function(name, |bencher| bencher.iter(|| first_match(black_box(&rules), black_box(&question))));
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
