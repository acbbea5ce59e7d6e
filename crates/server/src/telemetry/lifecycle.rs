//! What lifecycle rules have done, as metrics: the engine counts, and the counts are read when the metrics are asked for.

use headwater_engine::LifecycleCounters;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

pub(super) struct LifecycleMetrics {
    walks: Counter,
    ended: Family<KindLabels, Counter>,
    failures: Counter,
}

impl LifecycleMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { walks: Counter::default(), ended: Family::default(), failures: Counter::default() };
        registry.register("lifecycle_walks", "Walks over all lifecycle rules that ended", metrics.walks.clone());
        registry.register("lifecycle_ended", "What lifecycle rules removed, by kind", metrics.ended.clone());
        registry.register(
            "lifecycle_failures",
            "What was due by a lifecycle rule and could not be removed yet",
            metrics.failures.clone(),
        );
        metrics
    }

    pub(super) fn update(&self, counters: &LifecycleCounters) {
        let raise = |counter: &Counter, to: u64| {
            counter.inc_by(to.saturating_sub(counter.get()));
        };
        raise(&self.walks, counters.walks());
        raise(&self.failures, counters.failures());
        for (kind, count) in
            [("object", counters.objects()), ("version", counters.versions()), ("upload", counters.uploads())]
        {
            raise(&self.ended.get_or_create(&KindLabels { kind }), count);
        }
    }
}
