//! What the operations on objects ask for beyond the one right of their name.

use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::object::ObjectHeaders;
use headwater_model::op::{Caller, Op, PutObject, PutSymlink, WriteCondition};
use headwater_model::{Error, Result};

use crate::rights::make;
use crate::support::{BUCKET, Bench, bucket, get, key, put};

/// May write and read below `in/`, and read nothing else.
async fn insider(bench: &Bench, more: &str) -> Caller<'static> {
    let policy = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"{more}], "Resource": "arn:aws:s3:::bkt/in/*"}}}}"#
    );
    make(bench, "insider", Some(&policy)).await
}

fn denied<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::AccessDenied { .. }))
}

#[tokio::test]
async fn a_link_opens_nothing_that_was_closed() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("out/secret", b"x").await.unwrap();
    bench.put("in/plain", b"x").await.unwrap();
    let insider = insider(&bench, "").await;
    for (target, closed) in [("out/secret", true), ("out/missing", true), ("in/plain", false)] {
        let link = PutSymlink {
            bucket: bucket(BUCKET),
            key: key("in/link"),
            target: key(target),
            headers: ObjectHeaders::default(),
            tags: Vec::new(),
            acl: None,
            condition: WriteCondition::Any,
        };
        bench.engine.perform(&insider, Op::PutSymlink(Box::new(link)), Body::Empty).await.unwrap();
        let read = bench.get(&insider, get("in/link")).await;
        assert_eq!((denied(&read), read.is_ok()), (closed, !closed), "{target}");
    }
}

#[tokio::test]
async fn tags_are_written_by_who_may_write_tags() {
    for (more, allowed) in [("", false), (r#", "s3:PutObjectTagging""#, true)] {
        let bench = Bench::new(CannedAcl::Private).await;
        let insider = insider(&bench, more).await;
        let tagged = PutObject { tags: vec![("k".into(), "v".into())], ..put("in/a") };
        let written = bench.engine.perform(&insider, Op::PutObject(Box::new(tagged)), Body::Empty).await;
        assert_eq!((written.is_ok(), denied(&written)), (allowed, !allowed));
    }
}
