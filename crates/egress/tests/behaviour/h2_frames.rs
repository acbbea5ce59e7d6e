//! Rows O47 and O48 frame by frame: an HTTP/2 origin that no library would let misbehave like this.

use headwater_model::origin::{Framing, OriginError};
use headwater_testkit::origin::{TestAuthority, Validity};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::rig::{Options, Rig, read_until_end};

/// Frame types and flags of RFC 9113 section 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const PREFACE_BYTES: usize = 24;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `:status 200`, and `content-length` if there is one, as HPACK literals.
fn head(length: Option<&str>) -> Vec<u8> {
    let mut block = vec![0x88];
    if let Some(digits) = length {
        block.extend([0x0f, 0x0d, u8::try_from(digits.len()).unwrap()]);
        block.extend(digits.as_bytes());
    }
    frame(HEADERS, END_HEADERS, 1, &block)
}

fn data(text: &str) -> Vec<u8> {
    frame(DATA, 0, 1, text.as_bytes())
}

fn last_data(text: &str) -> Vec<u8> {
    frame(DATA, END_STREAM, 1, text.as_bytes())
}

fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

fn go_away(last_stream: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), code.to_be_bytes()].concat())
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    StayOpen,
    Close,
}

/// Answers the first request of the first connection with these frames.
async fn fetch_from(frames: &[Vec<u8>], then: Then) -> (Option<Framing>, Vec<u8>, Result<(), OriginError>) {
    let authority = TestAuthority::new("ours");
    let directory = tempfile::tempdir().unwrap();
    let rig = Rig::with(Options { ca_files: vec![authority.write_pem(directory.path())], ..Options::default() });
    let config = authority.issue(&["127.0.0.1"], Validity::Current).server_config(&["h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let frames = frames.concat();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(config).accept(tcp).await.unwrap();
        stream.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        while next_frame(&mut stream).await != HEADERS {}
        stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await.unwrap();
        stream.write_all(&frames).await.unwrap();
        stream.flush().await.unwrap();
        if then == Then::Close {
            stream.shutdown().await.unwrap();
        }
        // Read on, so that closing does not reset what was sent.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let result = match rig.get(&url).await {
        Ok(response) => {
            let framing = response.framing;
            let (bytes, end) = read_until_end(response).await;
            (Some(framing), bytes, end)
        }
        Err(error) => (None, Vec::new(), Err(error)),
    };
    drop(rig);
    server.await.unwrap();
    result
}

/// Reads a frame and tells its type.
async fn next_frame(stream: &mut (impl AsyncRead + Unpin)) -> u8 {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    stream.read_exact(&mut vec![0; usize::try_from(length).unwrap()]).await.unwrap();
    head[3]
}

fn assert_broken(what: &str, (_, bytes, end): &(Option<Framing>, Vec<u8>, Result<(), OriginError>)) {
    assert!(b"abc".starts_with(bytes.as_slice()), "{what}: {bytes:?}");
    assert!(matches!(end, Err(OriginError::BodyBroken(_))), "{what}: {end:?}");
}

#[tokio::test]
async fn whole_bodies_with_and_without_length() {
    let with = fetch_from(&[head(Some("6")), data("abc"), last_data("def")], Then::StayOpen).await;
    assert_eq!(with, (Some(Framing::Length(6)), b"abcdef".to_vec(), Ok(())));
    let without = fetch_from(&[head(None), data("abc"), last_data("")], Then::StayOpen).await;
    assert_eq!(without, (Some(Framing::Delimited), b"abc".to_vec(), Ok(())));
}

/// A reset "without error" tells a client to stop sending once it has the whole answer (RFC 9113 section 8.1); before
/// the answer's end it is a loss like any other.
#[tokio::test]
async fn o47_a_reset_of_any_code_within_the_body_is_no_end() {
    for code in [0, 1, 2, 7, 8, 11, 99] {
        for length in [None, Some("6")] {
            let result = fetch_from(&[head(length), data("abc"), reset(code)], Then::StayOpen).await;
            assert_broken(&format!("code {code}, length {length:?}"), &result);
        }
    }
}

#[tokio::test]
async fn o47_a_reset_behind_the_end_changes_nothing() {
    for length in [None, Some("3")] {
        let result = fetch_from(&[head(length), last_data("abc"), reset(0)], Then::StayOpen).await;
        assert_eq!((result.1, result.2), (b"abc".to_vec(), Ok(())), "{length:?}");
    }
}

#[tokio::test]
async fn o47_goaway_lets_the_body_finish_and_a_lost_connection_does_not() {
    for length in [None, Some("6")] {
        let finished = [head(length), data("abc"), go_away(1, 0), last_data("def")];
        let result = fetch_from(&finished, Then::Close).await;
        assert_eq!((result.1, result.2), (b"abcdef".to_vec(), Ok(())), "{length:?}");
        for (what, then) in [("goaway", vec![go_away(1, 0)]), ("error", vec![go_away(1, 2)]), ("close", Vec::new())] {
            let cut = [vec![head(length), data("abc")], then].concat();
            assert_broken(&format!("{what}, length {length:?}"), &fetch_from(&cut, Then::Close).await);
        }
    }
}

#[tokio::test]
async fn o48_an_end_before_the_length() {
    assert_broken("short", &fetch_from(&[head(Some("6")), data("ab"), last_data("c")], Then::StayOpen).await);
    let (framing, _, end) = fetch_from(&[head(Some("6")), last_data("")], Then::StayOpen).await;
    assert!(end.is_err(), "{framing:?}");
}

/// The protocol's own check finds surplus and resets the stream; which bytes were one too many is not told.
#[tokio::test]
async fn o48_surplus_data() {
    for frames in [[data("abcd"), last_data("")], [data("abc"), last_data("d")]] {
        let result = fetch_from(&[vec![head(Some("3"))], frames.to_vec()].concat(), Then::StayOpen).await;
        assert_broken("surplus", &result);
    }
}
