//! Reading `multipart/form-data` (RFC 7578) as it comes: the fields at once, the file in pieces.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use headwater_model::{Error, Result};
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::Form;

/// Most bytes before the file, delimiters included: policies have at most some KiB (S3 allows 20 KB of fields).
pub const MAX_HEAD_BYTES: usize = 64 << 10;
/// Most fields before the file.
const MAX_FIELDS: usize = 128;
/// The buffer is looked through after so many bytes more: a body that comes byte by byte must not cost its square.
const STEP_BYTES: usize = 512;
/// Longest boundary (RFC 2046: 70).
const MAX_BOUNDARY_BYTES: usize = 70;

/// The boundary that the head of a request announces.
///
/// # Errors
/// [`Error::MalformedForm`] if the body is no form, or without a boundary.
pub fn boundary(parts: &Parts) -> Result<String> {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(malformed("the Content-Type is not multipart/form-data"));
    }
    let found = parameter(parameters, "boundary").filter(|text| (1..=MAX_BOUNDARY_BYTES).contains(&text.len()));
    found.ok_or_else(|| malformed("the Content-Type names no boundary"))
}

fn malformed(message: &str) -> Error {
    Error::MalformedForm { message: message.into() }
}

/// A parameter of a header's value, without its quotes. Browsers write the quote in a name as `%22`, which stays.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (found, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if found.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(name) {
            return Some(value.trim_end().to_owned());
        }
        rest = behind.trim_start().trim_start_matches(';');
    }
    None
}

/// Takes the body until the file begins.
#[derive(Debug)]
pub struct FormReader {
    /// What stands before each part but the first: a line end, two dashes and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    /// Where the next part's head begins, once the first delimiter was seen.
    next: Option<usize>,
    /// Bytes that came since the buffer was looked through.
    unread: usize,
    form: Form,
}

impl FormReader {
    /// For a body with this [`boundary`].
    pub fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Self { delimiter, buffer: BytesMut::new(), next: None, unread: 0, form: Form::default() }
    }

    /// Takes the next bytes; the form, once its file begins: then [`FormReader::into_file`].
    ///
    /// # Errors
    /// [`Error::MalformedForm`].
    pub fn push(&mut self, chunk: &[u8]) -> Result<Option<Form>> {
        self.buffer.extend_from_slice(chunk);
        self.unread += chunk.len();
        if self.unread < STEP_BYTES {
            return Ok(None);
        }
        self.read()
    }

    /// As [`FormReader::push`] of the last bytes; `None` if the body ends before the file begins.
    ///
    /// # Errors
    /// [`Error::MalformedForm`].
    pub fn end(&mut self) -> Result<Option<Form>> {
        self.read()
    }

    fn read(&mut self) -> Result<Option<Form>> {
        self.unread = 0;
        loop {
            let Some(start) = self.part_start()? else { return self.wait() };
            let Some(head_end) = find(&self.buffer[start..], b"\r\n\r\n") else { return self.wait() };
            let head = std::str::from_utf8(&self.buffer[start..start + head_end])
                .map_err(|_| malformed("the head of a part is not UTF-8"))?;
            let part = PartHead::parse(head)?;
            let body = start + head_end + 4;
            if part.name == "file" {
                self.check_length(body)?;
                self.form.file_name = part.file_name.unwrap_or_default().into();
                self.form.file_type = part.content_type.map(Into::into);
                let _ = self.buffer.split_to(body);
                return Ok(Some(std::mem::take(&mut self.form)));
            }
            let Some(length) = find(&self.buffer[body..], &self.delimiter) else { return self.wait() };
            let value = std::str::from_utf8(&self.buffer[body..body + length])
                .map_err(|_| malformed("a field is not UTF-8"))?;
            if self.form.fields.len() == MAX_FIELDS {
                return Err(malformed("there are too many fields"));
            }
            self.form.fields.push((part.name.into(), value.into()));
            self.next = Some(body + length + self.delimiter.len());
        }
    }

    /// Where the head of the next part begins; `None` until more has come.
    fn part_start(&mut self) -> Result<Option<usize>> {
        let after = match self.next {
            Some(after) => after,
            // The first delimiter need not follow a line end.
            None if self.buffer.starts_with(&self.delimiter[2..]) => self.delimiter.len() - 2,
            None => match find(&self.buffer, &self.delimiter) {
                Some(at) => at + self.delimiter.len(),
                None => return Ok(None),
            },
        };
        self.next = Some(after);
        match self.buffer.get(after..after + 2) {
            None => Ok(None),
            Some(b"\r\n") => Ok(Some(after + 2)),
            Some(b"--") => Err(malformed("there is no field of the name file")),
            Some(_) => Err(malformed("a delimiter is not followed by a line end")),
        }
    }

    fn wait(&self) -> Result<Option<Form>> {
        self.check_length(self.buffer.len())?;
        Ok(None)
    }

    fn check_length(&self, head_bytes: usize) -> Result<()> {
        match head_bytes > MAX_HEAD_BYTES {
            true => Err(malformed("the fields preceding the file are too large")),
            false => Ok(()),
        }
    }

    /// Goes on with the file.
    pub fn into_file(self) -> FileReader {
        let mut file =
            FileReader { delimiter: self.delimiter, carry: Bytes::new(), out: VecDeque::new(), ended: false };
        file.push(self.buffer.freeze());
        file
    }
}

/// What the head of a part says.
struct PartHead<'h> {
    name: String,
    file_name: Option<String>,
    content_type: Option<&'h str>,
}

impl<'h> PartHead<'h> {
    fn parse(head: &'h str) -> Result<Self> {
        let line = |name: &str| {
            let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
            lines.into_iter().find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let disposition = line("content-disposition").ok_or_else(|| malformed("a part has no Content-Disposition"))?;
        let (kind, parameters) = disposition.split_once(';').unwrap_or((disposition, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(malformed("a part is not of the disposition form-data"));
        }
        let name = parameter(parameters, "name").ok_or_else(|| malformed("a part has no name"))?;
        // Some browsers send the whole path.
        let base = |name: String| name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let file_name = parameter(parameters, "filename").map(base);
        Ok(Self { name: name.to_ascii_lowercase(), file_name, content_type: line("content-type") })
    }
}

/// The bytes of the file, up to the delimiter behind it. What follows that is dropped: the file is the last field.
#[derive(Debug)]
pub struct FileReader {
    delimiter: Vec<u8>,
    /// Bytes that may begin the delimiter: always fewer than it has.
    carry: Bytes,
    out: VecDeque<Bytes>,
    ended: bool,
}

impl FileReader {
    /// Takes the next bytes of the body.
    pub fn push(&mut self, chunk: Bytes) {
        if self.ended || chunk.is_empty() {
            return;
        }
        let data = match self.carry.is_empty() {
            true => chunk,
            false => [&self.carry[..], &chunk].concat().into(),
        };
        self.carry = Bytes::new();
        let mut from = 0;
        while let Some(found) = data[from..].iter().position(|byte| *byte == b'\r') {
            let at = from + found;
            let rest = &data[at..];
            if rest.starts_with(&self.delimiter) {
                self.ended = true;
                self.give(data.slice(..at));
                return;
            }
            if self.delimiter.starts_with(rest) {
                self.carry = data.slice(at..);
                self.give(data.slice(..at));
                return;
            }
            from = at + 1;
        }
        self.give(data);
    }

    fn give(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.out.push_back(bytes);
        }
    }

    /// The next bytes of the file that are known to be its own.
    pub fn pop(&mut self) -> Option<Bytes> {
        self.out.pop_front()
    }

    /// Whether the delimiter behind the file has come.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
