//! An origin's answer, byte for byte, as the client reads and the fill judges it: no panic, no limit passed, no text of
//! the origin where it does not belong.
//!
//! Input: two bytes of switches, then what the origin sends until it closes.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use headwater_egress::fuzzing as egress;
use headwater_engine::fuzzing::{self as engine, Judged};
use headwater_model::Error;
use headwater_model::clock::Timestamp;
use headwater_model::origin::Framing;
use headwater_model::settings::MigrationSettings;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::runtime::Runtime;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const BASE: &str = "https://origin.example:8443/base/key?x=1";
/// Longest value of a kept field, and all user metadata of an object.
const MAX_KEPT_BYTES: usize = 8 << 10;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime without sockets"));

/// The answer's head and, if it ends as its framing says, its body's length; `None` if there is no head.
async fn read(sent: &[u8]) -> Option<(http::response::Parts, Option<u64>)> {
    let (ours, mut theirs) = duplex(sent.len() + (8 << 10));
    // Bytes before the request would be refused as such, whatever they are.
    let serving = async move {
        let mut request = [0; 256];
        if theirs.read(&mut request).await.is_ok_and(|length| length > 0) {
            let _ = theirs.write_all(sent).await;
            let _ = theirs.shutdown().await;
        }
        // The other direction stays open until the client is done.
        std::future::pending::<()>().await;
        drop(theirs);
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(egress::MAX_FIELDS)
        .max_header_size(egress::MAX_HEAD_BYTES)
        .max_buf_size(256 << 10)
        .handshake(TokioIo::new(ours))
        .await
        .ok()?;
    let request = Request::get("/base/key?x=1").header("host", "origin.example").body(Empty::<Bytes>::new());
    let asking = async {
        let response = sender.send_request(request.expect("a request")).await.ok()?;
        let (head, body) = response.into_parts();
        let whole = body.collect().await.ok().map(|body| body.to_bytes().len() as u64);
        Some((head, whole))
    };
    let mut asking = std::pin::pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        () = serving => None,
        _ = connection => asking.await,
    }
}

fn check_texts<'t>(texts: impl Iterator<Item = &'t str>) {
    for text in texts {
        assert!(text.len() <= MAX_KEPT_BYTES && !text.chars().any(char::is_control), "{text:?}");
    }
}

fn check(judged: Judged, status: u16, headers: &HeaderMap, framing: Framing) {
    match judged {
        Judged::Object(meta, length) => {
            assert!(matches!(status, 200 | 206));
            if status == 206 {
                let (first, last, total) = engine::content_range(headers).expect("it proves to be the whole");
                assert_eq!((first, last.checked_add(1)), (0, Some(total)));
                assert_eq!(length, Some(total));
            }
            if let Framing::Length(framed) = framing {
                assert_eq!(length, Some(framed));
            }
            assert!(length.is_none_or(|length| length <= MigrationSettings::default().max_object_bytes));
            assert!(meta.last_modified <= NOW && meta.last_modified.0 >= 0);
            let content = &meta.headers.content;
            let fields = [
                &content.content_type,
                &content.content_encoding,
                &content.content_disposition,
                &content.content_language,
                &content.cache_control,
                &content.expires,
                &content.access_control_allow_origin,
            ];
            check_texts(fields.into_iter().flatten().map(|text| &**text));
            check_texts(meta.headers.user.iter().flat_map(|(name, value)| [&**name, &**value]));
            let user_bytes: usize = meta.headers.user.iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(user_bytes <= MAX_KEPT_BYTES);
        }
        Judged::NotFound => assert!(matches!(status, 403 | 404 | 410)),
        Judged::Relay(location, content_type) => {
            if let Some(location) = location {
                assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location:?}");
                let lower = location.to_ascii_lowercase();
                assert!(!lower.starts_with("javascript:") && !lower.starts_with("data:"), "{location:?}");
            }
            check_texts(content_type.iter().map(|text| &**text));
        }
        Judged::Failed(Error::MirrorFailed(failure)) => {
            assert!(!failure.message.contains(['<', '>', '&']), "{}", failure.message);
            assert!(failure.retry_after.is_none_or(|wait| wait.as_secs() <= 60));
        }
        Judged::Failed(other) => panic!("a head is the origin's fault: {other}"),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((switches, sent)) = input.split_at_checked(2) else { return };
    let switches = u16::from_le_bytes([switches[0], switches[1]]);
    let Some((head, whole)) = RUNTIME.block_on(read(sent)) else { return };
    let Ok(framing) = egress::framing(head.version, head.status, &head.headers) else { return };
    if let (Framing::Length(length), Some(whole)) = (framing, whole) {
        let bodiless = matches!(head.status.as_u16(), 204 | 304);
        assert!(bodiless || whole == length, "{whole} bytes instead of {length}");
    }
    let status = head.status.as_u16();
    check(engine::judge(status, &head.headers, framing, switches, NOW), status, &head.headers, framing);
    engine::offers(&head.headers, &head.headers, whole, NOW);
    if let Ok(next) = egress::next_target(BASE, &head.headers) {
        assert!(next.secure, "from https down to http");
        assert!(next.path.starts_with('/') && next.path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", next.path);
    }
});
