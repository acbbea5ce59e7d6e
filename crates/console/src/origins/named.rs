//! The origins that rules name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headwater_model::bucket::Bucket;
use headwater_model::origin::OriginId;
use headwater_model::rule::RoutingRule;

/// Origins with the names of the buckets whose rules lead there.
pub(super) type Named = BTreeMap<OriginId, BTreeSet<String>>;

/// Of all these buckets. Where a rule reads a bucket of this server, nothing that is set for origins counts.
pub(super) fn named(buckets: &[Arc<Bucket>]) -> Named {
    let mut named = Named::new();
    for bucket in buckets {
        for url in bucket.website.iter().flat_map(|website| &website.rules).flat_map(urls) {
            if let Ok(id) = OriginId::parse(url) {
                named.entry(id).or_default().insert(bucket.name.to_string());
            }
        }
    }
    named
}

fn urls(rule: &RoutingRule) -> Vec<&str> {
    let Some(mirror) = rule.mirror().filter(|mirror| mirror.using_role != Some(true)) else { return Vec::new() };
    let mut urls: Vec<&str> =
        [&mirror.url, &mirror.url_slave, &mirror.url_probe].into_iter().filter_map(|url| url.as_deref()).collect();
    urls.extend(mirror.multi_alternates.iter().flatten().map(|alternate| &*alternate.url));
    urls
}
