//! Taking the settings of an origin away.

use askama::Template;
use headwater_model::origin::OriginId;
use http::StatusCode;

use super::{OriginVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page};

#[derive(Template)]
#[template(path = "origins/delete.html")]
struct DeletePage<'p> {
    csrf: &'p str,
    id: &'p str,
    address: String,
    faults: Faults,
}

impl OriginVisit<'_> {
    /// Asks before they go; an origin without settings has its page.
    pub(crate) fn removing(&self, id: &OriginId) -> Outcome {
        if self.has_settings(id) { self.asking(id, Faults::default()) } else { Outcome::To(address(id)) }
    }

    fn asking(&self, id: &OriginId, faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        page(status, &DeletePage { csrf: self.visitor.csrf(), id: id.as_str(), address: address(id), faults })
    }

    pub(crate) async fn remove(&self, id: &OriginId) -> Outcome {
        let Self { visitor } = self;
        let removed = visitor.administration.delete_origin_settings(visitor.requester.clone(), id.clone(), None).await;
        if let Err(failure) = removed {
            return self.asking(id, Faults::refused(&failure, &[]));
        }
        visitor.session.say(format!("The settings of {id} were taken away: it has the defaults."));
        Outcome::To(address(id))
    }
}
