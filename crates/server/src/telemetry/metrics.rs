//! Metrics in the Prometheus text format (OpenMetrics 1.0).
//!
//! Guarantees: labels are of bounded variety (operations, dialects, classes of status, reasons); no bucket or key ever
//! becomes a label.
//!
//! What the store and the fills know anyway is read when the metrics are asked for.

use std::sync::Arc;
use std::time::Duration;

use headwater_admin::{Counting, Totals};
use headwater_engine::{Engine, FillObserver, FillOutcome};
use headwater_model::bucket::Dialect;
use headwater_model::reply::Served;
use headwater_store::StoreStats;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the latency buckets in seconds: from a hit out of memory to a large body.
const LATENCY_BOUNDS_S: [f64; 12] = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    dialect: &'static str,
    /// `2xx` and so on.
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
    dialect: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServedLabels {
    served: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// How the bytes of an object came, for the access line and the metrics.
pub(crate) fn served_name(served: Served) -> &'static str {
    match served {
        Served::Hit => "hit",
        Served::Miss => "miss",
        Served::Joined => "joined",
        Served::PassThrough => "pass_through",
    }
}

/// The dialect's name, for the access line and the metrics.
pub(crate) fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oss => "oss",
        Dialect::S3 => "s3",
    }
}

/// Operation and dialect of a request.
pub(crate) type RequestKind = (&'static str, Dialect);

/// All metrics of a server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<OperationLabels, Histogram, fn() -> Histogram>,
    served: Family<ServedLabels, Counter>,
    pub(crate) sent: Counter,
    pub(crate) received: Counter,
    pub(crate) connections: Gauge,
    pub(crate) connections_refused: Counter,
    pub(crate) connections_unnamed: Counter,
    access_lines_dropped: Counter,
    log_lines_dropped: Counter,
    failed_misses: Family<ReasonLabels, Counter>,
    /// Requests of every kind.
    answered: Counter,
    /// Those answered with 5xx.
    errors: Counter,
    fills: FillMetrics,
    gauges: Gauges,
    lifecycle: super::lifecycle::LifecycleMetrics,
}

/// Sizes that are set when the metrics are asked for.
#[derive(Default)]
struct Gauges {
    objects: Gauge,
    object_bytes: Gauge,
    disk_bytes: Gauge,
    log_tail_bytes: Gauge,
    hot_bytes: Gauge,
    running_fills: Gauge,
}

/// The fills' share, handed to the engine as its observer.
#[derive(Clone)]
struct FillMetrics {
    started: Counter,
    duration: Histogram,
    outcomes: Family<OutcomeLabels, Counter>,
    statuses: Family<StatusLabels, Counter>,
    origin_bytes: Counter,
    joined: Counter,
    rescued: Counter,
    believed_absent: Counter,
    /// Fetches by how they ended, whatever the reason.
    stored: Counter,
    absent: Counter,
    failed: Counter,
}

impl Metrics {
    /// Registers everything.
    #[allow(clippy::new_without_default)] // a registry is made once per server, not by default
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("headwater");
        let requests = Family::<RequestLabels, Counter>::default();
        let new_histogram: fn() -> Histogram = || Histogram::new(LATENCY_BOUNDS_S);
        let latency = Family::<OperationLabels, Histogram, _>::new_with_constructor(new_histogram);
        let served = Family::<ServedLabels, Counter>::default();
        let (sent, received) = (Counter::default(), Counter::default());
        let (connections, connections_refused) = (Gauge::default(), Counter::default());
        let connections_unnamed = Counter::default();
        registry.register(
            "connections_unnamed",
            "Connections refused by the PROXY protocol",
            connections_unnamed.clone(),
        );
        let (access_lines_dropped, log_lines_dropped) = (Counter::default(), Counter::default());
        let failed_misses = Family::<ReasonLabels, Counter>::default();
        registry.register("failed_misses", "Misses that were answered with an error, by reason", failed_misses.clone());
        let fills = FillMetrics::new();
        let gauges = Gauges::default();
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the request head to the end of the answer",
            Unit::Seconds,
            latency.clone(),
        );
        registry.register("object_reads", "Object reads by where the bytes came from", served.clone());
        registry.register_with_unit("sent", "Body bytes sent", Unit::Bytes, sent.clone());
        registry.register_with_unit("received", "Body bytes received", Unit::Bytes, received.clone());
        registry.register("connections", "Open connections", connections.clone());
        registry.register("connections_refused", "Connections beyond the limit", connections_refused.clone());
        registry.register(
            "access_lines_dropped",
            "Access lines the target could not take",
            access_lines_dropped.clone(),
        );
        registry.register(
            "bucket_log_lines_dropped",
            "Lines of buckets' logs that were not delivered",
            log_lines_dropped.clone(),
        );
        fills.register(&mut registry);
        gauges.register(&mut registry);
        let lifecycle = super::lifecycle::LifecycleMetrics::register(&mut registry);
        Self {
            registry,
            requests,
            latency,
            served,
            sent,
            received,
            connections,
            connections_refused,
            connections_unnamed,
            access_lines_dropped,
            log_lines_dropped,
            failed_misses,
            answered: Counter::default(),
            errors: Counter::default(),
            fills,
            gauges,
            lifecycle,
        }
    }

    /// What the engine reports fills to.
    pub fn fill_observer(&self) -> Arc<dyn FillObserver> {
        Arc::new(self.fills.clone())
    }

    pub(crate) fn count_failed_miss(&self, reason: &'static str) {
        self.failed_misses.get_or_create(&ReasonLabels { reason }).inc();
    }

    pub(crate) fn count(&self, kind: RequestKind, status: u16, duration: Duration, served: Option<Served>) {
        const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        self.answered.inc();
        if status >= 500 {
            self.errors.inc();
        }
        let (operation, dialect) = (kind.0, dialect_name(kind.1));
        let status = CLASSES[usize::from(status / 100).clamp(1, 5) - 1];
        self.requests.get_or_create(&RequestLabels { operation, dialect, status }).inc();
        self.latency.get_or_create(&OperationLabels { operation, dialect }).observe(duration.as_secs_f64());
        if let Some(served) = served {
            self.served.get_or_create(&ServedLabels { served: served_name(served) }).inc();
        }
    }

    /// Everything as text.
    pub(crate) fn render(&self, engine: &Engine, access_lines_dropped: u64, log_lines_dropped: u64) -> String {
        self.gauges.set(&engine.store().stats(), engine.fills().running());
        self.lifecycle.update(engine.lifecycle_counters());
        let behind = access_lines_dropped.saturating_sub(self.access_lines_dropped.get());
        self.access_lines_dropped.inc_by(behind);
        let behind = log_lines_dropped.saturating_sub(self.log_lines_dropped.get());
        self.log_lines_dropped.inc_by(behind);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("memory takes every write");
        text
    }
}

