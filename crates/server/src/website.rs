//! Changes of website documents, which are rules: they go through the audit log, whichever door they come by.

use std::net::IpAddr;

use headwater_admin::{Requester, Unacknowledged};
use headwater_model::access::Principal;
use headwater_model::reply::Reply;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};

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
        let requester = Requester { request_id: request_id.to_owned(), who, token: None, remote };
        match self.administration.change_website(requester, bucket, website, None).await {
            Ok(_) => Ok(Reply::Done),
            Err(Unacknowledged::Refused(error)) => Err(error),
            Err(Unacknowledged::NotAudited) => {
                Err(Error::internal("change a website", "made, but not written to the audit log"))
            }
        }
    }
}
