//! What a bucket's owner may have configured, one resource each.

use std::sync::Arc;

use headwater_model::BucketName;
use headwater_model::bucket::{BucketConfiguration, Dialect};
use headwater_model::clock::Timestamp;
use headwater_model::lifecycle::{
    Due, Expiration, FilterNot, FilterTerms, LifecycleConfiguration, LifecycleFilter, LifecycleRule,
    NoncurrentExpiration, Transition,
};
use headwater_model::logging::{BucketLogging, LogFields, LogKeyFormat};
use headwater_model::referer::RefererConfiguration;
use headwater_model::worm::{BucketWorm, WormId};

pub(super) fn filled() -> BucketConfiguration {
    let logging = BucketLogging {
        dialect: Dialect::S3,
        target: BucketName::parse("logs").expect("a valid name"),
        prefix: "p/".into(),
        key_format: Some(LogKeyFormat::ByDeliveryTime),
    };
    let referer = RefererConfiguration {
        allow_empty: false,
        truncate_query: false,
        truncate_path: Some(true),
        allowed: vec!["http://*.example".into()],
        denied: vec!["http://bad.example".into()],
    };
    let fields = LogFields { headers: vec!["x-a".into()], parameters: vec!["p".into()] };
    BucketConfiguration {
        lifecycle: Some(Arc::new(lifecycle())),
        referer: Some(Arc::new(referer)),
        logging: Some(Arc::new(logging)),
        log_fields: Some(Arc::new(fields)),
        worm: Some(BucketWorm { id: WormId([0xC0; 16]), days: 300, created: Timestamp(1), locked: true }),
        ..BucketConfiguration::default()
    }
}

fn lifecycle() -> LifecycleConfiguration {
    let tag = || ("team".into(), "sea".into());
    let terms = |prefix: &str| FilterTerms {
        prefix: Some(prefix.into()),
        tags: vec![tag()],
        larger_than_bytes: Some(300),
        smaller_than_bytes: Some(1 << 40),
    };
    let transition = |due, storage_class: &str| Transition {
        due: Some(due),
        kept_versions: Some(4),
        storage_class: storage_class.into(),
        by_access_time: Some(false),
        return_when_visited: Some(true),
        small_objects_too: Some(true),
    };
    let rule = LifecycleRule {
        id: "one".into(),
        enabled: true,
        prefix: Some("logs/".into()),
        tags: vec![tag()],
        filter: Some(LifecycleFilter {
            own: terms("a"),
            and: Some(terms("b")),
            not: vec![FilterNot { prefix: "c".into(), tag: Some(tag()) }],
        }),
        expiration: Some(Expiration { due: Some(Due::Days(300)), lone_delete_marker: Some(true) }),
        abort_uploads: Some(Due::CreatedBefore(Timestamp(1_700_000_000_000))),
        noncurrent_expiration: Some(NoncurrentExpiration { days: 30, kept_versions: Some(5) }),
        transitions: vec![transition(Due::Date(Timestamp(-1)), "IA")],
        noncurrent_transitions: vec![transition(Due::Days(12), "GLACIER")],
    };
    LifecycleConfiguration { rules: vec![rule, LifecycleRule::default()], minimum_by_class: true }
}
