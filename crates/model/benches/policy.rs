//! What one question to a policy of 20 statements costs: at most 5 µs.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use headwater_model::access::{Context, Identity, ObjectState, Principal, Question};
use headwater_model::clock::Timestamp;
use headwater_model::op::Action;
use headwater_model::policy::{Attached, Effect, Policy};
use headwater_model::reply::Owner;

fn policy() -> Policy {
    let statement = |n: usize| {
        format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": ["arn:aws:iam::{n}:root", "bob{n}"]}},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::bkt/team{n}/*", "arn:aws:s3:::bkt/*/shared/*.txt"],
                "Condition": {{"IpAddress": {{"aws:SourceIp": ["10.{n}.0.0/16", "192.168.0.0/16"]}},
                               "StringNotLike": {{"aws:Referer": "http://evil{n}.example/*"}}}}}}"#
        )
    };
    let mut statements: Vec<String> = (0..19).map(statement).collect();
    statements.push(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bkt/a/*/shared/*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.200.0.0/16"}}}"#
            .to_owned(),
    );
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
    Policy::parse(&text, Attached::Bucket("bkt")).expect("a policy")
}

fn evaluate(c: &mut Criterion) {
    let policy = policy();
    let owner = Owner { id: "a".repeat(64).into(), display_name: "bob7".into() };
    let identity = Identity { access_key_id: "AKID".into(), owner, root: false, policy: None, session: None };
    let principal = Principal::Key(Arc::new(identity));
    let context = Context { source: Some([10, 200, 3, 4].into()), ..Context::internal(Timestamp(0)) };
    let question = Question {
        principal: &principal,
        action: Action::GetObject,
        bucket: "bkt",
        key: Some("a/very/long/key/in/a/deep/folder/shared/with/many/others/picture-0001.jpeg"),
        object: ObjectState::Absent,
        context: &context,
        account_block: headwater_model::bucket::PublicAccessBlock::default(),
    };
    assert_eq!(policy.evaluate(&question), Effect::Allow, "the last statement is reached");
    c.bench_function("policy of 20 statements", |bencher| {
        bencher.iter(|| black_box(&policy).evaluate(black_box(&question)));
    });
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
