//! What is known about each origin: the settings that the operator made.
//!
//! Guarantees: an origin without settings has the defaults; a change holds for every request that begins after it.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;

/// All origins, shared by the client, the fills and the admin operations.
#[derive(Debug, Default)]
pub struct Origins {
    settings: ArcSwap<HashMap<OriginId, Arc<OriginSettings>>>,
    default: Arc<OriginSettings>,
}

impl Origins {
    /// No origin has settings of its own.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The settings of an origin, the defaults if it has none of its own.
    pub fn settings(&self, origin: &OriginId) -> Arc<OriginSettings> {
        self.settings.load().get(origin).cloned().unwrap_or_else(|| Arc::clone(&self.default))
    }

    /// All origins that have settings of their own, in order of their names.
    pub fn all(&self) -> Vec<(OriginId, Arc<OriginSettings>)> {
        let mut all: Vec<_> = self.settings.load().iter().map(|(id, set)| (id.clone(), Arc::clone(set))).collect();
        all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// Gives an origin settings; `None` takes them away.
    pub fn set(&self, origin: &OriginId, settings: Option<OriginSettings>) {
        let settings = settings.map(Arc::new);
        self.settings.rcu(|all| {
            let mut next = HashMap::clone(all);
            match &settings {
                Some(settings) => next.insert(origin.clone(), Arc::clone(settings)),
                None => next.remove(origin),
            };
            next
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_and_go() {
        let origins = Origins::new();
        let id = OriginId::parse("http://a.example/").unwrap();
        let made = OriginSettings { treat_403_as_404: true, ..OriginSettings::default() };
        origins.set(&id, Some(made.clone()));
        assert_eq!(*origins.settings(&id), made);
        assert_eq!(origins.all().len(), 1);
        origins.set(&id, None);
        assert_eq!(*origins.settings(&id), OriginSettings::default());
    }
}
