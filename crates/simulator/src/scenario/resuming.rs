//! Rows about the rest of a broken body and about ranges: O60 to O62, O64, O65.

use bytes::Bytes;

use super::Ask;
use crate::reply::Reply;
use crate::resource::Resource;
use crate::script::Cut;

/// A date that is old by any clock.
const OLD_DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
/// The same, half a minute later.
const SOON_AFTER: &str = "Sun, 06 Nov 1994 08:50:07 GMT";

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    let first = ask.nth == 0;
    let half = ask.half();
    let is_whole = ask.request.header("range").is_none();
    let cut = |reply: Reply| reply.cut_body_at(half, Cut::Orderly);
    let broken = |reply: Reply| if first { cut(reply) } else { reply };
    Some(match (row, case) {
        (60, "weak") => ask.whole().header("etag", "W/\"version-1\""),
        // Also for those who come after the first fetch has failed.
        (60, "recent") => cut(dated(ask).header("date", SOON_AFTER)),
        (60, "old") => broken(dated(ask)),
        (61, case @ ("sent" | "small_unsent")) if first || (case == "sent" && is_whole) => {
            let old: Bytes = ask.body.iter().map(|byte| !byte).collect::<Vec<u8>>().into();
            let old = if case == "sent" { ask.body.clone() } else { old };
            cut(Resource::new(old).etag("\"version-0\"").answer(ask.request))
        }
        // An origin that knows ranges and no conditions.
        (61, "sent" | "small_unsent") => Reply::ranged(ask.request, &ask.body).header("etag", "\"version-1\""),
        // Who asks for the whole comes after the first fetch has failed: the origin is then as it was.
        (62, "length") if is_whole => cut(ask.tagged()),
        (62, "length") => part(ask, half, ask.body.len() as u64 + 1),
        (64, "whole") => ask.whole().header("etag", "\"version-1\""),
        (64, "resumed") => broken(ask.whole().header("etag", "\"version-1\"")),
        (65, "other_range" | "wrong_total" | "multipart") if is_whole => cut(ask.tagged()),
        (65, "other_range") => part(ask, half + 1, ask.body.len() as u64),
        (65, "wrong_total") => part(ask, half, ask.body.len() as u64 * 2),
        (65, "multipart") => Reply::ok("--part\r\ncontent-range: bytes 0-1/2\r\n\r\nab\r\n--part--\r\n")
            .status_line("206 Partial Content")
            .header("content-type", "multipart/byteranges; boundary=part")
            .header("etag", "\"version-1\""),
        _ => return None,
    })
}

fn dated(ask: &Ask<'_>) -> Reply {
    Resource::new(ask.body.clone()).last_modified(OLD_DATE).answer(ask.request)
}

/// A 206 with the bytes from `from` on that says this total.
fn part(ask: &Ask<'_>, from: u64, total: u64) -> Reply {
    Reply::ok(ask.body.slice(from as usize..))
        .status_line("206 Partial Content")
        .header("content-range", &format!("bytes {from}-{}/{total}", total - 1))
        .header("etag", "\"version-1\"")
}
