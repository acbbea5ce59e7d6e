//! Any request that claims a signature, in every form of both vendors: no panic, and nobody without the secret gets in.
//!
//! Input: a head as text. It is checked against a secret that its author cannot know.

#![no_main]

use headwater_fuzz::request;
use headwater_model::clock::Timestamp;
use headwater_wire::sign::{SigningKeys, Target, VerifyContext, detect, verify, verify_unknown};
use libfuzzer_sys::fuzz_target;

/// 2024-02-29T23:59:59Z: seeds are signed around it.
const NOW: i64 = 1_709_251_199_000;
const SECRET: &str = "8f0c7fa1-4f0e-4c55-a5e6-6c1f38a3a8a8";

fuzz_target!(|input: &[u8]| {
    let Some((parts, _)) = request(input) else { return };
    let Ok(Some(credentials)) = detect(&parts) else { return };
    let keys = SigningKeys::new();
    for target in [Target::default(), Target { bucket: Some("bucket"), key: Some("key") }] {
        for strict_region in [None, Some("cn-hangzhou")] {
            let context = VerifyContext { now: Timestamp(NOW), target, strict_region, keys: &keys };
            assert!(verify(&parts, &credentials, SECRET, &context).is_err(), "{parts:?}");
            let _ = verify_unknown(&parts, &credentials, &context);
        }
    }
});
