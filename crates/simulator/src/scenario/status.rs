//! Rows O13 to O27: status codes.

use super::{Ask, content};
use crate::reply::Reply;
use crate::script::{Cut, Step};

/// Length of a body that never ends: a tebibyte.
const ENDLESS_BYTES: u64 = 1 << 40;

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    Some(match (row, case) {
        (13, "good") => ask.tagged(),
        (14, "missing") => Reply::status(404),
        (14, "gone") => Reply::status(410),
        (15, _) => denied("AccessDenied", "Access Denied"),
        (16, "unauthorized") => Reply::status(401).header("www-authenticate", "Basic realm=\"origin\""),
        (16, "forbidden") => Reply::status(403),
        (17, "too_many") => Reply::status(429).header("retry-after", "2"),
        (17, "slow_down") => error(503, "SlowDown", "Please reduce your request rate.").header("retry-after", "2"),
        (18, code) => Reply::status(code.parse().ok()?),
        // In few chunks: every one is a step that is made before the first byte goes out.
        (19, "endless") => Reply::pattern(19, ENDLESS_BYTES).status_line("500 Scripted").chunked(1 << 30),
        (20, code) => bare(&format!("{code} Scripted"), ""),
        (21, "part") => part(ask),
        (21, "whole") => {
            let length = ask.body.len();
            ask.whole()
                .status_line("206 Partial Content")
                .header("content-range", &format!("bytes 0-{}/{length}", length - 1))
        }
        (22, "unasked") => bare("304 Not Modified", "etag: \"version-1\"\r\n"),
        (23, "sent" | "small_unsent") => match (ask.request.header("range"), ask.nth) {
            (Some(_), _) => Reply::status(416).header("content-range", &format!("bytes */{}", ask.body.len())),
            (None, nth) if nth == 0 || case == "sent" => ask.tagged().cut_body_at(ask.half(), Cut::Orderly),
            (None, _) => ask.tagged(),
        },
        (24, code) => Reply::status(code.parse().ok()?),
        (25, "endless") => ask.tagged().informational(200),
        (26, "login") => ask.whole().header("content-type", "text/html"),
        (26, "error_document") => ask.whole().header("content-type", "application/xml"),
        (27, "empty") => Reply::ok(""),
        _ => return None,
    })
}

/// An answer without a body by definition.
fn bare(status: &str, fields: &str) -> Reply {
    Reply::script(vec![Step::Send(format!("HTTP/1.1 {status}\r\n{fields}\r\n").into())])
}

/// The first half under a 206 that nobody asked for.
fn part(ask: &Ask<'_>) -> Reply {
    let (length, half) = (ask.body.len(), ask.half());
    Reply::ok(ask.body.slice(..half as usize))
        .status_line("206 Partial Content")
        .header("content-range", &format!("bytes 0-{}/{length}", half - 1))
}

/// An S3 error document.
pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::ok(content::error_document(code, message))
        .status_line(format!("{status} Scripted"))
        .header("content-type", "application/xml")
}

pub(super) fn denied(code: &str, message: &str) -> Reply {
    error(403, code, message)
}
