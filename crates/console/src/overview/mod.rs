//! Overview: what the server does now and did of late, kept current by server-sent events.
//!
//! Guarantees: the page is whole without scripts and without samples; with scripts it is followed as long as it is looked at
//! and its session lasts: who is logged off is told nothing from then on, and the connection ends at once. How: the part
//! that changes is one template, which the page contains and every event brings anew.

mod chart;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use bytes::Bytes;
use futures_util::future::select;
use headwater_admin::{Administration, Pulse, Sample, ServerFacts, Totals, Window, iso_8601};
use headwater_engine::FailedFill;
use headwater_model::body::Body;
use headwater_model::clock::Clock;
use http::{HeaderValue, Response, StatusCode, header};

use crate::page::{Outcome, page, size};
use crate::session::{Session, Sessions};

/// Time between two events.
const INTERVAL: Duration = Duration::from_secs(5);
/// Failures that are shown, the latest first.
const FAILURES: usize = 10;

/// One number with its name.
struct Tile {
    name: &'static str,
    value: String,
    hint: String,
}

/// An origin with how it is.
struct OriginRow {
    origin: String,
    state: &'static str,
    in_flight: u32,
    last: String,
}

struct FailureRow {
    time: String,
    object: String,
    origin: String,
    answer: String,
    reason: &'static str,
}

/// A chart with the words for who does not see it.
struct Chart {
    title: &'static str,
    summary: String,
    svg: String,
}

/// The part that changes.
#[derive(Template)]
#[template(path = "overview/live.html")]
struct Live {
    at: String,
    tiles: Vec<Tile>,
    charts: Vec<Chart>,
    origins: Vec<OriginRow>,
    failures: Vec<FailureRow>,
}

#[derive(Template)]
#[template(path = "overview/page.html")]
struct OverviewPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    version: &'p str,
    started: String,
    day: bool,
    live: Live,
}

/// What is looked at.
pub(crate) struct View {
    pub(crate) administration: Administration,
    pub(crate) facts: Arc<ServerFacts>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// `day` for the last day, else the last hour.
pub(crate) fn window(name: &str) -> Window {
    if name == "day" { Window::Day } else { Window::Hour }
}

impl View {
    pub(crate) fn page(&self, session: &Session, window: Window) -> Outcome {
        let shown = OverviewPage {
            csrf: &session.csrf,
            notice: session.said(),
            version: self.facts.version,
            started: iso_8601(self.facts.started),
            day: window == Window::Day,
            live: self.live(window),
        };
        page(StatusCode::OK, &shown)
    }

