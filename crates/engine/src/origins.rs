//! The settings of origins (decisions, rows 2 and 4): stored, shown to whoever asks origins, masked for whoever reads.
//!
//! Guarantees: only checked settings are stored, their secrets sealed; they are durable before they hold, and hold for
//! every request that begins after the change is acknowledged. Secrets go in and never come out: readers get
//! [`SECRET_MASK`], and the mask sent back stands for the secret that is stored.

use std::time::Duration;

use headwater_egress::{OriginStatus, Origins};
use headwater_model::origin::OriginId;
use headwater_model::rule::{SECRET_MASK, Secret};
use headwater_model::settings::{OriginCredentials, OriginSettings};
use headwater_model::{Error, Result};
use headwater_store::Store;

use crate::engine::Engine;
use crate::seal::{Found, Seal};
use crate::settings::Changed;

/// Most of the use of origins that a crash may forget, in time.
const USAGE_INTERVAL: Duration = Duration::from_secs(30);

/// A change of how an origin is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginChange {
    /// The settings, secrets masked.
    pub settings: Changed<OriginSettings>,
    /// The version ([`Engine::origin_version`]) of those that the change left, whatever came after it.
    pub version: String,
}

/// Shows the stored settings to the client of origins; secrets in the clear are sealed first.
pub(crate) async fn load(store: &dyn Store, seal: &Seal, origins: &Origins) -> Result<()> {
    let mut all = Vec::new();
    for (id, stored) in store.origins().await? {
        let (settings, found) = seal.open_origin(&id, &stored)?;
        if found == Found::Clear {
            store.put_origin(&id, seal.seal_origin(&id, &settings)).await?;
        }
        all.push((id, settings));
    }
    origins.load(all);
    origins.restore(store.origin_usage().await?);
    Ok(())
}

impl Engine {
    /// The origins that have settings of their own, in order of name; secrets are masked.
    pub fn origins(&self) -> Vec<(OriginId, OriginSettings)> {
        self.origins.all().into_iter().map(|(id, settings)| (id, masked(&settings))).collect()
    }

    /// The settings of an origin with secrets masked; the defaults if it has none of its own.
    pub fn origin_settings(&self, id: &OriginId) -> OriginSettings {
        masked(&self.origins.settings(id))
    }

    /// The version of an origin's settings: another one for other settings, secrets among them, of which it tells nothing.
    pub fn origin_version(&self, id: &OriginId) -> String {
        self.seal.version_of(&self.origins.settings(id))
    }

    /// Writes down what was read of origins, for budgets that outlast a restart.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn save_origin_usage(&self) -> Result<()> {
        let used = self.origins.usage().into_iter().filter(|(_, usage)| usage.month_bytes > 0).collect();
        self.store.put_origin_usage(used).await
    }

    /// Writes it down time and again; a crash forgets at most half a minute of it. Never ends.
    pub async fn keep_origin_usage(&self) {
        loop {
            self.clock.sleep(USAGE_INTERVAL).await;
            if let Err(error) = self.save_origin_usage().await {
                tracing::warn!(%error, "the use of origins could not be written down");
            }
        }
    }

    /// How an origin is.
    pub fn origin_status(&self, id: &OriginId) -> OriginStatus {
        self.origins.status(id)
    }

    /// Changes the settings of an origin; `change` gets those of now, secrets masked, and no other change comes between.
    /// A mask among the new secrets stands for the one that is stored. What comes back is masked. With `expected` only
    /// settings of this version are changed.
    ///
    /// # Errors
    /// `PreconditionFailed` for another version; those of `change`; `InvalidArgument` naming the field; those of the store.
    pub async fn change_origin_settings(
        &self,
        id: &OriginId,
        expected: Option<&str>,
        change: impl FnOnce(&OriginSettings) -> Result<OriginSettings>,
    ) -> Result<OriginChange> {
        let _change = self.origin_change.lock().await;
        self.expect_version(id, expected)?;
        let own = self.origins.own_settings(id);
        let old = self.origins.settings(id);
        let mut new = change(&masked(&old))?;
        adopt_masked(&mut new, &old)?;
        new.validate()?;
        let differs = own.as_deref() != Some(&new);
        if differs {
            self.store.put_origin(id, self.seal.seal_origin(id, &new)).await?;
            self.origins.set(id, Some(new.clone()));
        }
        let settings = Changed { before: own.map(|own| masked(&own)), after: Some(masked(&new)), differs };
        Ok(OriginChange { settings, version: self.seal.version_of(&new) })
    }

    /// Takes the settings of an origin away: it has the defaults again. What comes back is masked. With `expected` only
    /// settings of this version go.
    ///
    /// # Errors
    /// `PreconditionFailed` for another version; those of the store.
    pub async fn delete_origin_settings(
        &self,
        id: &OriginId,
        expected: Option<&str>,
    ) -> Result<Changed<OriginSettings>> {
        let _change = self.origin_change.lock().await;
        self.expect_version(id, expected)?;
        let own = self.origins.own_settings(id);
        if own.is_some() {
            self.store.delete_origin(id).await?;
            self.origins.set(id, None);
        }
        Ok(Changed { differs: own.is_some(), before: own.map(|own| masked(&own)), after: None })
    }

    fn expect_version(&self, id: &OriginId, expected: Option<&str>) -> Result<()> {
        if expected.is_none_or(|expected| expected == self.origin_version(id)) {
            return Ok(());
        }
        Err(Error::PreconditionFailed { condition: "If-Match" })
    }
}

fn masked(settings: &OriginSettings) -> OriginSettings {
    let mut settings = settings.clone();
    if let Some(credentials) = &mut settings.credentials {
        credentials.access_key_secret = Secret::new(SECRET_MASK);
        if let Some(token) = &mut credentials.session_token {
            *token = Secret::new(SECRET_MASK);
        }
    }
    settings
}

/// A secret is kept only for the access key id that it belongs to.
fn adopt_masked(new: &mut OriginSettings, old: &OriginSettings) -> Result<()> {
    let Some(credentials) = &mut new.credentials else { return Ok(()) };
    let stored = old.credentials.as_ref().filter(|stored| stored.access_key_id == credentials.access_key_id);
    let nothing = |field: &str| {
        let message = "a mask stands for the stored secret, and none is stored for this access key id";
        Error::invalid_argument(format!("credentials.{field}"), SECRET_MASK, message)
    };
    let OriginCredentials { access_key_secret, session_token, .. } = credentials;
    if access_key_secret.is_mask() {
        *access_key_secret = stored.ok_or_else(|| nothing("access_key_secret"))?.access_key_secret.clone();
    }
    if let Some(token) = session_token.as_mut().filter(|token| token.is_mask()) {
        let stored = stored.and_then(|stored| stored.session_token.clone());
        *token = stored.ok_or_else(|| nothing("session_token"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(id: &str, secret: &str) -> OriginSettings {
        let credentials = OriginCredentials {
            access_key_id: id.into(),
            access_key_secret: Secret::new(secret),
            session_token: None,
            region: "r".into(),
        };
        OriginSettings { credentials: Some(credentials), ..OriginSettings::default() }
    }

    #[test]
    fn a_mask_keeps_the_secret_of_the_same_id_only() {
        let old = settings("a", "s");
        assert!(!format!("{:?}", masked(&old)).contains("\"s\""));
        let mut new = settings("a", SECRET_MASK);
        adopt_masked(&mut new, &old).unwrap();
        assert_eq!(new, old);
        for old in [settings("b", "s"), OriginSettings::default()] {
            assert!(adopt_masked(&mut settings("a", SECRET_MASK), &old).is_err());
        }
    }
}
