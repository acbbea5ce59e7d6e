//! What an origin answers: a well-formed response, and the faults to put into it.

use std::time::Duration;

use bytes::Bytes;

use crate::gate::Gate;
use crate::record::RecordedRequest;
use crate::script::{Cut, Step};

/// An answer. Built from a good one by adding faults; offsets count bytes of the body, not of its framing.
#[derive(Clone, Debug)]
pub struct Reply {
    status: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Content,
    framing: Framing,
    before_head: Vec<Step>,
    /// Body offset and what happens there, in order of offset.
    within_body: Vec<(u64, Step)>,
    after_body: Vec<Step>,
    raw: Option<Vec<Step>>,
    /// Time between the bytes of the head.
    head_pause: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Content {
    Bytes(Bytes),
    Pattern { seed: u64, length: u64 },
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    /// `Content-Length`, true or not.
    Length(u64),
    /// `Transfer-Encoding: chunked` with chunks of this size.
    Chunked(u64),
    /// Neither; the connection's end is the body's.
    Close,
    /// Neither, and the connection stays: for heads that set their own framing.
    Unframed,
}

impl Reply {
    /// 200 with these bytes and their length.
    pub fn ok(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = body.len() as u64;
        Self::with(Content::Bytes(body), length)
    }

    /// 200 with `length` bytes of [`crate::pattern`], made as they are sent.
    pub fn pattern(seed: u64, length: u64) -> Self {
        Self::with(Content::Pattern { seed, length }, length)
    }

    /// A status and a short text.
    pub fn status(code: u16) -> Self {
        Self::ok(format!("status {code}\n")).status_line(format!("{code} Scripted"))
    }

    /// A redirect with an empty body.
    pub fn redirect(code: u16, location: &str) -> Self {
        Self::ok("").status_line(format!("{code} Scripted")).header("location", location)
    }

    /// The answer to a GET that may carry `Range: bytes=FIRST-[LAST]`: 206 with that part, or 200 with the whole.
    pub fn ranged(request: &RecordedRequest, body: &Bytes) -> Self {
        let length = body.len();
        let range = request.header("range").and_then(|value| value.strip_prefix("bytes=")).and_then(|range| {
            let (first, last) = range.split_once('-')?;
            let first: usize = first.parse().ok()?;
            let last: usize = if last.is_empty() { length.checked_sub(1)? } else { last.parse().ok()? };
            Some((first, last.min(length.checked_sub(1)?)))
        });
        match range {
            None => Self::ok(body.clone()).header("accept-ranges", "bytes"),
            Some((first, last)) if first <= last => Self::ok(body.slice(first..=last))
                .status_line("206 Partial Content".to_owned())
                .header("content-range", &format!("bytes {first}-{last}/{length}")),
            Some(_) => Self::ok("")
                .status_line("416 Range Not Satisfiable".to_owned())
                .header("content-range", &format!("bytes */{length}")),
        }
    }

    /// Exactly these bytes in the place of an answer.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::script(vec![Step::Send(bytes.into())])
    }

    /// Exactly these steps in the place of an answer.
    pub fn script(steps: Vec<Step>) -> Self {
        let mut reply = Self::ok("");
        reply.raw = Some(steps);
        reply
    }

    /// Answers with this status line behind the version.
    #[must_use]
    pub fn status_line(mut self, status: impl Into<String>) -> Self {
        self.status = status.into();
        self
    }

    fn with(body: Content, length: u64) -> Self {
        Self {
            status: "200 OK".to_owned(),
            headers: Vec::new(),
            body,
            framing: Framing::Length(length),
            before_head: Vec::new(),
            within_body: Vec::new(),
            after_body: Vec::new(),
            raw: None,
            head_pause: None,
        }
    }