impl Counting for Metrics {
    fn totals(&self) -> Totals {
        let served = |served| self.served.get_or_create(&ServedLabels { served: served_name(served) }).get();
        Totals {
            requests: self.answered.get(),
            errors: self.errors.get(),
            hits: served(Served::Hit),
            misses: served(Served::Miss) + served(Served::Joined) + served(Served::PassThrough),
            stored: self.fills.stored.get(),
            absent: self.fills.absent.get(),
            failed: self.fills.failed.get(),
            sent_bytes: self.sent.get(),
            received_bytes: self.received.get(),
            origin_bytes: self.fills.origin_bytes.get(),
        }
    }
}

impl FillMetrics {
    fn new() -> Self {
        Self {
            started: Counter::default(),
            duration: Histogram::new(LATENCY_BOUNDS_S),
            outcomes: Family::default(),
            statuses: Family::default(),
            origin_bytes: Counter::default(),
            joined: Counter::default(),
            rescued: Counter::default(),
            believed_absent: Counter::default(),
            stored: Counter::default(),
            absent: Counter::default(),
            failed: Counter::default(),
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("fills_started", "Fills begun", self.started.clone());
        registry.register("fills", "Fills ended, by outcome and reason", self.outcomes.clone());
        registry.register_with_unit(
            "fill_duration",
            "From a fill's begin to its end",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register("origin_answers", "Answers of origins by status", self.statuses.clone());
        registry.register_with_unit(
            "origin_received",
            "Body bytes from origins",
            Unit::Bytes,
            self.origin_bytes.clone(),
        );
        registry.register("fill_readers_joined", "Requests that joined a running fill", self.joined.clone());
        registry.register("fills_rescued", "Bodies that went on after a lost connection", self.rescued.clone());
        registry.register(
            "believed_absences",
            "Misses answered by what an origin had said shortly before",
            self.believed_absent.clone(),
        );
    }
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        registry.register("store_objects", "Objects stored", self.objects.clone());
        registry.register_with_unit(
            "store_objects_size",
            "Bytes of objects stored",
            Unit::Bytes,
            self.object_bytes.clone(),
        );
        registry.register_with_unit("store_disk", "Bytes on disk", Unit::Bytes, self.disk_bytes.clone());
        registry.register_with_unit(
            "store_log_tail",
            "Log not yet checkpointed",
            Unit::Bytes,
            self.log_tail_bytes.clone(),
        );
        registry.register_with_unit("store_hot", "Small objects held in memory", Unit::Bytes, self.hot_bytes.clone());
        registry.register("fills_running", "Fills under way", self.running_fills.clone());
    }

    fn set(&self, stats: &StoreStats, running_fills: usize) {
        let as_gauge = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.objects.set(as_gauge(stats.objects));
        self.object_bytes.set(as_gauge(stats.object_bytes));
        self.disk_bytes.set(as_gauge(stats.disk_bytes));
        self.log_tail_bytes.set(as_gauge(stats.log_tail_bytes));
        self.hot_bytes.set(as_gauge(stats.hot_bytes));
        self.running_fills.set(as_gauge(running_fills as u64));
    }
}

impl FillObserver for FillMetrics {
    fn started(&self) {
        self.started.inc();
    }

    fn ended(&self, outcome: FillOutcome, duration: Duration) {
        let labels = OutcomeLabels { outcome: outcome.name(), reason: outcome.reason().unwrap_or_default() };
        self.outcomes.get_or_create(&labels).inc();
        self.duration.observe(duration.as_secs_f64());
        match outcome {
            FillOutcome::Committed => self.stored.inc(),
            FillOutcome::NotFound => self.absent.inc(),
            FillOutcome::Failed(_) => self.failed.inc(),
            _ => 0,
        };
    }

    fn origin_status(&self, status: u16) {
        self.statuses.get_or_create(&StatusLabels { status }).inc();
    }

    fn origin_bytes(&self, size_bytes: u64) {
        self.origin_bytes.inc_by(size_bytes);
    }

    fn joined(&self) {
        self.joined.inc();
    }

    fn rescued(&self) {
        self.rescued.inc();
    }

    fn believed_absent(&self) {
        self.believed_absent.inc();
    }
}
