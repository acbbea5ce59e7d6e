//! What a signature costs per request: a small signed GET pays this once, with its signing key remembered.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_wire::sign::{
    ContentSha256, Signing, SigningKeys, Target, VerifyContext, detect, sign_oss_v1_headers, sign_v4_headers, verify,
};
use http::Request;
use http::request::Parts;

const NOW: Timestamp = Timestamp(1_704_068_100_000);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TARGET: Target<'static> = Target { bucket: Some("example"), key: Some("examplefolder/file-000123.txt") };

fn unsigned() -> Parts {
    let request = Request::get("http://127.0.0.1:9000/example/examplefolder/file-000123.txt")
        .header("user-agent", "bench/1.0")
        .header("accept", "*/*");
    request.body(()).expect("a valid request").into_parts().0
}

fn signing(dialect: Dialect, keys: &SigningKeys) -> Signing<'_> {
    Signing {
        dialect,
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret: SECRET,
        session_token: None,
        region: "cn-hangzhou",
        target: TARGET,
        additional_headers: &[],
        now: NOW,
        keys,
    }
}

fn signed(scheme: &str, keys: &SigningKeys) -> Parts {
    let mut parts = unsigned();
    match scheme {
        "sigv4" => sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(Dialect::S3, keys)),
        "oss_v4" => sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(Dialect::Oss, keys)),
        _ => sign_oss_v1_headers(&mut parts, &signing(Dialect::Oss, keys)),
    }
    .expect("a request that can be signed");
    parts
}

fn verification(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify_header");
    for scheme in ["sigv4", "oss_v1", "oss_v4"] {
        let keys = SigningKeys::new();
        let parts = signed(scheme, &keys);
        let context = VerifyContext { now: NOW, target: TARGET, strict_region: None, keys: &keys };
        group.bench_function(scheme, |bencher| {
            bencher.iter(|| {
                let parts = black_box(&parts);
                let credentials = detect(parts).expect("parses").expect("is signed");
                verify(parts, &credentials, SECRET, &context).expect("verifies")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verification);
criterion_main!(benches);
