//! Visits of a website of S3: reads at a host name of its own, by the website document.
//!
//! ```text
//! rules without a status ─► (directory? its index page) ─► look-up, with mirroring ─► redirect of the object
//!        failed ─► directory of that name? redirect ─► rules for this status ─► error page ─► the error
//! ```
//!
//! Guarantees: a page, also an error page, is shown only to who may read it; what a rule redirects needs no right, because
//! nothing of the bucket is told. The status of an error page is that of the error, unless `HttpStatus`
//! names another for what is missing.
//!
//! Not here: websites of OSS, which are the API's own reads ([`crate::get`], oss-mirroring 11).

use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::error::VersionError;
use headwater_model::op::{Caller, GetObject, Visit};
use headwater_model::reply::{ObjectReply, Reply};
use headwater_model::rule::{RoutingRule, rewriting, site};
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey, Result};

use crate::control::Known;
use crate::engine::Engine;
use crate::fill::MissMethod;
use crate::get::content;
use crate::website;

/// Whether a read is a visit of a website as S3 has it.
pub(crate) fn is_visit(caller: &Caller<'_>, get: &GetObject) -> bool {
    get.miss.site && caller.dialect == Dialect::S3
}

impl Engine {
    /// A visit of the root.
    pub(crate) async fn visit_root(
        &self,
        caller: &Caller<'_>,
        bucket: BucketName,
        visit: Visit,
        method: MissMethod,
    ) -> Result<Reply> {
        if caller.dialect == Dialect::S3 {
            return self.visit(caller, &bucket, "", visit, method).await;
        }
        let get = self.home_page(bucket, visit)?;
        self.read(caller, &get, method).await
    }

    /// A visit of `path`, which has no slash at its beginning.
    pub(crate) async fn visit(
        &self,
        caller: &Caller<'_>,
        bucket: &BucketName,
        path: &str,
        visit: Visit,
        method: MissMethod,
    ) -> Result<Reply> {
        let known = self.known(bucket)?;
        let no_website = || Error::NoSuchWebsite { bucket: bucket.as_str().into() };
        let document = known.bucket.website.clone().ok_or_else(no_website)?;
        if let Some(rule) = site::before_lookup(&document.rules, path) {
            return Ok(redirect(rule, path, &visit));
        }
        let key = page_key(&document, path).ok_or_else(no_website)??;
        let get = visit.clone().of(bucket.clone(), key);
        let error = match self.read(caller, &get, method).await {
            Ok(reply) => return Ok(own_redirect(&reply).unwrap_or(reply)),
            Err(error) => error,
        };
        let Some(status) = page_status(&error) else { return Err(error) };
        if let Some(redirect) = self.directory(caller, &known, &document, &get).await? {
            return Ok(redirect);
        }
        if let Some(rule) = site::after_error(&document.rules, path, status) {
            return Ok(redirect(rule, path, &visit));
        }
        let Some(page) = document.error.as_ref().and_then(|page| ObjectKey::parse(&page.key).ok()) else {
            return Err(error);
        };
        let Some(object) = self.page(caller, &known, &page).await? else { return Err(error) };
        let body = match method {
            MissMethod::Get => content(&object, 0..object.meta.size_bytes),
            MissMethod::Head | MissMethod::HeadStored => Body::Empty,
        };
        let mut reply = ObjectReply::hit(object.meta.clone(), body);
        reply.status = Some(shown_status(&document, status));
        if let Error::NoSuchKey { origin_status, .. } = error {
            reply.origin_status = origin_status;
        }
        Ok(Reply::Object(Box::new(reply)))
    }

    /// To the directory that a path without its last slash means, if it has an index page and nothing is stored under the
    /// path itself.
    async fn directory(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        document: &Website,
        get: &GetObject,
    ) -> Result<Option<Reply>> {
        let Some(index) = document.index.as_ref().filter(|_| !get.key.as_str().ends_with('/')) else { return Ok(None) };
        let Ok(page) = ObjectKey::parse(&format!("{}/{}", get.key, index.suffix)) else { return Ok(None) };
        if self.page(caller, known, &page).await?.is_none()
            || self.store.open(&known.reference, &get.key).await?.is_some()
        {
            return Ok(None);
        }
        Ok(Some(website::redirect_to_directory(&get.key, &get.miss)))
    }
}

/// The object that a path means: the index page for a directory. `None` for the root of a website without one.
fn page_key(document: &Website, path: &str) -> Option<Result<ObjectKey>> {
    match &document.index {
        Some(index) if path.is_empty() || path.ends_with('/') => {
            Some(ObjectKey::parse(&format!("{path}{}", index.suffix)))
        }
        _ if path.is_empty() => None,
        _ => Some(ObjectKey::parse(path)),
    }
}

/// Status of an error that rules and the error page may answer for.
fn page_status(error: &Error) -> Option<u16> {
    match error {
        Error::NoSuchKey { .. } | Error::Version(VersionError::Deleted { .. }) => Some(404),
        Error::AccessDenied { .. } => Some(403),
        _ => None,
    }
}

/// Status of an error page: the error's, but for a missing page the one that a document of OSS's form names.
fn shown_status(document: &Website, status: u16) -> u16 {
    let named = document.error.as_ref().and_then(|page| page.http_status);
    named.filter(|_| status == 404).unwrap_or(status)
}

/// Where an object sends those who ask for it (`x-amz-website-redirect-location`).
fn own_redirect(reply: &Reply) -> Option<Reply> {
    let Reply::Object(object) = reply else { return None };
    let target = object.meta.headers.website_redirect.as_deref()?;
    Some(website::redirect(301, target.to_owned()))
}

fn redirect(rule: &RoutingRule, path: &str, visit: &Visit) -> Reply {
    website::redirect(rule.redirect_code(), rewriting::location(rule, path, &visit.miss))
}
