//! Changes of website documents, which are rules.

use headwater_engine::Changed;
use headwater_model::BucketName;
use headwater_model::rule::SECRET_MASK;
use headwater_model::website::Website;
use headwater_wire::write_website;

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

impl Administration {
    /// Replaces the document of a bucket, or takes it away; with an `expected` rule version, only while that is the
    /// bucket's. What is told of it is XML with secrets masked.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::change_website` refuses with.
    pub async fn change_website(
        &self,
        requester: Requester,
        bucket: BucketName,
        website: Option<Website>,
        expected: Option<u64>,
    ) -> Result<Changed<String>, Unacknowledged> {
        let action = if website.is_some() { "put_website" } else { "delete_website" };
        let target = format!("bucket {bucket}");
        let engine = self.engine().clone();
        let change = async move {
            let changed = engine.change_website(&bucket, website, expected).await?;
            Ok(changed.map(|website| shown(&website)))
        };
        self.change(requester, action, target, change).await
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
