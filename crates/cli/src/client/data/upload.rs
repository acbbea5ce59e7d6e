//! `object put`: a file or standard input as an object.
//!
//! Guarantees: the object appears whole or not at all, and the server has compared what came with its digest (SHA-256), unless
//! TLS carried it. A multipart upload that fails or is interrupted is aborted.
//!
//! How: a file goes as one request, after it was read once for its digest where that is needed. A file that is too large for
//! one request, and a stream, whose length nobody knows, go as a multipart upload, a part in memory at a time; a stream
//! that ends within its first part goes as one request too.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use headwater_wire::sign::ContentSha256;
use headwater_wire::xml::{XmlWriter, parse};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use super::source::{FileBody, Source, digest, part};
use super::{Call, DataPlane, Payload, Place, whole};
use crate::client::connection::encoded;
use crate::client::progress;

/// Most that one request may hold, of both vendors.
const MAX_PUT_BYTES: u64 = 5 << 30;
/// Most parts of an upload, of both vendors.
const MAX_PARTS: u64 = 10_000;
/// Smallest part: what is held in memory for a stream.
const PART_BYTES: u64 = 16 << 20;
/// After so many parts of a stream they grow, so that its end comes before that of the numbers (some 900 GB).
const PARTS_OF_A_SIZE: u64 = 1000;

/// An object that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) struct Stored {
    pub(in crate::client) etag: String,
    pub(in crate::client) size_bytes: u64,
}

/// Stores what `file` holds.
///
/// # Errors
/// It cannot be read; what the server refuses with.
pub(in crate::client) async fn put(
    plane: &DataPlane,
    place: Place<'_>,
    file: &Path,
    content_type: Option<&str>,
) -> anyhow::Result<Stored> {
    let source = Source::open(file)?;
    let bar = progress::of_bytes(place.key.unwrap_or_default(), source.size_bytes());
    let mut headers = HeaderMap::new();
    if let Some(content_type) = content_type {
        let value = HeaderValue::try_from(content_type);
        headers.insert(header::CONTENT_TYPE, value.with_context(|| format!("--content-type {content_type:?}"))?);
    }
    let upload = Upload { plane, place, headers, bar };
    let stored = match source {
        Source::File(file, size_bytes) if size_bytes <= MAX_PUT_BYTES => upload.whole_file(file, size_bytes).await,
        Source::File(file, size_bytes) => {
            let part_bytes = PART_BYTES.max(size_bytes.div_ceil(MAX_PARTS));
            upload.in_parts(Parts { source: Box::new(file), first: None, part_bytes, grows: false }).await
        }
        Source::Stream(stream) => upload.stream(stream).await,
    };
    upload.bar.finish_and_clear();
    stored
}

struct Upload<'u> {
    plane: &'u DataPlane,
    place: Place<'u>,
    /// What the object shall have.
    headers: HeaderMap,
    bar: ProgressBar,
}

/// What is still to be sent.
struct Parts {
    source: Box<dyn std::io::Read + Send>,
    /// A part that was read already.
    first: Option<Vec<u8>>,
    part_bytes: u64,
    grows: bool,
}

impl Parts {
    /// The next part; empty at the end. Waiting for it holds nothing else up.
    async fn next(mut self, number: u64) -> anyhow::Result<(Self, Vec<u8>)> {
        if let Some(first) = self.first.take() {
            return Ok((self, first));
        }
        let growth = if self.grows { 1 + (number - 1) / PARTS_OF_A_SIZE } else { 1 };
        let limit_bytes = self.part_bytes * growth;
        let read = move || part(&mut *self.source, limit_bytes).map(|bytes| (self, bytes));
        tokio::task::spawn_blocking(read).await.context("the reader failed")?.context("cannot read")
    }
}

