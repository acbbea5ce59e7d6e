//! A form as it comes: its head, then its file as a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use headwater_model::body::ByteStream;
use headwater_model::bucket::Dialect;
use headwater_model::{Error, Result};
use http::request::Parts;

use super::Form;
use super::policy::LengthRange;
use super::read::{FileReader, FormReader, boundary};

/// Reads a body until its file begins, at most [`MAX_HEAD_BYTES`](super::MAX_HEAD_BYTES) and a piece of it.
///
/// # Errors
/// As [`boundary`]; [`Error::MalformedForm`]; those of the body.
pub async fn read_form(parts: &Parts, dialect: Dialect, body: &mut ByteStream) -> Result<(Form, FileReader)> {
    let mut reader = FormReader::new(&boundary(parts, dialect)?);
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        if let Some(form) = reader.push(&chunk?)? {
            return Ok((form, reader.into_file()));
        }
    }
    if let Some(form) = reader.end()? {
        return Ok((form, reader.into_file()));
    }
    Err(Error::MalformedForm { message: "it ends before the file begins".into() })
}

/// The file's bytes, which end cleanly only behind the file's delimiter, and if the file is as long as `range` wants it.
///
/// The stream ends with [`Error::EntityTooLarge`], [`Error::EntityTooSmall`], [`Error::IncompleteBody`],
/// [`Error::MalformedForm`] or what the body ends with.
pub fn file_stream(body: ByteStream, reader: FileReader, range: LengthRange) -> ByteStream {
    Box::pin(File { body, reader, range, size_bytes: 0, judged: false })
}

struct File {
    body: ByteStream,
    reader: FileReader,
    range: LengthRange,
    size_bytes: u64,
    judged: bool,
}

impl Stream for File {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.judged {
                return Poll::Ready(None);
            }
            if let Some(bytes) = self.reader.pop() {
                self.size_bytes += bytes.len() as u64;
                if self.size_bytes > self.range.most {
                    self.judged = true;
                    let (size_bytes, limit_bytes) = (self.size_bytes, self.range.most);
                    return Poll::Ready(Some(Err(Error::EntityTooLarge { size_bytes, limit_bytes })));
                }
                return Poll::Ready(Some(Ok(bytes)));
            }
            // What follows the file is read to the end: the connection goes on behind it.
            match ready!(self.body.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    if let Err(error) = self.reader.push(chunk) {
                        self.judged = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.judged = true;
                    if !self.reader.has_ended() {
                        return Poll::Ready(Some(Err(Error::IncompleteBody)));
                    }
                    let (size_bytes, limit_bytes) = (self.size_bytes, self.range.least);
                    if size_bytes < limit_bytes {
                        let error = Error::EntityTooSmall { part_number: 0, size_bytes, limit_bytes };
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}
