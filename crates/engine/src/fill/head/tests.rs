use headwater_model::settings::MigrationSettings;

use super::*;

const NOW: Timestamp = Timestamp(784_111_777_000);

fn wants() -> Wants {
    Wants {
        follow_redirects: true,
        async_status: None,
        check_md5: false,
        switch_all_errors: false,
        save_meta: false,
        origin_last_modified: false,
        origin_etag: false,
        transparent: Box::default(),
        tags: Tags::new(),
        return_headers: Vec::new(),
        unstored: None,
        settings: MigrationSettings { max_object_bytes: 1000, ..MigrationSettings::default() },
    }
}

fn judged(status: u16, fields: &[(&'static str, &str)], framing: Framing, wants: &Wants) -> Verdict {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().unwrap());
    }
    judge(
        status,
        &headers,
        framing,
        &Circumstances { wants, started: NOW, kind: OriginKind::Http, treat_403_as_404: false },
    )
}

fn reason(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed(failure) => failure.reason(),
        other => panic!("not a failure: {other:?}"),
    }
}

fn length(verdict: Verdict) -> Option<u64> {
    match verdict {
        Verdict::Object(head) => head.length,
        other => panic!("not an object: {other:?}"),
    }
}

#[test]
fn row_4_only_200_and_a_whole_206_are_the_object() {
    let wants = wants();
    for status in 100..600 {
        let verdict = judged(status, &[], Framing::Delimited, &wants);
        match status {
            200 => assert!(matches!(verdict, Verdict::Object(_))),
            404 | 410 => assert!(matches!(verdict, Verdict::NotFound)),
            206 => assert_eq!(reason(verdict), "partial_answer"),
            _ => assert_eq!(reason(verdict), "origin_status", "{status}"),
        }
    }
}

#[test]
fn o21_a_partial_answer_must_prove_to_be_the_whole() {
    let wants = wants();
    let partial = |range: &str, framing| judged(206, &[("content-range", range)], framing, &wants);
    assert_eq!(length(partial("bytes 0-99/100", Framing::Length(100))), Some(100));
    assert_eq!(length(partial("bytes 0-99/100", Framing::Delimited)), Some(100));
    for (range, framing) in [
        ("bytes 0-98/100", Framing::Delimited),
        ("bytes 1-99/100", Framing::Delimited),
        ("bytes 0-99/*", Framing::Delimited),
        ("bytes 0-99/100", Framing::Length(50)),
        ("items 0-99/100", Framing::Delimited),
        ("bytes 0-18446744073709551615/1", Framing::Delimited),
    ] {
        assert_eq!(reason(partial(range, framing)), "partial_answer", "{range}");
    }
}

#[test]
fn o44_an_object_announced_too_large_is_refused() {
    assert_eq!(length(judged(200, &[], Framing::Length(1000), &wants())), Some(1000));
    assert_eq!(reason(judged(200, &[], Framing::Length(1001), &wants())), "too_large");
}

#[test]
fn row_10_locations_that_may_be_passed_on() {
    let wants = Wants { follow_redirects: false, ..wants() };
    for status in [301, 302, 303, 307, 308] {
        for good in ["http://a/b", "HTTPS://a/b", "/c", "d?e:f", "//host/x", "?q"] {
            match judged(status, &[("location", good)], Framing::Length(0), &wants) {
                Verdict::Relay(relay) => assert_eq!(relay.location.as_deref(), Some(good)),
                other => panic!("{good}: {other:?}"),
            }
        }
        for bad in ["", "javascript:x", "data:text/html,x", "http://a b", "file:///etc"] {
            assert_eq!(reason(judged(status, &[("location", bad)], Framing::Length(0), &wants)), "bad_redirect");
        }
    }
    assert_eq!(reason(judged(304, &[("location", "/")], Framing::Length(0), &wants)), "origin_status");
}

#[test]
fn row_16_content_md5_counts_only_where_it_is_checked() {
    let of = |check, value: &str| {
        let wants = Wants { check_md5: check, ..wants() };
        match judged(200, &[("content-md5", value)], Framing::Length(0), &wants) {
            Verdict::Object(head) => head.content_md5,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(of(true, "1B2M2Y8AsgTpgAmY7PhCfg=="), ContentMd5::Announced(_)));
    assert_eq!(of(true, "1B2M2Y8AsgTpgAmY7PhC"), ContentMd5::Malformed);
    assert_eq!(of(true, "d41d8cd98f00b204e9800998ecf8427e"), ContentMd5::Malformed);
    assert_eq!(of(false, "1B2M2Y8AsgTpgAmY7PhC"), ContentMd5::Unchecked);
}