impl Upload<'_> {
    async fn whole_file(&self, mut file: File, size_bytes: u64) -> anyhow::Result<Stored> {
        let payload = if self.plane.is_secure() {
            ContentSha256::Unsigned
        } else {
            ContentSha256::Digest(digest(&mut file).context("cannot read the file")?)
        };
        let body = FileBody::new(file, size_bytes, self.bar.clone()).boxed_unsync();
        let call = Call { headers: self.headers.clone(), payload, ..Call::new(Method::PUT, self.place) };
        self.put(call, body, size_bytes).await
    }

    async fn stream(&self, source: Box<dyn std::io::Read + Send>) -> anyhow::Result<Stored> {
        let parts = Parts { source, first: None, part_bytes: PART_BYTES, grows: true };
        let (mut parts, first) = parts.next(1).await?;
        if (first.len() as u64) < PART_BYTES {
            let size_bytes = first.len() as u64;
            self.bar.inc(size_bytes);
            let call = Call { headers: self.headers.clone(), ..Call::new(Method::PUT, self.place) };
            let (call, body) = self.covered(call, first);
            return self.put(call, body, size_bytes).await;
        }
        parts.first = Some(first);
        self.in_parts(parts).await
    }

    /// The request with what covers its body.
    fn covered(&self, call: Call<'_>, bytes: Vec<u8>) -> (Call<'_>, Payload) {
        let payload = if self.plane.is_secure() {
            ContentSha256::Unsigned
        } else {
            ContentSha256::Digest(Sha256::digest(&bytes).into())
        };
        (Call { place: self.place, payload, ..call }, whole(bytes))
    }

    async fn put(&self, mut call: Call<'_>, body: Payload, size_bytes: u64) -> anyhow::Result<Stored> {
        call.headers.insert(header::CONTENT_LENGTH, size_bytes.into());
        let response = self.plane.send(call, body).await?;
        let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.context("the server named no ETag")?.trim_matches('"').to_owned();
        Ok(Stored { etag, size_bytes })
    }

    async fn in_parts(&self, parts: Parts) -> anyhow::Result<Stored> {
        let call = Call { headers: self.headers.clone(), ..Call::new(Method::POST, self.place) };
        let answer = self.plane.document(call.query("uploads"), whole("")).await?;
        let id = element(&answer, "InitiateMultipartUploadResult", "UploadId")?;
        let outcome = tokio::select! {
            outcome = self.every_part(&id, parts) => outcome,
            Ok(()) = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; nothing was stored")),
        };
        if outcome.is_err() {
            let call = Call::new(Method::DELETE, self.place).query(format!("uploadId={}", encoded(&id)));
            // Why it failed is what matters; a part that stays is swept by a rule, or with the bucket.
            let _ = self.plane.send(call, whole("")).await;
        }
        outcome
    }

    async fn every_part(&self, id: &str, mut parts: Parts) -> anyhow::Result<Stored> {
        let (mut sent, mut size_bytes) = (Vec::new(), 0);
        for number in 1.. {
            let (rest, bytes) = parts.next(number).await?;
            parts = rest;
            if bytes.is_empty() {
                break;
            }
            ensure!(number <= MAX_PARTS, "the stream is too long: an upload has at most {MAX_PARTS} parts");
            let length = bytes.len() as u64;
            let query = format!("partNumber={number}&uploadId={}", encoded(id));
            let (call, body) = self.covered(Call::new(Method::PUT, self.place).query(query), bytes);
            sent.push((number, self.put(call, body, length).await?.etag));
            self.bar.inc(length);
            size_bytes += length;
        }
        let call = Call::new(Method::POST, self.place).query(format!("uploadId={}", encoded(id)));
        let (mut call, body) = self.covered(call, complete(&sent).into_bytes());
        call.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        let answer = self.plane.document(call, body).await?;
        let etag = element(&answer, "CompleteMultipartUploadResult", "ETag")?;
        Ok(Stored { etag: etag.trim_matches('"').to_owned(), size_bytes })
    }
}

/// The document that lists the parts.
fn complete(parts: &[(u64, String)]) -> String {
    let mut xml = XmlWriter::new();
    xml.open("CompleteMultipartUpload");
    for (number, etag) in parts {
        xml.open("Part");
        xml.element("PartNumber", number);
        xml.element("ETag", format_args!("\"{etag}\""));
        xml.close();
    }
    xml.close();
    xml.finish()
}

/// A text of an answer. An upload may fail after its answer has begun, so another root is an error.
fn element(answer: &Bytes, root: &str, name: &str) -> anyhow::Result<String> {
    let document = parse(answer).context("the answer is no XML")?;
    match document.root(root) {
        Ok(root) => Ok(root.required_text(name)?.trim().to_owned()),
        Err(_) => bail!("{}", super::refusal(http::StatusCode::OK, answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_of_streams_grow_with_their_number() {
        let parts = |grows| Parts { source: Box::new(std::io::repeat(1)), first: None, part_bytes: 10, grows };
        for (number, grows, size) in
            [(1, true, 10), (1000, true, 10), (1001, true, 20), (10_000, true, 100), (9, false, 10)]
        {
            assert_eq!(parts(grows).next(number).await.unwrap().1.len(), size, "{number} {grows}");
        }
        let first = Parts { first: Some(vec![1]), ..parts(true) };
        let (rest, bytes) = first.next(1).await.unwrap();
        assert_eq!((bytes.len(), rest.next(2).await.unwrap().1.len()), (1, 10));
        assert!(PART_BYTES * (1..=MAX_PARTS / PARTS_OF_A_SIZE).sum::<u64>() * PARTS_OF_A_SIZE > 900 * 1_000_000_000);
    }

    #[test]
    fn an_answer_that_fails_late_is_a_failure() {
        let good = Bytes::from_static(
            b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        );
        assert_eq!(element(&good, "InitiateMultipartUploadResult", "UploadId").unwrap(), "u");
        let late = Bytes::from_static(b"<Error><Code>InvalidPart</Code><Message>gone</Message></Error>");
        let error = element(&late, "CompleteMultipartUploadResult", "ETag").unwrap_err().to_string();
        assert_eq!(error, "gone (InvalidPart)");
        assert!(complete(&[(1, "e".to_owned())]).contains("<PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag>"));
    }
}