    /// Adds a field, written as given.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    /// Adds a field of arbitrary bytes, written as given.
    #[must_use]
    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), value.to_vec()));
        self
    }

    /// Sends the body in chunks of this size.
    #[must_use]
    pub fn chunked(mut self, chunk_bytes: u64) -> Self {
        assert!(chunk_bytes > 0, "an empty chunk would end the body");
        self.framing = Framing::Chunked(chunk_bytes);
        self
    }

    /// Sends the body without a length and closes.
    #[must_use]
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// Announces this length, whatever comes.
    #[must_use]
    pub fn claim_length(mut self, length: u64) -> Self {
        self.framing = Framing::Length(length);
        self
    }

    /// Writes no framing field at all and keeps the connection: for replies that set their own.
    #[must_use]
    pub fn unframed(mut self) -> Self {
        self.framing = Framing::Unframed;
        self
    }

    /// Sends this many `103` responses first.
    #[must_use]
    pub fn informational(mut self, count: usize) -> Self {
        let all = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(count);
        self.before_head.push(Step::Send(all.into()));
        self
    }

    /// Sends the head byte by byte, with this time in between.
    #[must_use]
    pub fn trickled_head(mut self, pause: Duration) -> Self {
        self.head_pause = Some(pause);
        self
    }

    /// Holds the whole answer at the gate.
    #[must_use]
    pub fn hold_head(mut self, gate: &Gate) -> Self {
        self.before_head.push(Step::Wait(gate.clone()));
        self
    }

    /// Holds the body at this offset.
    #[must_use]
    pub fn hold_body_at(self, offset: u64, gate: &Gate) -> Self {
        self.at(offset, Step::Wait(gate.clone()))
    }

    /// Ends the connection at this offset of the body.
    #[must_use]
    pub fn cut_body_at(self, offset: u64, cut: Cut) -> Self {
        self.at(offset, Step::End(cut))
    }

    /// Lets `delay` pass after each `piece_bytes` of the body: a slow origin.
    #[must_use]
    pub fn paced(self, piece_bytes: u64, delay: Duration) -> Self {
        assert!(piece_bytes > 0, "pieces hold bytes");
        let end = self.body_length();
        self.paced_within(0..end, piece_bytes, delay)
    }

    /// The same within this part of the body only.
    #[must_use]
    pub fn paced_within(mut self, part: std::ops::Range<u64>, piece_bytes: u64, delay: Duration) -> Self {
        let mut offset = part.start + piece_bytes;
        while offset < part.end.min(self.body_length()) {
            self = self.at(offset, Step::Pause(delay));
            offset += piece_bytes;
        }
        self
    }

    /// Sends these bytes behind the body.
    #[must_use]
    pub fn surplus(mut self, bytes: impl Into<Bytes>) -> Self {
        self.after_body.push(Step::Send(bytes.into()));
        self
    }

    /// Announces and performs the connection's end after this answer.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.headers.push(("connection".to_owned(), b"close".to_vec()));
        self.after_body.push(Step::End(Cut::Orderly));
        self
    }

    fn at(mut self, offset: u64, step: Step) -> Self {
        let position = self.within_body.partition_point(|(other, _)| *other <= offset);
        self.within_body.insert(position, (offset, step));
        self
    }

    fn body_length(&self) -> u64 {
        match &self.body {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Pattern { length, .. } => *length,
        }
    }

    /// The steps that answer a request of this method.
    pub(crate) fn steps(&self, method: &str) -> Vec<Step> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut steps = self.before_head.clone();
        match self.head_pause {
            None => steps.push(Step::Send(self.head().into())),
            Some(pause) => steps.extend(
                self.head().into_iter().flat_map(|byte| [Step::Send(Bytes::from(vec![byte])), Step::Pause(pause)]),
            ),
        }
        if method != "HEAD" {
            steps.extend(self.body_script());
        }
        steps
    }

    /// Status and fields of the head, for HTTP/2: lower case, with the length.
    ///
    /// # Panics
    /// If the answer has faults that are HTTP/1.1's alone: bytes in the place of an answer or before its head, a
    /// slow head, chunks.
    pub(crate) fn head_fields(&self) -> (u16, Vec<(String, Vec<u8>)>) {
        let plain = self.raw.is_none() && self.before_head.is_empty() && self.head_pause.is_none();
        let plain = plain && !matches!(self.framing, Framing::Chunked(_));
        assert!(plain, "over HTTP/2 there are no such faults: {self:?}");
        let status = self.status.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or(200);
        let mut fields = self.headers.clone();
        if let Framing::Length(length) = self.framing {
            fields.push(("content-length".to_owned(), length.to_string().into_bytes()));
        }
        (status, fields)
    }

    /// The steps of the body.
    pub(crate) fn body_script(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let length = self.body_length();
        let mut at = 0;
        for (offset, step) in &self.within_body {
            let offset = (*offset).min(length);
            self.body_steps(at, offset, &mut steps);
            at = offset;
            steps.push(step.clone());
        }
        self.body_steps(at, length, &mut steps);
        if let Framing::Chunked(_) = self.framing {
            steps.push(Step::Send(Bytes::from_static(b"0\r\n\r\n")));
        }
        steps.extend(self.after_body.iter().cloned());
        if let Framing::Close = self.framing {
            steps.push(Step::End(Cut::Orderly));
        }
        steps
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        match self.framing {
            Framing::Length(length) => head.extend_from_slice(format!("content-length: {length}\r\n").as_bytes()),
            Framing::Chunked(_) => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            Framing::Close | Framing::Unframed => {}
        }
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The body's bytes `from .. to` in its framing.
    fn body_steps(&self, from: u64, to: u64, steps: &mut Vec<Step>) {
        let piece_bytes = if let Framing::Chunked(chunk_bytes) = self.framing { chunk_bytes } else { u64::MAX };
        let mut at = from;
        while at < to {
            let length = (to - at).min(piece_bytes);
            if let Framing::Chunked(_) = self.framing {
                steps.push(Step::Send(format!("{length:x}\r\n").into()));
            }
            steps.push(match &self.body {
                Content::Bytes(bytes) => Step::Send(bytes.slice(at as usize..(at + length) as usize)),
                Content::Pattern { seed, .. } => Step::Pattern { seed: *seed, offset: at, length },
            });
            if let Framing::Chunked(_) = self.framing {
                steps.push(Step::Send(Bytes::from_static(b"\r\n")));
            }
            at += length;
        }
    }
}
