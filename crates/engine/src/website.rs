//! The website document: its three operations, and the pages it names (oss-mirroring 11).

use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::op::{GetObject, MissContext, Visit};
use headwater_model::reply::{RelayedReply, Reply};
use headwater_model::rule::rewriting::encode_key;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey, Result};

use crate::engine::Engine;
use crate::settings::Changed;

/// A change of a website document.
#[derive(Clone, Debug)]
pub struct WebsiteChange {
    /// The documents.
    pub documents: Changed<Website>,
    /// The bucket as the change left it.
    pub bucket: Arc<Bucket>,
}

impl Engine {
    pub(crate) fn get_website(&self, name: &BucketName) -> Result<Reply> {
        let known = self.known(name)?;
        let website = known.bucket.website.clone();
        website.map(Reply::Website).ok_or_else(|| Error::NoSuchWebsite { bucket: name.as_str().into() })
    }

    /// Replaces the whole document, or takes it away if there is one; running fills of the bucket will store nothing. A
    /// masked secret that comes back unchanged means the secret that is stored.
    ///
    /// Whether the caller may, [`Engine::authorise`] has been asked. With `expected` nothing is changed unless that is
    /// the rule version, and no other change of the bucket comes between.
    ///
    /// # Errors
    /// `NoSuchBucket`; `RulesChanged`; `InvalidArgument` for a mask without a secret; those of the store.
    pub async fn change_website(
        &self,
        name: &BucketName,
        mut website: Option<Website>,
        expected: Option<u64>,
    ) -> Result<WebsiteChange> {
        let change = self.buckets.change().await;
        let bucket = &change.find(name)?.bucket;
        let current = bucket.rule_version;
        if let Some(expected) = expected.filter(|expected| *expected != current) {
            return Err(Error::RulesChanged { expected, current });
        }
        let before = bucket.website.as_deref().cloned();
        if let Some(website) = &mut website {
            website.adopt_masked_secrets(before.as_ref())?;
        }
        let differs = before.is_some() || website.is_some();
        if differs {
            let (website, rule_version) = (website.clone().map(Arc::new), bucket.rule_version + 1);
            change.update(&*self.store, Bucket { website, rule_version, ..Bucket::clone(bucket) }).await?;
        }
        let bucket = change.find(name)?.bucket.clone();
        Ok(WebsiteChange { documents: Changed { before, after: website, differs }, bucket })
    }

    /// The object that a visit of the website's root is for.
    ///
    /// # Errors
    /// [`Error::NoSuchWebsite`] without a home page: a website domain never lists.
    pub(crate) fn home_page(&self, name: BucketName, visit: Visit) -> Result<GetObject> {
        let known = self.known(&name)?;
        match root_page(&known.bucket) {
            Some(page) => Ok(visit.of(name, page)),
            None => Err(Error::NoSuchWebsite { bucket: name.as_str().into() }),
        }
    }
}

/// The home page that stands for a directory: for `dir/` the page in it where subdirectories are supported, else the
/// one of the root.
pub(crate) fn directory_page(bucket: &Bucket, key: &ObjectKey) -> Option<ObjectKey> {
    let index = bucket.website.as_ref()?.index.as_ref()?;
    if !key.as_str().ends_with('/') {
        return None;
    }
    let directory = if index.support_sub_dir == Some(true) { key.as_str() } else { "" };
    ObjectKey::parse(&format!("{directory}{}", index.suffix)).ok()
}

/// The home page of the root.
pub(crate) fn root_page(bucket: &Bucket) -> Option<ObjectKey> {
    ObjectKey::parse(&bucket.website.as_ref()?.index.as_ref()?.suffix).ok()
}

/// What a missing `abc` becomes when `abc/` has a home page (`IndexDocument/Type`).
pub(crate) enum SubdirectoryPage {
    /// Type 0: 302 to `/abc/`.
    Redirect,
    /// Type 2: the page itself.
    Content,
}

/// The home page of the directory that a missing key may have meant.
pub(crate) fn subdirectory_page(bucket: &Bucket, key: &ObjectKey) -> Option<(ObjectKey, SubdirectoryPage)> {
    let index = bucket.website.as_ref()?.index.as_ref()?;
    if index.support_sub_dir != Some(true) || key.as_str().ends_with('/') {
        return None;
    }
    let kind = match index.kind.unwrap_or(0) {
        0 => SubdirectoryPage::Redirect,
        2 => SubdirectoryPage::Content,
        _ => return None,
    };
    let page = ObjectKey::parse(&format!("{key}/{}", index.suffix)).ok()?;
    Some((page, kind))
}

/// The error page and its status.
pub(crate) fn error_page(bucket: &Bucket) -> Option<(ObjectKey, u16)> {
    let error = bucket.website.as_ref()?.error.as_ref()?;
    Some((ObjectKey::parse(&error.key).ok()?, error.http_status.unwrap_or(404)))
}

/// To `KEY/` on the host that the client asked.
pub(crate) fn redirect_to_directory(key: &ObjectKey, miss: &MissContext) -> Reply {
    redirect(302, format!("{}/{}/", miss.base_path, encode_key(key.as_str())))
}

/// A redirect has an empty body of known length.
pub(crate) fn redirect(status: u16, location: String) -> Reply {
    Reply::Relayed(Box::new(RelayedReply {
        status,
        location: Some(location.into()),
        content_type: None,
        body: Body::Empty,
        content_length: Some(0),
        origin_status: None,
    }))
}
