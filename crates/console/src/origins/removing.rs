//! Taking the settings of an origin away.

use askama::Template;
use headwater_admin::Unacknowledged;
use headwater_model::Error;
use headwater_model::origin::OriginId;
use http::StatusCode;

use super::{OriginVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

#[derive(Template)]
#[template(path = "origins/delete.html")]
struct DeletePage<'p> {
    csrf: &'p str,
    id: &'p str,
    address: String,
    print: &'p str,
    faults: Faults,
}

impl OriginVisit<'_> {
    /// Asks before they go; an origin without settings has its page.
    pub(crate) fn removing(&self, id: &OriginId) -> Outcome {
        let print = &self.version(id);
        if self.has_settings(id) { self.asking(id, print, Faults::default()) } else { Outcome::To(address(id)) }
    }

    fn asking(&self, id: &OriginId, print: &str, faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (csrf, address) = (self.visitor.csrf(), address(id));
        page(status, &DeletePage { csrf, id: id.as_str(), address, print, faults })
    }

    /// Takes the settings away if they are still those that were asked about.
    pub(crate) async fn remove(&self, id: &OriginId, fields: &[(String, String)]) -> Outcome {
        let Self { visitor } = self;
        let (requester, print) = (visitor.requester.clone(), text(fields, "print"));
        let expected = Some(print.to_owned());
        match visitor.administration.delete_origin_settings(requester, id.clone(), expected).await {
            Ok(_) => {
                visitor.session.say(format!("The settings of {id} were taken away: it has the defaults."));
                Outcome::To(address(id))
            }
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => self.show_changed(id),
            Err(failure) => self.asking(id, print, Faults::refused(&failure, &[])),
        }
    }
}
