//! Rows about bodies that break in the middle, with and without what allows to go on: O28, O31, O42, O43, O45, O47, O48.
//!
//! Cases `resumed` have a strong entity tag and ranges, and break once; cases `unpinned` have nothing that tells versions
//! apart, and `small` ones break every time before a client knows anything.

use std::time::Duration;

use super::Ask;
use crate::gate::Gate;
use crate::reply::Reply;
use crate::script::Cut;

/// Bytes that come one by one: for longer than any server watches.
const TRICKLED_BYTES: u64 = 1000;

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    if case == "resumed" || case == "goaway_resumed" {
        let breaks = ask.nth == 0;
        let reply = ask.tagged();
        return if breaks { fault(row, case, ask, reply) } else { Some(reply) };
    }
    if !matches!(case, "unpinned" | "small" | "goaway" | "short" | "surplus") {
        return None;
    }
    // Without validators, and without ranges that could be mistaken for an offer.
    let reply = ask.whole().header("accept-ranges", "none");
    fault(row, case, ask, reply)
}

fn fault(row: u32, case: &str, ask: &Ask<'_>, reply: Reply) -> Option<Reply> {
    let half = ask.half();
    Some(match (row, case) {
        (28, _) => reply.cut_body_at(half, Cut::Orderly),
        (31, _) => reply.chunked(16 << 10).cut_body_at(half, Cut::Orderly),
        // Slower than any minimum rate, and never silent for long.
        (42, _) => reply
            .paced_within(half..half + TRICKLED_BYTES, 1, ask.pace.time(Duration::from_secs(2)))
            .hold_body_at(half + TRICKLED_BYTES, &Gate::closed()),
        (43, _) => reply.hold_body_at(half, &Gate::closed()),
        (45, _) => reply.cut_body_at(half, Cut::Rst),
        (47, "goaway" | "goaway_resumed") => reply.cut_body_at(half, Cut::GoAway),
        (47, _) => reply.cut_body_at(half, Cut::Rst),
        (48, "short") => reply.cut_body_at(half, Cut::Orderly),
        (48, "surplus") => reply.surplus("and more than was announced"),
        _ => return None,
    })
}
