//! The rest of a body whose connection was lost.
//!
//! ```text
//! lost at byte N ─► Range: bytes=N-  If-Match: TAG ─► 206 of the same object ─► goes on, unseen by followers
//!       ▲                   │  to the same origin, then the others in turn
//!       └── no answer, 5xx ─┘  200 of the same object: its first N bytes are skipped
//!                              412, 416, 404, another tag, length or date: the object changed ─► failure
//! ```
//! Guarantees: bytes of two versions are never mixed: what goes on has the strong entity tag, or the date and length,
//! that the fill began with, and says so itself. Loss after loss is mended as long as bytes come in between; without, at
//! most [`MAX_FRUITLESS`] requests are made.
//!
//! A date is trusted only if it is at least a minute old: within the resolution of a second an object can change twice
//! (chaos matrix, O60; RFC 9110 section 8.8.2.2). Not here: starting over, which is possible only while no client knows
//! anything, and is the task's business.

use std::ops::Range;
use std::time::Duration;

use headwater_model::body::ByteStream;
use headwater_model::clock::Timestamp;
use headwater_model::origin::{OriginMethod, OriginRequest, OriginResponse, RequestCause, Trailers};
use http::header::{ACCEPT_RANGES, DATE, ETAG, IF_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue};

use super::ask::ask;
use super::failure::Failure;
use super::head;
use super::kept;
use super::plan::Plan;
use super::task::Env;

/// Requests for the rest without a byte of it in between: over some five seconds, which outlast a restart.
const MAX_FRUITLESS: u32 = 5;
/// Wait before the second of them; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// Most bytes that are read again to reach the place where a body broke, from an origin that knows no ranges.
const MAX_SKIPPED_BYTES: u64 = 64 << 20;
/// Youngest date that tells versions apart.
const MIN_DATE_AGE_S: i64 = 60;

/// What tells that an answer is about the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pin {
    /// A strong entity tag.
    Tag(HeaderValue),
    /// A `Last-Modified` of some age, together with the length.
    Date(HeaderValue),
}

impl Pin {
    /// The pin that a whole answer offers; `None` if it offers none, or refuses ranges.
    pub(super) fn of(headers: &HeaderMap, length: Option<u64>, now: Timestamp) -> Option<Self> {
        if headers.get(ACCEPT_RANGES).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"none")) {
            return None;
        }
        if let Some(tag) = headers.get(ETAG).filter(|tag| is_strong(tag)) {
            return Some(Self::Tag(tag.clone()));
        }
        let date = headers.get(LAST_MODIFIED)?;
        let modified = kept::http_date(date.to_str().ok()?)?;
        let answered = headers.get(DATE).and_then(|date| kept::http_date(date.to_str().ok()?)).unwrap_or(now);
        let is_old = answered.seconds() - modified.seconds() >= MIN_DATE_AGE_S;
        (is_old && length.is_some()).then(|| Self::Date(date.clone()))
    }

    /// Asks for bytes from `first` to `last` (to the end if that is `None`) of this very version.
    pub(super) fn ask_for(&self, request: &mut OriginRequest, first: u64, last: Option<u64>) {
        let range = last.map_or_else(|| format!("bytes={first}-"), |last| format!("bytes={first}-{last}"));
        request.headers.insert(RANGE, HeaderValue::try_from(range).expect("digits make a header value"));
        match self {
            Self::Tag(tag) => request.headers.insert(IF_MATCH, tag.clone()),
            Self::Date(date) => request.headers.insert(IF_UNMODIFIED_SINCE, date.clone()),
        };
    }

    /// Whether an answer says that it is about the same version. A tag must be repeated; a date need not be, because
    /// the length is compared too.
    pub(super) fn holds(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Tag(tag) => headers.get(ETAG) == Some(tag),
            Self::Date(date) => headers.get(LAST_MODIFIED).is_none_or(|other| other == date),
        }
    }
}

fn is_strong(tag: &HeaderValue) -> bool {
    let bytes = tag.as_bytes();
    bytes.len() > 2 && bytes.starts_with(b"\"") && bytes.ends_with(b"\"")
}

/// Gets the rest of one body, as often as need be.
pub(super) struct Rescue<'a> {
    env: &'a Env,
    plan: &'a Plan,
    /// Who gave the bytes so far.
    candidate: usize,
    pin: Option<Pin>,
    /// Where the last loss was, and how many requests were made there.
    lost_at: Option<u64>,
    fruitless: u32,
}

/// A body that goes on.
pub(super) struct Rest {
    pub(super) body: ByteStream,
    pub(super) trailers: Trailers,
    /// Bytes of it that are already here.
    pub(super) skip: u64,
    /// Length of the whole object, where the answer tells it.
    pub(super) total: Option<u64>,
}

impl<'a> Rescue<'a> {
    /// For the body that came with `headers` from a candidate of the plan.
    pub(super) fn new(env: &'a Env, plan: &'a Plan, candidate: usize, pin: Option<Pin>) -> Self {
        Self { env, plan, candidate, pin, lost_at: None, fruitless: 0 }
    }

    /// The candidate that gives the bytes, and the pin of the version, if there is one.
    pub(super) fn source(&self) -> (usize, Option<&Pin>) {
        (self.candidate, self.pin.as_ref())
    }

    /// Whether a bucket of this server gives the bytes.
    pub(super) fn reads_here(&self) -> bool {
        self.plan.candidates[self.candidate].local.is_some()
    }

