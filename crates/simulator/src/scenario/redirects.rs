//! Rows O49 to O57: redirects and loops.

use super::Ask;
use crate::reply::Reply;

/// Hops of the long chain: two more than are followed.
const LONG_HOPS: usize = 12;

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    let (target, prefix, peer) = (ask.request.target.as_str(), ask.prefix, ask.peer);
    if target.ends_with("/elsewhere") {
        return Some(ask.tagged());
    }
    Some(match (row, case) {
        (49, "same_host") => Reply::redirect(302, &format!("{prefix}/elsewhere")),
        (50, "other_host") | (55, "signed") => Reply::redirect(302, &format!("{peer}/elsewhere")),
        // An address of this machine that a server must be told to allow.
        (51, "forbidden") => Reply::redirect(302, "http://[::1]:9/elsewhere"),
        (52, "loop") => Reply::redirect(302, target),
        (52, "long") => {
            let hop: usize = target.rsplit_once("/hop-").and_then(|(_, hop)| hop.parse().ok()).unwrap_or(0);
            let next =
                if hop < LONG_HOPS { format!("{prefix}/hop-{}", hop + 1) } else { format!("{prefix}/elsewhere") };
            Reply::redirect(302, &next)
        }
        (53, "without") => Reply::status(302),
        (53, "malformed") => Reply::redirect(302, "http://[half/an/address"),
        (54, "downgrade" | "allowed") => Reply::redirect(302, &format!("{peer}/elsewhere")),
        (56, "passed") => Reply::redirect(302, "https://elsewhere.example/object"),
        (56, "script") => Reply::redirect(302, "javascript:alert(1)"),
        (57, "own") => ask.tagged(),
        _ => return None,
    })
}
