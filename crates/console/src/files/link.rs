//! A URL that lets whoever has it read one object for a while.

use std::time::Duration;

use askama::Template;
use headwater_admin::Link;
use headwater_model::ObjectKey;
use http::{HeaderMap, Method, StatusCode, header};

use crate::bucket::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page, text};
use crate::visitor::unacknowledged;

/// What can be chosen, in minutes.
const LIVES: [(u64, &str); 5] =
    [(15, "15 minutes"), (60, "1 hour"), (720, "12 hours"), (1440, "1 day"), (10_080, "7 days")];

#[derive(Template)]
#[template(path = "files/link.html")]
struct LinkPage<'p> {
    frame: Frame<'p>,
    key: &'p str,
    back: String,
    lives: [(u64, &'static str); 5],
    minutes: u64,
    endpoint: String,
    fault: Option<String>,
    url: Option<String>,
}

impl BucketVisit<'_> {
    pub(crate) fn linking(&self, key: &ObjectKey, headers: &HeaderMap) -> Outcome {
        self.link_page(key, (60, self.endpoint(headers)), Err(None))
    }

    pub(crate) async fn link(&self, key: &ObjectKey, fields: &[(String, String)], headers: &HeaderMap) -> Outcome {
        let minutes = text(fields, "minutes").parse().unwrap_or(60);
        let endpoint = match text(fields, "endpoint").trim() {
            "" => self.endpoint(headers),
            endpoint => endpoint.to_owned(),
        };
        let life = Duration::from_secs(60_u64.saturating_mul(minutes));
        let link = Link { method: Method::GET, life, endpoint: endpoint.clone() };
        let place = (self.bucket.name.clone(), key.clone());
        let made = self.visitor.administration.presign(self.visitor.requester.clone(), place, link).await;
        let made = made.map(|url| url.to_string()).map_err(|failure| Some(unacknowledged(&failure)));
        self.link_page(key, (minutes, endpoint), made)
    }

    /// Where this browser may reach the data plane: by the name that it calls the console by, at the data plane's port.
    fn endpoint(&self, headers: &HeaderMap) -> String {
        let facts = self.visitor.facts;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let authority = host.parse::<http::uri::Authority>().ok();
        let name = authority.as_ref().map_or("127.0.0.1", |authority| authority.host());
        format!("{}://{name}:{}", if facts.tls { "https" } else { "http" }, facts.data.port())
    }

    fn link_page(
        &self,
        key: &ObjectKey,
        (minutes, endpoint): (u64, String),
        made: Result<String, Option<String>>,
    ) -> Outcome {
        let (url, fault) = match made {
            Ok(url) => (Some(url), None),
            Err(fault) => (None, fault),
        };
        let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let shown = LinkPage {
            frame: self.frame(Tab::Files),
            key: key.as_str(),
            back: self.key_path("object", key.as_str()),
            lives: LIVES,
            minutes,
            endpoint,
            fault,
            url,
        };
        page(status, &shown)
    }
}