    /// What goes on at `position` of an object of `length` bytes, after `lost`.
    ///
    /// # Errors
    /// `lost` if nothing goes on, a failure of its own if the object changed.
    pub(super) async fn rest(&mut self, position: u64, length: Option<u64>, lost: Failure) -> Result<Rest, Failure> {
        let rest = self.part(position..u64::MAX, length, lost).await?;
        self.env.observer.rescued();
        Ok(rest)
    }

    /// What goes on at the start of `part`, and stops at its end.
    ///
    /// # Errors
    /// As [`Self::rest`].
    pub(super) async fn part(&mut self, part: Range<u64>, length: Option<u64>, lost: Failure) -> Result<Rest, Failure> {
        let position = part.start;
        let Some(pin) = self.pin.clone().filter(|_| lost.is_loss()) else { return Err(lost) };
        if self.lost_at != Some(position) {
            self.fruitless = 0;
            self.lost_at = Some(position);
        }
        while self.fruitless < MAX_FRUITLESS {
            if self.fruitless > 0 {
                self.env.clock.sleep(FIRST_WAIT * 2u32.pow(self.fruitless - 1)).await;
            }
            let cause = if self.fruitless == 0 { RequestCause::Resume } else { RequestCause::Retry };
            let candidate = (self.candidate + self.fruitless as usize) % self.plan.candidates.len();
            self.fruitless += 1;
            let mut request = self.plan.request(candidate, OriginMethod::Get, cause);
            request.follow_redirects = true;
            pin.ask_for(&mut request, position, (part.end != u64::MAX).then(|| part.end - 1));
            tracing::debug!(position, reason = lost.reason(), "asking for the rest of a body");
            let Ok(response) = ask(self.env, &self.plan.candidates[candidate], request).await else { continue };
            match judge(response, &pin, &part, length) {
                Judged::Goes(rest) => {
                    self.candidate = candidate;
                    return Ok(rest);
                }
                Judged::Changed(status) => return Err(Failure::changed(status)),
                Judged::Useless => {}
            }
        }
        Err(lost)
    }
}

enum Judged {
    Goes(Rest),
    Changed(u16),
    /// Says nothing about the object.
    Useless,
}

fn judge(response: OriginResponse, pin: &Pin, part: &Range<u64>, length: Option<u64>) -> Judged {
    let position = part.start;
    let OriginResponse { status, headers, framing, body, trailers, .. } = response;
    match status {
        206 => match head::content_range(&headers) {
            Some((first, last, total)) if first == position && last.checked_add(1) == Some(total.min(part.end)) => {
                if pin.holds(&headers) && length.is_none_or(|length| length == total) {
                    Judged::Goes(Rest { body, trailers, skip: 0, total: Some(total) })
                } else {
                    Judged::Changed(status)
                }
            }
            _ => Judged::Useless,
        },
        200 => {
            let total = head::framing_length(framing);
            let is_other_length = total.zip(length).is_some_and(|(total, length)| total != length);
            if !pin.holds(&headers) || is_other_length {
                Judged::Changed(status)
            } else if position > MAX_SKIPPED_BYTES || (total.is_none() && matches!(pin, Pin::Date(_))) {
                // A date says the same version only together with the length.
                Judged::Useless
            } else {
                Judged::Goes(Rest { body, trailers, skip: position, total })
            }
        }
        404 | 410 | 412 | 416 => Judged::Changed(status),
        _ => Judged::Useless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    const NOW: Timestamp = Timestamp(784_111_777_000 + 59_000);
    const DATE_TEXT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn o60_only_a_strong_tag_or_an_old_date_with_a_length_pins() {
        let pin = |fields: &[(&'static str, &str)], length| Pin::of(&headers(fields), length, NOW);
        assert_eq!(pin(&[("etag", "\"a\"")], None), Some(Pin::Tag("\"a\"".parse().unwrap())));
        for weak in ["W/\"a\"", "a", "\"\""] {
            assert_eq!(pin(&[("etag", weak)], Some(1)), None, "{weak}");
        }
        assert_eq!(pin(&[("last-modified", DATE_TEXT)], Some(1)), None, "59 s old");
        let answered = ("date", "Sun, 06 Nov 1994 08:50:37 GMT");
        let dated = [("last-modified", DATE_TEXT), answered];
        assert_eq!(pin(&dated, Some(1)), Some(Pin::Date(DATE_TEXT.parse().unwrap())), "by the origin's own clock");
        assert_eq!(pin(&dated, None), None);
        assert_eq!(pin(&[("etag", "\"a\""), ("accept-ranges", "None")], Some(1)), None);
    }

    #[test]
    fn o61_a_pin_holds_only_for_the_same_version() {
        let tag = Pin::Tag("\"a\"".parse().unwrap());
        assert!(tag.holds(&headers(&[("etag", "\"a\"")])));
        assert!(!tag.holds(&headers(&[("etag", "\"b\"")])) && !tag.holds(&HeaderMap::new()));
        let date = Pin::Date(DATE_TEXT.parse().unwrap());
        assert!(date.holds(&HeaderMap::new()) && date.holds(&headers(&[("last-modified", DATE_TEXT)])));
        assert!(!date.holds(&headers(&[("last-modified", "Sun, 06 Nov 1994 08:49:38 GMT")])));
    }
}
