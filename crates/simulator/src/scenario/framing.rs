//! Rows O29 to O46 but those of [`super::broken`]: framing, heads, sizes.

use bytes::Bytes;

use super::{Ask, connecting, content};
use crate::reply::Reply;
use crate::script::{Cut, Step};

/// More than any object may have (48.8 TiB).
const TOO_LARGE_BYTES: u64 = 1 << 50;

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    Some(match (row, case) {
        (29, "plain") => ask.whole().until_close(),
        (29, "digest") => {
            ask.whole().until_close().header("x-amz-checksum-crc32", &content::crc32(&ask.body, content::Value::Right))
        }
        (30, "unclosed") => ask.whole().until_close().cut_body_at(ask.half(), Cut::Fin),
        (32, "not_hex") => chunks(ask, b"zz\r\n"),
        (32, "overflow") => chunks(ask, b"10000000000000000\r\n"),
        (32, "negative") => chunks(ask, b"-1\r\n"),
        (33, "flood") => {
            let mut line = b"1000;".to_vec();
            line.resize(1 << 20, b'x');
            line.extend_from_slice(b"\r\n");
            chunks(ask, &line)
        }
        (34, "matching") => trailer(ask, content::Value::Right),
        (34, "wrong") => trailer(ask, content::Value::Wrong),
        (35, "surplus" | "small_surplus") => ask.whole().surplus("and more than was announced"),
        (36, "different") => ask.whole().header("content-length", &(ask.body.len() - 1).to_string()),
        (37, "both") => ask.whole().chunked(4096).header("content-length", &ask.body.len().to_string()),
        (38, "gzip") => ask.whole().unframed().header("transfer-encoding", "gzip"),
        (38, "gzip_chunked") => ask.whole().unframed().header("transfer-encoding", "gzip, chunked"),
        (39, "large") => ask.tagged().header("x-large", &"x".repeat(70 << 10)),
        (39, "many") => (0..150).fold(ask.tagged(), |reply, number| reply.header(&format!("x-field-{number}"), "v")),
        (40, "nul") => ask.tagged().header_bytes("x-odd", b"a\0b"),
        (40, "cr") => ask.tagged().header_bytes("x-odd", b"a\rb"),
        (40, "folded") => ask.tagged().header_bytes("x-odd", b"a\r\n b"),
        (41, "trickled") => connecting::trickled(ask),
        (44, "declared") => Reply::pattern(44, TOO_LARGE_BYTES),
        (44, "undeclared") => ask.whole().chunked(16 << 10),
        (46, "page") => Reply::script(vec![
            Step::Send(Bytes::from_static(b"<html>an answer of the year 1991</html>\r\n")),
            Step::End(Cut::Orderly),
        ]),
        (46, "garbage") => {
            Reply::script(vec![Step::Pattern { seed: 46, offset: 0, length: 4096 }, Step::End(Cut::Orderly)])
        }
        _ => return None,
    })
}

/// A good first half in one chunk, then these bytes in the place of the next chunk's line.
fn chunks(ask: &Ask<'_>, line: &[u8]) -> Reply {
    if ask.request.method == "HEAD" {
        return ask.whole().chunked(4096);
    }
    let half = ask.half();
    Reply::script(vec![
        Step::Send(Bytes::from_static(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")),
        Step::Send(format!("{half:x}\r\n").into()),
        Step::Send(ask.body.slice(..half as usize)),
        Step::Send(Bytes::from_static(b"\r\n")),
        Step::Send(Bytes::copy_from_slice(line)),
        Step::Send(ask.body.slice(half as usize..)),
        Step::End(Cut::Orderly),
    ])
}

/// The object in one chunk, its checksum behind it.
fn trailer(ask: &Ask<'_>, value: content::Value) -> Reply {
    if ask.request.method == "HEAD" {
        return ask.whole().chunked(4096);
    }
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-amz-checksum-crc32\r\n\r\n";
    let crc = content::crc32(&ask.body, value);
    Reply::script(vec![
        Step::Send(Bytes::from_static(head.as_bytes())),
        Step::Send(format!("{:x}\r\n", ask.body.len()).into()),
        Step::Send(ask.body.clone()),
        Step::Send(format!("\r\n0\r\nx-amz-checksum-crc32: {crc}\r\n\r\n").into()),
    ])
}
