//! Every route of a real server, asked wrongly by root, who may do everything: whatever is wrong is the client's fault, and
//! a document that is refused changes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_model::bucket::Dialect;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use md5::Digest as _;

use crate::matrix::rows;
use crate::support::{Running, collect, open_bucket, request, signed, start};

const WRONG: [&str; 7] = ["", "-1", "0", "x", "99999999999999999999", "%ff", "2030-99-99T00:00:00Z"];

/// One connection, made anew when an answer closed it.
struct Client<'r> {
    running: &'r Running,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client<'_> {
    async fn ask(&mut self, dialect: Dialect, request: Request<Full<Bytes>>) -> (StatusCode, String) {
        let mut request = request;
        let marker = if dialect == Dialect::Oss { "x-oss-marker" } else { "x-amz-marker" };
        request.headers_mut().insert(marker, HeaderValue::from_static("1"));
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let target = match path.split_once('/') {
            Some((bucket, key)) => (Some(bucket), Some(key)),
            None => (Some(&*path).filter(|path| !path.is_empty()), None),
        };
        let request = signed(request, dialect, target);
        let described = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let mut kept = self.sender.take();
        let usable = match &mut kept {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        let mut sender = match kept {
            Some(sender) if usable => sender,
            _ => self.running.connect().await,
        };
        let answer = sender.send_request(request).await.unwrap_or_else(|error| panic!("{described}: {error}"));
        let (parts, body) = collect(answer).await;
        self.sender = Some(sender);
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(parts.status.as_u16() < 500 || parts.status == 501, "{described}: {} {text}", parts.status);
        assert!(!text.contains("SignatureDoesNotMatch"), "{described}: {text}");
        (parts.status, text)
    }
}

fn names(sign: char) -> Vec<&'static str> {
    let all = include_str!("../../../wire/src/codec/tests/wrong_inputs.txt");
    all.lines().filter_map(|line| line.strip_prefix(sign)).collect()
}

fn faces(faces: &str) -> impl Iterator<Item = Dialect> + use<'_> {
    let both = [("oss", Dialect::Oss), ("s3", Dialect::S3)];
    both.into_iter().filter(move |(face, _)| ["both", *face].contains(&faces)).map(|(_, dialect)| dialect)
}

/// One wrong value for each name with every route, another one for each route.
#[tokio::test]
async fn no_wrong_value_is_the_servers_fault() {
    let running = start(None).await;
    open_bucket(&running).await;
    let mut client = Client { running: &running, sender: None };
    let mut values = WRONG.iter().cycle();
    for row in rows().iter().filter(|row| row.name != "PostObject") {
        for dialect in faces(row.faces) {
            client.ask(dialect, request(Method::PUT, "/bkt/key", "body")).await;
            for name in names('?') {
                let value = values.next().unwrap();
                let join = if row.path.contains('?') { '&' } else { '?' };
                let path = format!("{}{join}{name}={value}", row.path);
                client.ask(dialect, request(row.method.clone(), &path, "")).await;
            }
            for name in names(':') {
                let mut request = request(row.method.clone(), row.path, "");
                let value = HeaderValue::from_static(values.next().unwrap());
                request.headers_mut().insert(HeaderName::from_static(name), value);
                client.ask(dialect, request).await;
            }
        }
    }
}

/// What a setting is shown as, without the id of the request that an error names.
fn settled((status, text): &(StatusCode, String)) -> (StatusCode, &str) {
    (*status, if status.is_success() { text } else { "" })
}

/// The document without each of its elements, and with another text in it.
fn wrong_documents(document: &str) -> Vec<String> {
    let mut wrong = vec![String::new(), "<".into(), "<a/>".into(), document.repeat(2)];
    let starts = document.match_indices('<').filter(|(at, _)| !document[at + 1..].starts_with('/'));
    for (at, _) in starts {
        let name: String = document[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let close = format!("</{name}>");
        let Some(length) = document[at..].find(&close) else { continue };
        let end = at + length + close.len();
        wrong.push([&document[..at], &document[end..]].concat());
        for text in ["", "-1", "x", "99999999999999999999"] {
            wrong.push([&document[..at], &format!("<{name}>{text}{close}"), &document[end..]].concat());
        }
    }
    wrong
}

#[tokio::test]
async fn a_refused_document_changes_nothing() {
    let running = start(None).await;
    open_bucket(&running).await;
    let mut client = Client { running: &running, sender: None };
    client.ask(Dialect::S3, request(Method::PUT, "/bkt/key", "body")).await;
    let mut refused = 0;
    let documents = include_str!("../../../wire/src/codec/tests/documents.txt");
    for line in documents.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(4, ' ').collect();
        let (method, target): (Method, &str) = (fields[1].parse().unwrap(), fields[2]);
        for dialect in faces(fields[0]) {
            for wrong in wrong_documents(fields[3]) {
                let show = || request(Method::GET, target, "");
                let before = client.ask(dialect, show()).await;
                let mut sent = request(method.clone(), target, "");
                let digest = BASE64.encode(md5::Md5::digest(wrong.as_bytes()));
                sent.headers_mut().insert("content-md5", digest.parse().unwrap());
                *sent.body_mut() = Full::new(Bytes::from(wrong.clone()));
                let (status, text) = client.ask(dialect, sent).await;
                if status.is_client_error() || status.is_server_error() {
                    refused += 1;
                    let after = client.ask(dialect, show()).await;
                    assert_eq!(settled(&before), settled(&after), "{method} {target} {wrong}: {text}");
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}
