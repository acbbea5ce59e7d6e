//! The origin of each case of the matrix.
//!
//! A scenario answers any target: what it does depends on its case, on how often the target was asked for before, and
//! on the request's range and conditions, never on time or chance. The object it has, where it gives one, is
//! [`Scenario::body`].

// One line per case, even where two cases do the same for different reasons.
#![allow(clippy::match_same_arms)]

mod broken;
mod connecting;
mod content;
mod framing;
mod redirects;
mod resuming;
mod status;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::connections::Connections;
use crate::pattern::pattern;
use crate::record::RecordedRequest;
use crate::reply::Reply;
use crate::resource::Resource;
use crate::server::ScriptedOrigin;
use crate::tls::{ServerIdentity, TestAuthority, Validity};

/// Length of the objects: several times what a server may hold back of a body, so that a fault in the middle comes when
/// a client has its head.
pub(crate) const BODY_BYTES: usize = 256 << 10;
/// Length of the objects of cases named `small…`: so short that a server can verify it before it answers.
pub(crate) const SMALL_BYTES: usize = 2 << 10;

/// How fast slow origins are: full pace, or times divided for tests.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    divisor: u32,
}

impl Pace {
    /// Times as the matrix has them.
    pub const FULL: Self = Self { divisor: 1 };

    /// Times divided by this.
    pub fn divided_by(divisor: u32) -> Self {
        Self { divisor: divisor.max(1) }
    }

    /// A time of the matrix at this pace.
    pub fn time(self, full: Duration) -> Duration {
        full / self.divisor
    }
}

/// The certificates of the scenarios behind TLS.
pub struct Authorities {
    trusted: TestAuthority,
    good: ServerIdentity,
    expired: ServerIdentity,
    misnamed: ServerIdentity,
    unknown: ServerIdentity,
}

impl Authorities {
    /// Fresh ones.
    pub fn new() -> Self {
        let trusted = TestAuthority::new("headwater simulator");
        let unknown = TestAuthority::new("nobody knows this one").issue(&["127.0.0.1"], Validity::Current);
        Self {
            good: trusted.issue(&["127.0.0.1", "localhost"], Validity::Current),
            expired: trusted.issue(&["127.0.0.1", "localhost"], Validity::Expired),
            misnamed: trusted.issue(&["other.example"], Validity::Current),
            unknown,
            trusted,
        }
    }

    /// The one that clients are to trust.
    pub fn trusted(&self) -> &TestAuthority {
        &self.trusted
    }
}

impl Default for Authorities {
    fn default() -> Self {
        Self::new()
    }
}

/// One request to a scenario.
pub struct Ask<'a> {
    /// As it came.
    pub request: &'a RecordedRequest,
    /// How many requests of this method and target came before.
    pub nth: usize,
    /// What the target begins with, without a slash at its end.
    pub prefix: &'a str,
    /// URL of another origin without a slash at its end, which has the object too.
    pub peer: &'a str,
    /// How fast slow is.
    pub pace: Pace,
    /// The object.
    pub body: Bytes,
}

impl Ask<'_> {
    /// The object with a strong entity tag.
    pub(crate) fn tagged(&self) -> Reply {
        self.resource().answer(self.request)
    }

    pub(crate) fn resource(&self) -> Resource {
        Resource::new(self.body.clone()).etag("\"version-1\"")
    }

    /// The whole object whatever the range, without validators.
    pub(crate) fn whole(&self) -> Reply {
        Reply::ok(self.body.clone())
    }

    /// Half of the object's length.
    pub(crate) fn half(&self) -> u64 {
        self.body.len() as u64 / 2
    }
}

/// The origin of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    row: String,
    case: String,
}

impl Scenario {
    /// The scenario of a case, if there is one.
    pub fn find(row: &str, case: &str) -> Option<Self> {
        let scenario = Self { row: row.to_owned(), case: case.to_owned() };
        let request = RecordedRequest {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            connection: 0,
            earlier: 0,
        };
        let body = scenario.body();
        let ask = Ask { request: &request, nth: 0, prefix: "", peer: "", pace: Pace::FULL, body };
        scenario.answer(&ask).map(|_| scenario)
    }

    /// The object that a client gets where it gets one.
    pub fn body(&self) -> Bytes {
        let seed = self.row.bytes().fold(0, |seed, byte| seed * 31 + u64::from(byte));
        match (self.row.as_str(), self.case.as_str()) {
            (_, case) if case.starts_with("small") => pattern(seed, 0, SMALL_BYTES).into(),
            ("O26", case) => content::soft_404(case),
            ("O27", _) => Bytes::new(),
            _ => pattern(seed, 0, BODY_BYTES).into(),
        }
    }

    /// How it treats connections.
    pub fn connections<'a>(&self, authorities: &'a Authorities) -> Connections<'a> {
        connecting::connections(&self.row, &self.case, authorities)
    }

    /// What it answers.
    ///
    /// # Panics
    /// If the scenario was not [`Self::find`]'s.
    pub fn reply(&self, ask: &Ask<'_>) -> Reply {
        self.answer(ask).expect("a scenario that was found answers")
    }

    /// Lets an origin play it for every target that begins with `prefix`. Targets with `warm` at their end are answered
    /// well.
    pub fn install(&self, origin: &ScriptedOrigin, prefix: &str, peer: &str, pace: Pace) {
        let player = self.player(prefix, peer, pace);
        origin.otherwise(player);
    }

    /// The answers of an origin that plays it.
    pub fn player(
        &self,
        prefix: &str,
        peer: &str,
        pace: Pace,
    ) -> impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static {
        let (scenario, prefix, peer) = (self.clone(), prefix.to_owned(), peer.to_owned());
        let (body, asked) = (self.body(), Mutex::new(HashMap::<String, usize>::new()));
        move |request| {
            let name = format!("{} {}", request.method, request.target);
            let nth = {
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                let count = asked.entry(name).or_default();
                *count += 1;
                *count - 1
            };
            let ask = Ask { request, nth, prefix: &prefix, peer: &peer, pace, body: body.clone() };
            if request.target.ends_with("warm") { ask.tagged() } else { scenario.reply(&ask) }
        }
    }

    fn answer(&self, ask: &Ask<'_>) -> Option<Reply> {
        let number: u32 = self.row.strip_prefix('O')?.parse().ok()?;
        let case = self.case.as_str();
        match number {
            5..=12 => connecting::reply(number, case, ask),
            13..=27 => status::reply(number, case, ask),
            28 | 31 | 42 | 43 | 45 | 47 | 48 => broken::reply(number, case, ask),
            29..=46 => framing::reply(number, case, ask),
            49..=57 => redirects::reply(number, case, ask),
            60..=62 | 64 | 65 => resuming::reply(number, case, ask),
            58..=74 => content::reply(number, case, ask),
            80 if case == "breaker" => Some(Reply::status(500)),
            75..=81 => Some(ask.tagged()),
            _ => None,
        }
    }
}
