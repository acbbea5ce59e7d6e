//! Rows O05 to O12: connection and TLS.

use std::time::Duration;

use super::{Ask, Authorities};
use crate::connections::Connections;
use crate::gate::Gate;
use crate::reply::Reply;
use crate::script::{Cut, Step};

pub(super) fn connections<'a>(row: &str, case: &str, authorities: &'a Authorities) -> Connections<'a> {
    match (row, case) {
        ("O05", _) => Connections::Refused,
        ("O06", _) => Connections::Dropped,
        ("O07", _) => Connections::Reset,
        ("O09", "expired" | "opt_out") => Connections::Tls(&authorities.expired),
        ("O09", "wrong_name") => Connections::Tls(&authorities.misnamed),
        ("O09", "unknown_ca") => Connections::Tls(&authorities.unknown),
        ("O10", _) => Connections::Silent,
        ("O11", _) => Connections::OldTls,
        ("O30" | "O54", _) => Connections::Tls(&authorities.good),
        ("O47" | "O48", _) => Connections::Http2(&authorities.good),
        _ => Connections::Plain,
    }
}

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    Some(match (row, case) {
        (5, "refused") | (6, "dropped") | (7, "reset") | (10, "stalled") | (11, "old") => ask.tagged(),
        (8, "silent") => ask.tagged().hold_head(&Gate::closed()),
        (9, "expired" | "wrong_name" | "unknown_ca" | "opt_out") => ask.tagged(),
        (12, "reused") if ask.request.earlier > 0 => Reply::script(vec![Step::End(Cut::Fin)]),
        (12, "reused") => ask.tagged(),
        _ => return None,
    })
}

/// Row O41: a head of a hundred bytes and more, one a second.
pub(super) fn trickled(ask: &Ask<'_>) -> Reply {
    let filler = "x".repeat(100);
    ask.tagged().header("x-filler", &filler).trickled_head(ask.pace.time(Duration::from_secs(1)))
}
