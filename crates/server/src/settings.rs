//! Changes of settings: they go through the audit log, whichever door they come by.

use std::net::IpAddr;

use headwater_admin::{Requester, Unacknowledged};
use headwater_model::access::{Context, Principal};
use headwater_model::body::Body;
use headwater_model::op::{Caller, Op};
use headwater_model::reply::Reply;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};
use headwater_wire::{PolicyFields, Routed};
use http::request::Parts;

use crate::record::RequestRecord;
use crate::service::Service;

impl Service {
    /// Performs an operation that changes settings of a bucket or of the server.
    pub(crate) async fn change_settings(
        &self,
        caller: &Caller<'_>,
        op: Op,
        (routed, parts): (&Routed, &Parts),
        record: &RequestRecord,
    ) -> Result<Reply> {
        let requester = requester(&caller.principal, record.id.as_str(), record.remote);
        let changed = match op {
            Op::PutBucketWebsite(bucket, website) => self.change_website(requester, bucket, Some(*website)).await,
            Op::DeleteBucketWebsite(bucket) => self.change_website(requester, bucket, None).await,
            op => {
                let administration = self.administration.clone();
                // A client that goes away must not part the change from its line: the change has the request for itself.
                let (routed, parts) = (routed.clone(), parts.clone());
                let (name, bucket) = (routed.operation.name(), routed.bucket.clone());
                let (principal, dialect) = (caller.principal.clone(), caller.dialect);
                let Context { source, secure, now, .. } = caller.context;
                // Boxed: any operation may be performed in it.
                let change = Box::pin(async move {
                    let fields = PolicyFields::new(&routed, &parts);
                    let context = Context { source, secure, now, fields: &fields };
                    let caller = Caller { principal, dialect, context };
                    match op {
                        Op::DeleteBucket(bucket) => administration.end_bucket(&caller, bucket).await,
                        op => administration.engine().perform(&caller, op, Body::Empty).await,
                    }
                });
                self.administration.change_settings(requester, name, bucket, change).await
            }
        };
        changed.map_err(|error| match error {
            Unacknowledged::Refused(error) => error,
            Unacknowledged::NotAudited => Error::internal("change settings", "made, but not written to the audit log"),
        })
    }

    /// Replaces the website document of a bucket, which are its rules, or takes it away.
    async fn change_website(
        &self,
        requester: Requester,
        bucket: BucketName,
        website: Option<Website>,
    ) -> Result<Reply, Unacknowledged> {
        self.administration.change_website(requester, bucket, website, None).await.map(|_| Reply::Done)
    }
}

fn requester(principal: &Principal, request_id: &str, remote: IpAddr) -> Requester {
    let who = match principal {
        Principal::Key(identity) => identity.access_key_id.to_string(),
        Principal::Anonymous => String::new(),
    };
    Requester { request_id: request_id.to_owned(), who, token: None, remote }
}
