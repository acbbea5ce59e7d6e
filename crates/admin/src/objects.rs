//! Buckets and objects, as operators handle them.

use std::sync::Arc;
use std::time::Duration;

use headwater_engine::Changed;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::object::SharedMeta;
use headwater_model::op::{DeleteObject, ObjectVersion, Op, PutObject};
use headwater_model::reply::Reply;
use headwater_model::version::Governance;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_wire::escape_key;
use headwater_wire::sign::{Signing, SigningKeys, Target, presign_v4};
use http::{Method, Request, Uri};
use serde::Serialize;

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

/// Longest life of a presigned URL: seven days, as at both vendors.
pub const MAX_LINK_LIFE: Duration = Duration::from_hours(7 * 24);

/// A URL that lets whoever has it do one thing for a while.
#[derive(Clone, Debug)]
pub struct Link {
    /// `GET` or `PUT`.
    pub method: Method,
    /// How long it is valid: whole seconds, 1 s to [`MAX_LINK_LIFE`].
    pub life: Duration,
    /// Where the data plane is reached: `http://HOST:PORT`.
    pub endpoint: String,
}

/// What went when a bucket was emptied.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Emptied {
    /// Objects, versions and delete markers.
    pub deleted: u64,
    /// Open uploads.
    pub aborted_uploads: u64,
}

/// What the audit log keeps of a link: not the URL, which is a credential.
#[derive(Serialize)]
struct NotedLink {
    method: String,
    life_s: u64,
}

impl Administration {
    /// Makes a bucket that was not there before, private, of root's.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with `BucketAlreadyExists`, `InvalidBucketName` or `TooManyBuckets`.
    pub async fn create_bucket(
        &self,
        requester: Requester,
        name: BucketName,
        dialect: Dialect,
    ) -> Result<Arc<Bucket>, Unacknowledged> {
        let (engine, target) = (self.engine().clone(), format!("bucket {name}"));
        let (sender, made) = tokio::sync::oneshot::channel();
        let change = async move {
            let bucket = engine.create_new_bucket(name, dialect).await?;
            let after = Some(bucket.name.to_string());
            // Nobody may be waiting any more.
            let _ = sender.send(bucket);
            Ok(Changed { before: None, after, differs: true })
        };
        self.change(requester, "create_bucket", target, change).await?;
        made.await.map_err(|error| Unacknowledged::Refused(Error::internal("create a bucket", error)))
    }

    /// Deletes an empty bucket, and writes that down.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with `NoSuchBucket` or `BucketNotEmpty`.
    pub async fn delete_bucket(&self, requester: Requester, name: BucketName) -> Result<(), Unacknowledged> {
        let named = ("delete_bucket", format!("bucket {name}"));
        let before = Some(name.to_string());
        self.perform_change(requester, named, (Op::DeleteBucket(name), Body::Empty), (before, None)).await
    }

    /// Writes down that the requester emptied a bucket object by object, by the data plane.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with `NoSuchBucket`.
    pub async fn note_emptied(
        &self,
        requester: Requester,
        name: BucketName,
        emptied: Emptied,
    ) -> Result<(), Unacknowledged> {
        let (engine, target) = (self.engine().clone(), format!("bucket {name}"));
        let change = async move {
            engine.bucket(name.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: name.as_str().into() })?;
            Ok(Changed { before: Some(emptied), after: None, differs: true })
        };
        self.change(requester, "empty_bucket", target, change).await.map(drop)
    }

    /// Deletes an object, or a version of it; where versions are kept and none is named, a delete marker is made.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what DeleteObject refuses with.
    pub async fn delete_object(&self, requester: Requester, target: ObjectVersion) -> Result<(), Unacknowledged> {
        let named = ("delete_object", place(&target.bucket, &target.key));
        let before = Some(target.version.map_or_else(|| "current".to_owned(), |version| version.to_string()));
        let delete = DeleteObject { target, condition: None, governance: Governance::default() };
        let op = Op::DeleteObject(Box::new(delete));
        self.perform_change(requester, named, (op, Body::Empty), (before, None)).await
    }

    /// Stores an object, and writes that down.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what PutObject refuses with.
    pub async fn put_object(&self, requester: Requester, put: PutObject, body: Body) -> Result<(), Unacknowledged> {
        let named = ("put_object", place(&put.bucket, &put.key));
        let after = put.content_length;
        self.perform_change(requester, named, (Op::PutObject(Box::new(put)), body), (None, after)).await
    }

    /// Signs a URL as the requester's key (AWS Signature Version 4 in the query), and writes down that it was made.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with `InvalidArgument` naming `method`, `expires_s` (which a bearer token
    /// bounds by its own end) or `endpoint`, or with `NoSuchBucket`.
    pub async fn presign(
        &self,
        requester: Requester,
        (bucket, key): (BucketName, ObjectKey),
        link: Link,
    ) -> Result<Uri, Unacknowledged> {
        let within = self.lend_within_token(&requester, "expires_s", link.life);
        let url = within.and_then(|()| self.signed(&requester.who, (&bucket, &key), &link));
        let url = url.map_err(Unacknowledged::Refused)?;
        let noted = NotedLink { method: link.method.to_string(), life_s: link.life.as_secs() };
        let change = async move { Ok(Changed { before: None, after: Some(noted), differs: true }) };
        self.change(requester, "presign_object", place(&bucket, &key), change).await?;
        Ok(url)
    }

    fn signed(&self, who: &str, (bucket, key): (&BucketName, &ObjectKey), link: &Link) -> Result<Uri> {
        let refuse = |name: &str, value: String, message: &str| Error::invalid_argument(name, &value, message);
        if !matches!(link.method, Method::GET | Method::PUT) {
            return Err(refuse("method", link.method.to_string(), "give GET or PUT"));
        }
        if link.life.as_secs() == 0 || link.life > MAX_LINK_LIFE {
            return Err(refuse("expires_s", link.life.as_secs().to_string(), "give 1 to 604800 seconds"));
        }
        self.engine().bucket(bucket.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: bucket.as_str().into() })?;
        let (credential, now) = self.credential(who)?;
        let endpoint = link.endpoint.trim_end_matches('/');
        let uri: Uri = format!("{endpoint}/{bucket}/{}", escape_key(key.as_str()))
            .parse()
            .ok()
            .filter(|uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some())
            .ok_or_else(|| refuse("endpoint", link.endpoint.clone(), "give http://HOST:PORT or https://HOST:PORT"))?;
        let (mut parts, ()) = Request::new(()).into_parts();
        (parts.method, parts.uri) = (link.method.clone(), uri);
        let keys = SigningKeys::new();
        let signing = Signing {
            dialect: Dialect::S3,
            access_key_id: who,
            secret: &credential.secret,
            session_token: None,
            region: self.engine().region(),
            target: Target::default(),
            additional_headers: &[],
            now,
            keys: &keys,
        };
        presign_v4(&mut parts, link.life, &signing)
            .map_err(|error| refuse("endpoint", link.endpoint.clone(), &error.to_string()))?;
        Ok(parts.uri)
    }

    /// What is known of an object beside its bytes; its origin is not asked.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`; those of the store.
    pub async fn object_meta(&self, who: &str, target: ObjectVersion) -> Result<SharedMeta> {
        match self.perform(who, Op::GetObjectMeta(target)).await? {
            Reply::ObjectMeta(meta) => Ok(meta),
            _ => Err(Error::internal("read an object's metadata", "the reply is another operation's")),
        }
    }
}

/// How the audit log names an object.
fn place(bucket: &BucketName, key: &ObjectKey) -> String {
    format!("object {bucket}/{key}", key = key.as_str())
}