    /// The part that changes, every few seconds, until the session ends.
    pub(crate) fn events(self, sessions: Arc<Sessions>, session: Arc<Session>, window: Window) -> Outcome {
        let events = futures_util::stream::unfold((self, true), move |(view, first)| {
            let (sessions, session) = (sessions.clone(), session.clone());
            async move {
                if !first {
                    select(view.clock.sleep(INTERVAL), pin!(sessions.ended(&session))).await;
                }
                if !sessions.lasts(&session) {
                    return None;
                }
                let text = view.live(window).render().ok()?;
                Some((Ok(event(&text)), (view, false)))
            }
        });
        let mut response = Response::new(Body::Stream(Box::pin(events)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        Outcome::Answer(Box::new(response))
    }

    fn live(&self, window: Window) -> Live {
        let samples = self.pulse.samples(window);
        let now = self.clock.now();
        Live {
            at: iso_8601(now),
            tiles: self.tiles(window),
            charts: charts(&samples, self.pulse.added(window), window),
            origins: self.origins(),
            failures: self.failures(),
        }
    }

    fn tiles(&self, window: Window) -> Vec<Tile> {
        let (totals, engine) = (self.pulse.totals(), self.administration.engine());
        let (stats, of_late) = (engine.store().stats(), self.pulse.added(window));
        let span = if window == Window::Day { "last day" } else { "last hour" };
        let tile = |name, value, hint| Tile { name, value, hint };
        let failed = format!("{} {span}", of_late.failed);
        vec![
            tile("Reads served from here", ratio(of_late), format!("{span}; {} since the start", ratio(totals))),
            tile("Requests", of_late.requests.to_string(), format!("{span}; {} since the start", totals.requests)),
            tile("Fetches running", engine.fills().running().to_string(), "from origins, now".to_owned()),
            tile(
                "Stored by mirroring",
                totals.stored.to_string(),
                format!("since the start; {} {span}", of_late.stored),
            ),
            tile("Failed fetches", totals.failed.to_string(), format!("since the start; {failed}")),
            tile("Server errors", of_late.errors.to_string(), format!("{span}; {} since the start", totals.errors)),
            tile("Objects", stats.objects.to_string(), size(stats.object_bytes)),
            tile("Disk", size(stats.disk_bytes), "log and blob files".to_owned()),
        ]
    }

    fn origins(&self) -> Vec<OriginRow> {
        use headwater_engine::BreakerState;
        let engine = self.administration.engine();
        let row = |(id, _): (headwater_model::origin::OriginId, _)| {
            let status = engine.origin_status(&id);
            let last = match status.last_answer.map(|answer| (answer.status, answer.error, answer.age_ms / 1000)) {
                None => "not asked yet".to_owned(),
                Some((_, Some(error), age)) => format!("{error}, {age} s ago"),
                Some((Some(code), None, age)) => format!("{code}, {age} s ago"),
                Some((None, None, age)) => format!("{age} s ago"),
            };
            let state = match status.breaker {
                BreakerState::Closed => "working",
                BreakerState::Open => "left alone after failures",
                BreakerState::HalfOpen => "being tried again",
            };
            OriginRow { origin: id.as_str().to_owned(), state, in_flight: status.in_flight, last }
        };
        engine.origins().into_iter().map(row).collect()
    }

    fn failures(&self) -> Vec<FailureRow> {
        let row = |failed: FailedFill| FailureRow {
            time: iso_8601(failed.at),
            object: format!("{}/{}", failed.bucket, failed.key),
            origin: failed.origin.into(),
            answer: failed.origin_status.map_or_else(|| "none".to_owned(), |status| status.to_string()),
            reason: failed.reason,
        };
        self.administration.engine().fills().recent_failures().into_iter().rev().take(FAILURES).map(row).collect()
    }
}

/// As `text/event-stream` has it: a line of data for each line.
fn event(text: &str) -> Bytes {
    let lines: String = text.lines().flat_map(|line| ["data: ", line, "\n"]).collect();
    format!("{lines}\n").into()
}

/// What share of reads were hits.
fn ratio(totals: Totals) -> String {
    let reads = totals.hits + totals.misses;
    if reads == 0 { "no reads".to_owned() } else { format!("{:.1} %", 100.0 * totals.hits as f64 / reads as f64) }
}

fn charts(samples: &[Sample], sum: Totals, window: Window) -> Vec<Chart> {
    let seconds = window.resolution().as_secs_f64();
    let rates = |count: fn(&Totals) -> u64| -> Vec<f64> {
        samples.iter().map(|sample| count(&sample.added) as f64 / seconds).collect()
    };
    let (hits, misses) = (rates(|added| added.hits), rates(|added| added.misses));
    let (sent, fetched) = (rates(|added| added.sent_bytes), rates(|added| added.origin_bytes));
    vec![
        Chart {
            title: "Reads a second",
            summary: format!("{} from here, {} by asking an origin", sum.hits, sum.misses),
            svg: chart::draw([&hits, &misses], 1.0, window, chart::number),
        },
        Chart {
            title: "Bytes a second",
            summary: format!("{} sent, {} from origins", size(sum.sent_bytes), size(sum.origin_bytes)),
            svg: chart::draw([&sent, &fetched], 1024.0, window, |bytes| size(bytes as u64)),
        },
    ]
}
