//! The walk over versions that are not current, and over delete markers that nothing stands behind.
//!
//! A version ages from when another took its place. The youngest may be kept by their number, which is counted from the
//! newest on; a walk that goes on in the middle of a key counts from there, and so rather keeps too many.

use std::sync::Arc;

use headwater_model::lifecycle::{LifecycleRule, Subject};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_model::settings::GoneMode;
use headwater_model::version::VersionMarker;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{NoncurrentVersion, VersionRemoval};

use super::counters::Done;
use super::progress::Place;
use super::walk::{Ruled, Walk};

/// How many versions of the key at hand were seen that are not current.
#[derive(Default)]
struct Seen {
    key: Option<ObjectKey>,
    versions: u32,
}

impl Seen {
    /// How many noncurrent versions of its key are newer.
    fn newer_than(&mut self, version: &NoncurrentVersion) -> u32 {
        if self.key.as_ref() != Some(&version.key) {
            *self = Self { key: Some(version.key.clone()), versions: 0 };
        }
        let newer = self.versions;
        self.versions += u32::from(version.superseded.is_some());
        newer
    }
}

/// What a rule makes of a delete marker of which nothing is left but itself.
fn ends_markers(rule: &LifecycleRule) -> bool {
    rule.expiration.is_some_and(|expiration| expiration.due.is_some() || expiration.lone_delete_marker == Some(true))
}

impl Walk<'_> {
    /// Places ascend from page to page, so it ends.
    pub(super) async fn versions(&self, mut place: Place) -> Result<()> {
        let (mut seen, mut damaged) = (Seen::default(), 0);
        while let Some(ruled) = self.ruled(&place) {
            let speaks = |rule: &LifecycleRule| rule.noncurrent_expiration.is_some() || ends_markers(rule);
            if !ruled.rules.enabled().any(speaks) {
                return Ok(());
            }
            let (began, removed) = (self.engine.clock.elapsed(), self.removed());
            let after = VersionMarker { key: place.after.clone(), version: place.after_version };
            let page = self.engine.store.list_noncurrent(&ruled.known.reference, &after, MAX_LIST_KEYS).await?;
            self.pass_damaged(&ruled, &page.damaged, &mut damaged);
            for version in &page.versions {
                let newer = seen.newer_than(version);
                match self.end_version(&ruled, version, newer).await {
                    Ok(true) => self.engine.lifecycle.count(Done::Version),
                    // It is retained, or somebody changed it meanwhile: the next walk looks at it again.
                    Ok(false) | Err(Error::ObjectLocked { .. } | Error::PreconditionFailed { .. }) => {}
                    Err(error) => self.failed(&ruled, version.key.as_str(), &error),
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            (place.after, place.after_version) = (next.key, next.version);
            self.progress.note(&place, self.removed() != removed).await;
            self.rest(began).await;
        }
        Ok(())
    }

    async fn end_version(&self, ruled: &Ruled, version: &NoncurrentVersion, newer: u32) -> Result<bool> {
        let is_due = match version.superseded {
            Some(_) => self.noncurrent_is_due(ruled, version, newer),
            None => self.marker_is_due(ruled, version) && self.stands_alone(ruled, version).await?,
        };
        if !is_due {
            return Ok(false);
        }
        // The null version may be another one by now, be it the current object. No object meets the condition of a marker.
        let tags = version.object.iter().map(|meta| meta.etag.clone()).collect();
        let condition = ObjectCondition {
            if_match: Some(TagCondition::OneOf(tags)),
            if_none_match: None,
            last_modified: Some(version.last_modified),
            size_bytes: version.object.as_ref().map(|meta| meta.size_bytes),
        };
        let removal = VersionRemoval {
            condition: Some(Arc::new(condition)),
            superseded: version.superseded,
            ..VersionRemoval::of(version.version)
        };
        let removed = self.engine.store.delete_version(&ruled.known.reference, &version.key, removal).await?;
        self.engine.fills.forget_absence(ruled.known.bucket.generation, &version.key);
        Ok(removed.is_some())
    }

    fn noncurrent_is_due(&self, ruled: &Ruled, version: &NoncurrentVersion, newer: u32) -> bool {
        let (Some(superseded), now) = (version.superseded, self.engine.clock.now()) else { return false };
        ruled.rules.enabled().any(|rule| {
            rule.noncurrent_expiration.is_some_and(|noncurrent| {
                self.day.after(superseded, noncurrent.days) <= now
                    && noncurrent.kept_versions.is_none_or(|kept| newer >= kept)
            }) && rule.covers(&subject(version))
        })
    }

    /// By a rule about lone markers at once, by one about objects when an object of that age would end.
    fn marker_is_due(&self, ruled: &Ruled, marker: &NoncurrentVersion) -> bool {
        // The marker is what remembers that a client deleted the key: without it, the next GET would mirror it again.
        if ruled.known.bucket.migration.deletes == GoneMode::Keep {
            return false;
        }
        let now = self.engine.clock.now();
        ruled.rules.enabled().filter(|rule| ends_markers(rule) && rule.covers(&subject(marker))).any(|rule| {
            let due = rule.expiration.and_then(|expiration| expiration.due);
            due.is_none_or(|due| due.moment(marker.last_modified, self.day).is_some_and(|at| at <= now))
        })
    }

    async fn stands_alone(&self, ruled: &Ruled, marker: &NoncurrentVersion) -> Result<bool> {
        let behind = VersionMarker { key: marker.key.as_str().into(), version: Some(marker.version) };
        let page = self.engine.store.list_noncurrent(&ruled.known.reference, &behind, 1).await?;
        Ok(page.versions.first().is_none_or(|next| next.key != marker.key))
    }
}

fn subject(version: &NoncurrentVersion) -> Subject<'_> {
    let (size_bytes, tags) =
        version.object.as_ref().map_or((0, &[][..]), |meta| (meta.size_bytes, meta.tags.as_slice()));
    Subject { key: version.key.as_str(), size_bytes, tags }
}
