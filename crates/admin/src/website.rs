//! Changes of website documents, which are rules.

use headwater_engine::Changed;
use headwater_model::body::Body;
use headwater_model::op::{Caller, Op};
use headwater_model::reply::Reply;
use headwater_model::rule::SECRET_MASK;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};
use headwater_wire::write_website;

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;
use crate::history::Revision;

/// A website document as it is told of: XML with secrets masked.
#[derive(Clone, Debug)]
pub struct WebsiteChanged {
    /// The documents.
    pub documents: Changed<String>,
    /// The rule version that the change left.
    pub rule_version: u64,
}

impl Administration {
    /// Replaces the document of a bucket, or takes it away; with `expected` only if that is its rule version. The version
    /// that a change made is in the bucket's history before it is acknowledged; if that cannot be written, the change
    /// stands, in the audit log too, and the server's log says so.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::change_website` refuses with.
    pub async fn change_website(
        &self,
        requester: Requester,
        bucket: BucketName,
        website: Option<Website>,
        expected: Option<u64>,
    ) -> Result<WebsiteChanged, Unacknowledged> {
        let action = if website.is_some() { "put_website" } else { "delete_website" };
        let target = format!("bucket {bucket}");
        let (engine, history, who) = (self.engine().clone(), self.history.clone(), requester.who.clone());
        let (version, made) = tokio::sync::oneshot::channel();
        let change = async move {
            let change = engine.change_website(&bucket, website, expected).await?;
            let (documents, bucket) = (change.documents.map(|website| shown(&website)), change.bucket);
            let rule_version = bucket.rule_version;
            if documents.differs {
                let (time_ms, website) = (engine.clock().now().0, documents.after.clone());
                let revision = Revision { rule_version, time_ms, who, website };
                if let Err(error) = history.add(bucket.generation, revision).await {
                    tracing::error!(%error, bucket = %bucket.name, rule_version, "the history of rules was not written");
                }
            }
            // Nobody may be waiting any more.
            let _ = version.send(rule_version);
            Ok(documents)
        };
        let documents = self.change(requester, action, target, change).await?;
        let rule_version =
            made.await.map_err(|error| Unacknowledged::Refused(Error::internal("change a website", error)))?;
        Ok(WebsiteChanged { documents, rule_version })
    }

    /// The last versions of a bucket's document, oldest first, with who made them.
    ///
    /// # Errors
    /// `NoSuchBucket`; [`Error::Internal`] if the history cannot be read.
    pub async fn website_history(&self, bucket: &BucketName) -> Result<Vec<Revision>> {
        let known = self.engine().bucket(bucket.as_str());
        let known = known.ok_or_else(|| Error::NoSuchBucket { bucket: bucket.as_str().into() })?;
        let read = self.history.read(known.generation).await;
        read.map_err(|error| Error::internal("read the history of rules", error))
    }

    /// Deletes a bucket, and with it what is remembered of its rules.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn end_bucket(&self, caller: &Caller<'_>, bucket: BucketName) -> Result<Reply> {
        let known = self.engine().bucket(bucket.as_str());
        let reply = self.engine().perform(caller, Op::DeleteBucket(bucket), Body::Empty).await?;
        if let Some(known) = known
            && let Err(error) = self.history.forget(known.generation).await
        {
            tracing::warn!(%error, bucket = %known.name, "the history of a deleted bucket's rules goes with the next start");
        }
        Ok(reply)
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
