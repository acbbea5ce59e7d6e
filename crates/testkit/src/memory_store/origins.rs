//! What the store knows of origins.

use std::collections::BTreeMap;

use headwater_model::limits::{MAX_ORIGIN_USAGES, MAX_ORIGINS};
use headwater_model::origin::OriginId;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::{Error, Result};

/// Settings and use, by name.
#[derive(Default)]
pub(super) struct Origins {
    pub(super) settings: BTreeMap<OriginId, OriginSettings>,
    pub(super) usage: BTreeMap<OriginId, OriginUsage>,
}

impl Origins {
    pub(super) fn put(&mut self, origin: &OriginId, settings: OriginSettings) -> Result<()> {
        if self.settings.len() >= MAX_ORIGINS && !self.settings.contains_key(origin) {
            return Err(Error::invalid_argument("origin", origin.as_str(), "too many origins"));
        }
        self.settings.insert(origin.clone(), settings);
        Ok(())
    }

    pub(super) fn put_usage(&mut self, usage: Vec<(OriginId, OriginUsage)>) -> Result<()> {
        let usage: BTreeMap<_, _> = usage.into_iter().collect();
        if usage.len() > MAX_ORIGIN_USAGES {
            return Err(Error::invalid_argument("usage", "", "too many origins"));
        }
        let mut others: Vec<_> = std::mem::take(&mut self.usage).into_iter().collect();
        others.retain(|(origin, _)| !usage.contains_key(origin));
        others.sort_by_key(|(_, usage)| usage.day);
        let surplus = (usage.len() + others.len()).saturating_sub(MAX_ORIGIN_USAGES);
        self.usage = usage.into_iter().chain(others.into_iter().skip(surplus)).collect();
        Ok(())
    }
}
