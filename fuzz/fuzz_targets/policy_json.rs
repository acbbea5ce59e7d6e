//! A policy from anybody who may put one: no panic in reading or asking it; what was read is read again to the same;
//! a policy that allows an anonymous request is known to be public, unless a condition made it so.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use headwater_model::access::{Context, NoFields, ObjectState, Principal, Question};
use headwater_model::bucket::PublicAccessBlock;
use headwater_model::clock::Timestamp;
use headwater_model::op::Action;
use headwater_model::policy::{Attached, Effect, MAX_S3_POLICY_BYTES, Policy};
use libfuzzer_sys::fuzz_target;

/// 2024-02-29T23:59:59Z.
const NOW: i64 = 1_709_251_199_000;
const ACTIONS: [Action; 5] =
    [Action::GetObject, Action::PutObject, Action::ListObjects, Action::DeleteObject, Action::PutBucketPolicy];

fuzz_target!(|body: &[u8]| {
    if body.len() > MAX_S3_POLICY_BYTES {
        return;
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    for attached in [Attached::Bucket("bucket"), Attached::Key] {
        let Ok(policy) = Policy::parse(text, attached) else { continue };
        assert_eq!(policy.text(), text);
        assert_eq!(Policy::parse(policy.text(), attached).expect("its own text"), policy);
        let context = Context {
            source: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            secure: false,
            now: Timestamp(NOW),
            fields: &NoFields,
        };
        for action in ACTIONS {
            for key in [None, Some("dir/key.txt")] {
                for object in [ObjectState::Unknown, ObjectState::Absent] {
                    let principal = Principal::Anonymous;
                    let question =
                        Question { principal: &principal, action, bucket: "bucket", key, object, context: &context, account_block: PublicAccessBlock::default() };
                    let effect = policy.evaluate(&question);
                    let conditional = text.contains("Condition");
                    if effect == Effect::Allow && !conditional && attached != Attached::Key {
                        assert!(policy.is_public(), "{text}");
                    }
                }
            }
        }
    }
});
