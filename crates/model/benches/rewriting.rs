//! Building the URL of an origin request: a plain key, and one that needs much encoding.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use headwater_model::ObjectKey;
use headwater_model::op::MissContext;
use headwater_model::rule::rewriting::{Columns, origin_url, three_columns};

fn rewriting(criterion: &mut Criterion) {
    let columns = Columns {
        scheme: "https",
        host: "origin.example",
        path: "archive",
        prefix: "images/",
        replace: Some("originals/"),
    };
    let mut rule = three_columns(1, &columns);
    if let Some(redirect) = &mut rule.redirect {
        redirect.mirror.pass_query_string = Some(true);
    }
    let miss = MissContext { query: Some("caller=lucas&production=oss".into()), ..MissContext::default() };
    let mut group = criterion.benchmark_group("origin_url");
    for (name, key) in [
        ("plain_key", "images/2024/11/05/photo-000123.jpg"),
        ("encoded_key", "images/中文目录/文件 名称 (1) +100%?#.jpg"),
    ] {
        let key = ObjectKey::parse(key).expect("the key is short");
        group.bench_function(name, |bencher| {
            bencher.iter(|| origin_url(black_box(&rule), black_box(&key), black_box(&miss)));
        });
    }
    group.finish();
}

criterion_group!(benches, rewriting);
criterion_main!(benches);
