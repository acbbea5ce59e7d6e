//! Origins: their settings, and how much they have sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use headwater_index::rows::{OriginRow, OriginUsageRow, RowValue};
use headwater_model::limits::{MAX_ORIGIN_USAGES, MAX_ORIGINS};
use headwater_model::origin::OriginId;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::{Error, Result};

use super::core::Core;

/// Rows read at a time.
const CHUNK_ROWS: usize = 256;
/// What a row of an origin's use takes of its entry, about: its name twice, and some numbers.
const USAGE_ROW_BYTES: usize = 128;

impl Core {
    /// The origins that have settings, by name.
    pub(super) fn origins(&self) -> Result<Vec<(OriginId, OriginSettings)>> {
        let rows = self.view.rows(OriginRow::range(), CHUNK_ROWS);
        rows.map(|row| {
            let (key, value) = row?;
            Ok((OriginRow::parse_key(&key)?, OriginRow::decode(&key, &value)?.settings))
        })
        .collect()
    }

    /// Makes or replaces the settings of an origin.
    pub(super) async fn put_origin(&self, origin: &OriginId, settings: OriginSettings) -> Result<()> {
        // The certificates are most of a large row.
        let bytes = settings.ca_pem.as_ref().map_or(0, |pem| pem.len());
        self.commit(bytes, move |judgement| {
            let key = OriginRow::key(origin);
            let former = judgement.get(&key)?;
            if former.is_none() && judgement.rows(OriginRow::range())?.len() >= MAX_ORIGINS {
                return Err(too_many("origin", origin.as_str(), MAX_ORIGINS, "have settings"));
            }
            let row = OriginRow { sequence: judgement.sequence(), settings };
            judgement.put(key, row.encode(), former);
            Ok(())
        })
        .await
    }

    /// Deletes the settings of an origin.
    pub(super) async fn delete_origin(&self, origin: &OriginId) -> Result<bool> {
        self.commit(0, |judgement| {
            let key = OriginRow::key(origin);
            let Some(former) = judgement.get(&key)? else { return Ok(false) };
            judgement.delete(key, former);
            Ok(true)
        })
        .await
    }

    /// How much origins have sent, by name.
    pub(super) fn origin_usage(&self) -> Result<Vec<(OriginId, OriginUsage)>> {
        let rows = self.view.rows(OriginUsageRow::range(), CHUNK_ROWS);
        rows.map(|row| {
            let (key, value) = row?;
            Ok((OriginUsageRow::parse_key(&key)?, OriginUsageRow::decode(&key, &value)?.usage))
        })
        .collect()
    }

    /// Puts down how much origins have sent. Rows that stay as they are are not written.
    pub(super) async fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> Result<()> {
        let wanted: BTreeMap<Bytes, OriginUsage> =
            usage.into_iter().map(|(origin, usage)| (OriginUsageRow::key(&origin).into(), usage)).collect();
        if wanted.len() > MAX_ORIGIN_USAGES {
            return Err(too_many("usage", &wanted.len().to_string(), MAX_ORIGIN_USAGES, "have their use kept"));
        }
        self.commit(wanted.len() * USAGE_ROW_BYTES, move |judgement| {
            let mut others = BTreeMap::new();
            for (key, value) in judgement.rows(OriginUsageRow::range())? {
                let row = OriginUsageRow::decode(&key, &value)?;
                others.insert(key, (row.usage, value));
            }
            let sequence = judgement.sequence();
            let count = wanted.len();
            for (key, usage) in wanted {
                let former = others.remove(&key);
                if former.as_ref().is_none_or(|(former, _)| *former != usage) {
                    let value = OriginUsageRow { sequence, usage }.encode();
                    judgement.put(key, value, former.map(|(_, value)| value));
                }
            }
            let surplus = (count + others.len()).saturating_sub(MAX_ORIGIN_USAGES);
            let mut oldest: Vec<_> = others.into_iter().collect();
            oldest.sort_by_key(|(_, (usage, _))| usage.day); // stable: of one day, the first by name
            for (key, (_, value)) in oldest.into_iter().take(surplus) {
                judgement.delete(key, value);
            }
            Ok(())
        })
        .await
    }
}

fn too_many(name: &str, value: &str, limit: usize, what: &str) -> Error {
    Error::invalid_argument(name, value, format!("at most {limit} origins can {what}; delete one that is not needed"))
}
