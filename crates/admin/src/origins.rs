//! Changes of how origins are treated.

use headwater_engine::{Changed, OriginChange};
use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;
use headwater_model::{Error, Result};

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

impl Administration {
    /// Changes the settings of an origin; `new` makes them from those of now, secrets masked, and no other change comes
    /// between. A mask among them stands for the secret that is stored. With `expected` only settings of this version
    /// (`Engine::origin_version`) are changed.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `new` and `Engine::change_origin_settings` refuse with.
    pub async fn change_origin_settings(
        &self,
        requester: Requester,
        id: OriginId,
        expected: Option<String>,
        new: impl FnOnce(&OriginSettings) -> Result<OriginSettings> + Send + 'static,
    ) -> Result<OriginChange, Unacknowledged> {
        let (engine, target) = (self.engine().clone(), format!("origin {id}"));
        let (sender, made) = tokio::sync::oneshot::channel();
        let change = async move {
            let OriginChange { settings, version } =
                engine.change_origin_settings(&id, expected.as_deref(), new).await?;
            // Nobody may be waiting any more.
            let _ = sender.send(version);
            Ok(settings)
        };
        let settings = self.change(requester, "put_origin_settings", target, change).await?;
        let version =
            made.await.map_err(|error| Unacknowledged::Refused(Error::internal("change an origin", error)))?;
        Ok(OriginChange { settings, version })
    }

    /// Takes the settings of an origin away: it has the defaults again. With `expected` only settings of this version go.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::delete_origin_settings` refuses with.
    pub async fn delete_origin_settings(
        &self,
        requester: Requester,
        id: OriginId,
        expected: Option<String>,
    ) -> Result<Changed<OriginSettings>, Unacknowledged> {
        let (engine, target) = (self.engine().clone(), format!("origin {id}"));
        let change = async move { engine.delete_origin_settings(&id, expected.as_deref()).await };
        self.change(requester, "delete_origin_settings", target, change).await
    }
}
