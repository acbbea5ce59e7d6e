//! Texts compressed on their way to clients of OSS that accept it.
//!
//! Guarantees: what is stored is never changed, and what was asked for in parts is never compressed; a body that breaks off
//! breaks off compressed too. Which bodies: those of OSS's "Compressed transmission": at least 1 KiB, of one of its types,
//! to a GET with `Accept-Encoding: gzip`. The answer then has neither a length nor an MD5, since both would be of other
//! bytes; the CRC-64 is that of the object. S3 does not compress.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_core::Stream;
use headwater_model::Result;
use headwater_model::body::{Body, ByteStream};
use headwater_model::bucket::Dialect;
use headwater_wire::{Operation, Routed};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// OSS: smaller ones are sent as they are.
const LEAST_BYTES: u64 = 1 << 10;

/// The types that OSS compresses.
const TYPES: [&str; 10] = [
    "text/cache-manifest",
    "text/xml",
    "text/css",
    "text/html",
    "text/plain",
    "application/javascript",
    "application/x-javascript",
    "application/rss+xml",
    "application/json",
    "text/json",
];

/// The answer, compressed if it may be.
pub(crate) fn compressed(routed: &Routed, parts: &Parts, response: Response<Body>) -> Response<Body> {
    let fits = routed.dialect == Dialect::Oss
        && routed.operation == Operation::GetObject
        && response.status() == StatusCode::OK
        && accepts_gzip(parts)
        && is_text(&response);
    if !fits {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let inner: ByteStream = match body {
        Body::Stream(stream) => stream,
        Body::Full(bytes) => Box::pin(futures_util::stream::once(std::future::ready(Ok(bytes)))),
        Body::Empty => return Response::from_parts(head, Body::Empty),
    };
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(HeaderName::from_static("content-md5"));
    // A strong tag means these very bytes.
    if let Some(tag) =
        head.headers.get(ETAG).and_then(|tag| HeaderValue::try_from(format!("W/{}", tag.to_str().ok()?)).ok())
    {
        head.headers.insert(ETAG, tag);
    }
    let encoder = Some(GzEncoder::new(Vec::new(), Compression::fast()));
    Response::from_parts(head, Body::Stream(Box::pin(Gzip { inner, encoder })))
}

/// Whether the client says so, and not with a quality of nought.
fn accepts_gzip(parts: &Parts) -> bool {
    let lists = parts.headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let mut words = coding.split(';').map(str::trim);
        let refused = |word: &str| word.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
        words.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !words.any(refused)
    })
}

fn is_text(response: &Response<Body>) -> bool {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let size_bytes = text(CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let kind = text(CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    size_bytes.is_some_and(|size_bytes| size_bytes >= LEAST_BYTES)
        && !response.headers().contains_key(CONTENT_ENCODING)
        && TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// Compresses piece by piece; what the encoder holds back is some 32 KiB.
struct Gzip {
    inner: ByteStream,
    /// `None` once the end was written, or the body is broken.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Stream for Gzip {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(encoder) = &mut this.encoder else { return Poll::Ready(None) };
            match std::task::ready!(this.inner.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    encoder.write_all(&chunk).expect("writing to memory cannot fail");
                    let out = std::mem::take(encoder.get_mut());
                    if !out.is_empty() {
                        return Poll::Ready(Some(Ok(out.into())));
                    }
                }
                Some(Err(error)) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    let encoder = this.encoder.take().expect("it was there");
                    let out = encoder.finish().expect("writing to memory cannot fail");
                    return Poll::Ready(Some(Ok(out.into())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_must_be_named_and_not_refused() {
        for (value, accepted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("*", false),
            ("xgzip", false),
        ] {
            let request = http::Request::builder().header(ACCEPT_ENCODING, value).body(()).unwrap();
            assert_eq!(accepts_gzip(&request.into_parts().0), accepted, "{value}");
        }
    }
}
