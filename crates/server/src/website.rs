//! Changes of website documents, which are rules: they go through the audit log, whichever door they come by.

use std::net::IpAddr;

use headwater_model::access::Principal;
use headwater_model::reply::Reply;
use headwater_model::rule::SECRET_MASK;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};
use headwater_wire::write_website;

use crate::audit::{Intent, Unacknowledged};
use crate::service::Service;

impl Service {
    /// Replaces the document of a bucket, or takes it away.
    pub(crate) async fn change_website(
        &self,
        principal: Principal,
        bucket: BucketName,
        website: Option<Website>,
        (request_id, remote): (&str, IpAddr),
    ) -> Result<Reply> {
        let who = match &principal {
            Principal::Key(identity) => identity.access_key_id.to_string(),
            Principal::Anonymous => String::new(),
        };
        let action = if website.is_some() { "put_website" } else { "delete_website" };
        let target = format!("bucket {bucket}");
        let intent = Intent { request_id: request_id.to_owned(), who, remote, action, target };
        let engine = self.engine.clone();
        let change = async move {
            let changed = engine.change_website(&bucket, website).await?;
            Ok(changed.map(|website| shown(&website)))
        };
        match self.audit.change(intent, change).await {
            Ok(_) => Ok(Reply::Done),
            Err(Unacknowledged::Refused(error)) => Err(error),
            Err(Unacknowledged::NotAudited) => {
                Err(Error::internal("change a website", "made, but not written to the audit log"))
            }
        }
    }
}

/// As XML. What rules set on origin requests may be credentials, and who reads the log need not own the bucket.
fn shown(website: &Website) -> String {
    let mut website = website.clone();
    for redirect in website.rules.iter_mut().filter_map(|rule| rule.redirect.as_mut()) {
        for field in redirect.mirror.headers.iter_mut().flat_map(|headers| &mut headers.set) {
            field.value = SECRET_MASK.into();
        }
    }
    write_website(&website)
}
