//! The judgement of an origin's head for the fuzzers of `fuzz/`; not a part of the crate's page of names.

use headwater_model::clock::Timestamp;
use headwater_model::object::ObjectMeta;
use headwater_model::origin::Framing;
use headwater_model::settings::{MigrationSettings, OriginKind};
use headwater_model::{Error, object};
use http::HeaderMap;

use super::head::{self, Circumstances, Verdict};
use super::plan::Wants;
use super::rescue::Pin;
use super::verify::Verifier;

/// What a head means, in the words of the model.
#[derive(Debug)]
pub enum Judged {
    /// The body is the object; what would be kept of the head, and its length if announced.
    Object(Box<ObjectMeta>, Option<u64>),
    /// The origin has none.
    NotFound,
    /// The client gets the redirect, or the answer's body with this type.
    Relay(Option<Box<str>>, Option<Box<str>>),
    /// As the client is told.
    Failed(Error),
}

/// Judges a head under a rule and settings whose switches are the bits of `switches`.
pub fn judge(status: u16, headers: &HeaderMap, framing: Framing, switches: u16, now: Timestamp) -> Judged {
    let on = |bit: u16| switches & (1 << bit) != 0;
    let wants = Wants {
        follow_redirects: on(0),
        async_status: on(1).then_some(302),
        check_md5: on(2),
        switch_all_errors: on(3),
        save_meta: on(4),
        origin_last_modified: on(5),
        origin_etag: on(6),
        transparent: if on(7) { Box::new([400, 404]) } else { Box::default() },
        tags: object::Tags::new(),
        return_headers: Vec::new(),
        unstored: None,
        settings: MigrationSettings {
            refuse_empty: on(8),
            obey_no_store: on(9),
            drop_oversized_meta: on(10),
            ..MigrationSettings::default()
        },
    };
    let kind = if on(11) { OriginKind::S3 } else { OriginKind::Http };
    let of = Circumstances { wants: &wants, started: now, kind, treat_403_as_404: on(12) };
    match head::judge(status, headers, framing, &of) {
        Verdict::Object(head) => Judged::Object(Box::new(head.meta(None)), head.length),
        Verdict::NotFound => Judged::NotFound,
        Verdict::Relay(relay) => Judged::Relay(relay.location, relay.content_type),
        Verdict::Failed(failure) => Judged::Failed(failure.to_error()),
    }
}

/// First, last and total of `Content-Range`.
pub fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    head::content_range(headers)
}

/// Whether the head offers a pin for resuming, and whether that holds for a second head; whether it announces digests.
pub fn offers(headers: &HeaderMap, second: &HeaderMap, length: Option<u64>, now: Timestamp) -> (Option<bool>, bool) {
    let pin = Pin::of(headers, length, now);
    (pin.map(|pin| pin.holds(second)), Verifier::announced_by(headers).checks_anything())
}
