//! Rows O25, O35 to O41 and O46: heads.

use headwater_model::origin::{Framing, Origin, OriginError, OriginMethod, OriginRequest, OriginTimeouts};
use headwater_testkit::origin::{Cut, Gate, Reply, ScriptedOrigin, Step};

use crate::rig::{Rig, SHORT, failure, request};

async fn bad_response(rig: &Rig, origin: &ScriptedOrigin, what: &str, reply: Reply) {
    origin.on("/", reply);
    let error = failure(rig.get(&origin.url("/")).await);
    assert!(matches!(error, OriginError::BadResponse(_)), "{what}: {error}");
    rig.forget_failures();
}

#[tokio::test]
async fn o25_eight_interim_responses_and_no_more() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::ok("here").informational(8));
    assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"here");
    for count in [9, 100, 5000] {
        origin.on("/", Reply::ok("here").informational(count));
        assert_eq!(failure(rig.get(&origin.url("/")).await), OriginError::TooManyInterim, "{count}");
        rig.forget_failures();
    }
    // The count starts anew with each request of a connection.
    origin.on("/", Reply::ok("here").informational(6));
    for _ in 0..3 {
        assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"here");
    }
}

#[tokio::test]
async fn o25_interim_responses_without_an_end() {
    let (origin, rig, gate) = (ScriptedOrigin::start().await, Rig::new(), Gate::closed());
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    origin.on("/", Reply::script(vec![Step::Send(interim.into()), Step::Wait(gate)]));
    assert_eq!(failure(rig.get(&origin.url("/")).await), OriginError::TooManyInterim);
}

#[tokio::test]
async fn o36_two_different_lengths() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let lengths = |a, b| Reply::ok("abcdef").unframed().header("content-length", a).header("Content-Length", b);
    bad_response(&rig, &origin, "two lengths", lengths("6", "7")).await;
    bad_response(&rig, &origin, "list", Reply::ok("abcdef").unframed().header("content-length", "6, 7")).await;
    for odd in ["+6", "-6", "6x", "0x6", "", "99999999999999999999999"] {
        bad_response(&rig, &origin, odd, Reply::ok("abcdef").unframed().header("content-length", odd)).await;
    }
    origin.on("/", lengths("6", "6"));
    assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"abcdef");
}

#[tokio::test]
async fn o37_length_and_transfer_encoding() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    bad_response(&rig, &origin, "length first", Reply::ok("abc").header("transfer-encoding", "chunked")).await;
    bad_response(&rig, &origin, "length last", Reply::ok("abc").chunked(3).header("content-length", "3")).await;
    let head = OriginRequest { method: OriginMethod::Head, ..request(&origin.url("/")) };
    assert!(matches!(failure(rig.client.fetch(head).await), OriginError::BadResponse(_)));
}

#[tokio::test]
async fn o38_foreign_transfer_encodings() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for coding in ["gzip", "gzip, chunked", "chunked, chunked", "identity", "\tchunked, x"] {
        let reply = Reply::ok("3\r\nabc\r\n0\r\n\r\n").unframed().header("transfer-encoding", coding);
        bad_response(&rig, &origin, coding, reply).await;
    }
    let old = "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    bad_response(&rig, &origin, "http/1.0", Reply::raw(old)).await;
}

#[tokio::test]
async fn o39_too_large_heads() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let fields =
        |count: usize| (1..count).fold(Reply::ok("here"), |reply, number| reply.header(&format!("x-{number}"), "v"));
    origin.on("/", fields(128));
    assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"here");
    bad_response(&rig, &origin, "129 fields", fields(129)).await;
    bad_response(&rig, &origin, "1000 fields", fields(1000)).await;
    origin.on("/", Reply::ok("here").header("x-long", &"v".repeat(65_000)));
    assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"here");
    bad_response(&rig, &origin, "64 KiB", Reply::ok("here").header("x-long", &"v".repeat(65_536))).await;
    bad_response(&rig, &origin, "1 MiB", Reply::ok("here").header("x-long", &"v".repeat(1 << 20))).await;
}

#[tokio::test]
async fn o40_forbidden_bytes_in_heads() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for (what, bytes) in [
        ("nul", b"a\0b".as_slice()),
        ("bare cr", b"a\rb"),
        ("obs-fold", b"a\r\n b"),
        ("obs-fold with tab", b"a\r\n\tb"),
        ("delete", b"a\x7fb"),
        ("escape", b"a\x1bb"),
        ("line without a colon", b"a\r\nnonsense"),
        ("space before the colon", b"a\r\nx : y"),
        ("empty name", b"a\r\n: y"),
        ("name with a space", b"a\r\nx y: z"),
    ] {
        bad_response(&rig, &origin, what, Reply::ok("here").header_bytes("x-odd", bytes)).await;
    }
    origin.on("/", Reply::ok("here").header_bytes("x-utf8", "\u{e4}".as_bytes()));
    let response = rig.get(&origin.url("/")).await.unwrap();
    assert_eq!(response.headers["x-utf8"].as_bytes(), "\u{e4}".as_bytes());
}

#[tokio::test]
async fn o41_a_head_that_never_ends() {
    let (origin, rig, gate) = (ScriptedOrigin::start().await, Rig::new(), Gate::closed());
    let slow = |text: &'static str| vec![Step::Send(text.into()), Step::Wait(gate.clone())];
    origin.on("/", Reply::script(slow("HTTP/1.1 200 OK\r\ncontent-le")));
    let request = request(&origin.url("/"));
    let timeouts = OriginTimeouts { first_byte: SHORT, ..request.timeouts };
    let error = failure(rig.client.fetch(OriginRequest { timeouts, ..request }).await);
    assert_eq!(error, OriginError::FirstByteTimeout);
}

#[tokio::test]
async fn o07_a_head_cut_off_is_a_lost_connection() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let cut = vec![Step::Send("HTTP/1.1 200 OK\r\ncontent-le".into()), Step::End(Cut::Fin)];
    origin.on("/", Reply::script(cut));
    assert!(matches!(failure(rig.get(&origin.url("/")).await), OriginError::Connect(_)));
}

#[tokio::test]
async fn o46_garbage_in_the_place_of_an_answer() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for garbage in [
        "<html>http/0.9</html>\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "220 mail.example ESMTP\r\n",
        "\0\0\0\0",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let steps = vec![Step::Send(garbage.into()), Step::End(Cut::Fin)];
        bad_response(&rig, &origin, garbage, Reply::script(steps)).await;
    }
}

#[tokio::test]
async fn framings_are_told() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/length", Reply::ok("abc"));
    origin.on("/chunked", Reply::ok("abc").chunked(1));
    origin.on("/close", Reply::ok("abc").until_close());
    origin.on("/old", Reply::script(vec![Step::Send("HTTP/1.0 200 OK\r\n\r\nabc".into()), Step::End(Cut::Orderly)]));
    for (target, framing) in [
        ("/length", Framing::Length(3)),
        ("/chunked", Framing::Delimited),
        ("/close", Framing::Close),
        ("/old", Framing::Close),
    ] {
        let response = rig.get(&origin.url(target)).await.unwrap();
        assert_eq!(response.framing, framing, "{target}");
        assert_eq!(crate::rig::read(response).await.unwrap(), b"abc", "{target}");
    }
}
