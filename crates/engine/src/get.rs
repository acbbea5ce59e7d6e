//! GetObject, HeadObject and GetObjectMeta.
//!
//! A stored object is served at once. What is missing goes through the bucket's website document in the order of
//! oss-mirroring 0.2: rules first, then the index page of a directory, then the error page, then the plain error.

use std::borrow::Cow;
use std::ops::Range;

use headwater_model::access::Principal;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::encryption::CustomerKey;
use headwater_model::object::{ObjectMeta, ObjectPart};
use headwater_model::op::{Action, Caller, GetObject, ObjectVersion, Visit};
use headwater_model::precondition::Verdict;
use headwater_model::reply::{ObjectReply, Reply};
use headwater_model::rule::matching::{Method, Question, first_match};
use headwater_model::rule::rewriting;
use headwater_model::rule::{RedirectType, RoutingRule};
use headwater_model::settings::HeadMode;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::StoredObject;

use crate::control::Known;
use crate::engine::Engine;
use crate::fill::{MissMethod, MissOutcome};
use crate::site::is_visit;
use crate::website;

/// How often a request looks again when the object appeared, or its bucket changed, between the look-up and the fill.
/// Each round means that somebody else's write of this very key or bucket won; a client that loses four times in a row
/// is told to come back.
const MAX_LOOKS: u32 = 4;

impl Engine {
    pub(crate) async fn get_object(&self, caller: &Caller<'_>, get: &GetObject) -> Result<Reply> {
        self.read_or_visit(caller, get, MissMethod::Get).await
    }

    pub(crate) async fn head_object(&self, caller: &Caller<'_>, get: &GetObject) -> Result<Reply> {
        self.read_or_visit(caller, get, MissMethod::Head).await
    }

    async fn read_or_visit(&self, caller: &Caller<'_>, get: &GetObject, method: MissMethod) -> Result<Reply> {
        if !is_visit(caller, get) {
            return self.read(caller, get, method).await;
        }
        let visit = Visit {
            range: get.range.clone(),
            strict_range: get.strict_range,
            conditions: get.conditions.clone(),
            miss: get.miss.clone(),
        };
        // Boxed: the API's reads are many, and their futures should not be larger for a website's sake.
        Box::pin(self.visit(caller, &get.bucket, get.key.as_str(), visit, method)).await
    }

    /// Length, ETag and date of a stored object; never reaches an origin.
    pub(crate) async fn get_object_meta(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        Ok(Reply::ObjectMeta(self.open_for(caller, Action::GetObject, target).await?.meta))
    }

    /// As [`Self::get_object_meta`]; S3 asks for the right to read the object besides that to its attributes.
    pub(crate) async fn get_object_attributes(
        &self,
        caller: &Caller<'_>,
        target: &ObjectVersion,
        customer_key: Option<&CustomerKey>,
    ) -> Result<Reply> {
        let object = self.open_for(caller, Action::GetObject, target).await?;
        let known = self.known(&target.bucket)?;
        let action = Action::GetObjectAttributes;
        let action = if target.version.is_some() { action.on_version() } else { action };
        self.right(caller, action, &known.bucket, &target.key).check(Some(&object.meta))?;
        let encryption = object.meta.composition.encryption.as_deref();
        self.seal.data_key(encryption, &known.reference, &target.key, customer_key)?;
        Ok(Reply::ObjectMeta(object.meta))
    }

    pub(crate) async fn read(&self, caller: &Caller<'_>, get: &GetObject, method: MissMethod) -> Result<Reply> {
        let known = self.known(&get.bucket)?;
        if get.version.is_some() {
            // Boxed: versions are rarely read, and should not make the futures of other reads larger.
            return Box::pin(self.read_version(caller, &known, get, method)).await;
        }
        let right = self.right(caller, Action::GetObject, &known.bucket, &get.key);
        // What ends in a slash may mean a home page, which comes before an object of that very key (oss-mirroring 0.2).
        if get.miss.extra_slashes == 0
            && !get.key.as_str().ends_with('/')
            && let Some(object) = self.store.resident(&known.reference, &get.key)
        {
            right.check(Some(&object.meta))?;
            return self.serve(caller, &known, (&get.key, object), get, method).await;
        }
        if caller.principal == Principal::Anonymous
            && let Some(page) = website::directory_page(&known.bucket, &get.key)
        {
            let page = GetObject { key: page, ..get.clone() };
            return Box::pin(self.look(caller, &page, method)).await;
        }
        self.look(caller, get, method).await.map_err(|error| right.missing(error))
    }

    /// A version is served as it is: no page or rule stands in for it.
    async fn read_version(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        get: &GetObject,
        method: MissMethod,
    ) -> Result<Reply> {
        let target = ObjectVersion { bucket: get.bucket.clone(), key: get.key.clone(), version: get.version };
        let object = self.open_for(caller, Action::GetObject, &target).await?;
        self.serve(caller, known, (&get.key, object), get, method).await
    }

    /// Answers with a stored object, or with what a link stands for.
    async fn serve(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        stored: (&ObjectKey, StoredObject),
        get: &GetObject,
        method: MissMethod,
    ) -> Result<Reply> {
        serve(&self.followed(caller, known, stored, get.customer_key.as_ref()).await?, get, method)
    }

    async fn look(&self, caller: &Caller<'_>, get: &GetObject, method: MissMethod) -> Result<Reply> {
        for _ in 0..MAX_LOOKS {
            let known = self.known(&get.bucket)?;
            if let Some(literal) = literal_key(get)
                && let Some(object) = self.store.open(&known.reference, &literal).await?
            {
                self.right(caller, Action::GetObject, &known.bucket, &literal).check(Some(&object.meta))?;
                return self.serve(caller, &known, (&literal, object), get, method).await;
            }
            let right = self.right(caller, Action::GetObject, &known.bucket, &get.key);
            if let Some(object) = self.store.open(&known.reference, &get.key).await? {
                right.check(Some(&object.meta))?;
                return self.serve(caller, &known, (&get.key, object), get, method).await;
            }
            right.check_absent()?;
            // A tombstone holds for as long as it stands, whatever the settings say by now.
            let missing = self.missing(&known, &get.key, None).await?;
            // And so does a delete marker, which is a memory of the same kind.
            let is_deleted = matches!(missing, Error::Version(_));
            if is_deleted || self.store.gone(&known.reference, &get.key).await?.is_some() {
                return self.absent(caller, &known, get, method, missing).await;
            }
            let Some(website) = known.bucket.website.clone().filter(|_| !get.miss.never) else {
                return Err(no_such_key(&get.key, None));
            };
            let question = Question {
                method: rule_method(&known.bucket, method),
                key: get.key.as_str(),
                error_status: 404,
                headers: &get.miss.headers,
            };
            let origin_status = match first_match(&website.rules, &question) {
                None => None,
                Some(rule) if rule.mirror().is_some() => {
                    // What an origin answers is one piece, whose part 1 it is.
                    if let Some(part_number) = get.part.filter(|number| *number != 1) {
                        return Err(Error::InvalidPart { part_number, upload_id: "".into() });
                    }
                    let method = miss_method(&known.bucket, method);
                    match Box::pin(self.fills.miss(&known.bucket, rule, &without_judged_range(get), method)).await? {
                        MissOutcome::Reply(reply) => return Ok(*reply),
                        MissOutcome::Stored(reply) => return self.stored(caller, &known, get, *reply).await,
                        MissOutcome::NotFound { origin_status } => Some(origin_status),
                        MissOutcome::LookAgain => continue,
                    }
                }
                Some(rule) if rule.kind() == Some(RedirectType::Internal) => {
                    return self.internal(caller, &known, rule, get, method).await;
                }
                Some(rule) => return Ok(redirect(rule, get)),
            };
            return self.absent(caller, &known, get, method, no_such_key(&get.key, origin_status)).await;
        }
        Err(Error::SlowDown { limit: "key_contention", retry_after: std::time::Duration::from_secs(1) })
    }

    /// The answer to a HEAD for which the object was fetched: that of a stored object, but told as the miss that it was.
    async fn stored(&self, caller: &Caller<'_>, known: &Known, get: &GetObject, missed: Reply) -> Result<Reply> {
        let Some(object) = self.store.open(&known.reference, &get.key).await? else { return Ok(missed) };
        self.right(caller, Action::GetObject, &known.bucket, &get.key).check(Some(&object.meta))?;
        let mut reply = self.serve(caller, known, (&get.key, object), get, MissMethod::Head).await?;
        if let (Reply::Object(reply), Reply::Object(missed)) = (&mut reply, missed) {
            (reply.served, reply.origin_status) = (missed.served, missed.origin_status);
        }
        Ok(reply)
    }

    /// An Internal rule: another key of the same bucket answers, if it is stored; one level only (oss-mirroring 10.4).
    async fn internal(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        rule: &RoutingRule,
        get: &GetObject,
        method: MissMethod,
    ) -> Result<Reply> {
        let other = ObjectKey::parse(&rewriting::rewritten_key(rule, get.key.as_str())).ok();
        let found = match &other {
            Some(other) => self.page(caller, known, other).await?,
            None => None,
        };
        found.map_or_else(|| Err(no_such_key(&get.key, None)), |object| serve(&object, get, method))
    }

    /// An object that answers for another key, if there is one that the caller may read; its bytes are in the clear.
    pub(crate) async fn page(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        key: &ObjectKey,
    ) -> Result<Option<StoredObject>> {
        let found = self.store.open(&known.reference, key).await?;
        let right = self.right(caller, Action::GetObject, &known.bucket, key);
        let found = found.filter(|object| right.check(Some(&object.meta)).is_ok());
        found.map(|object| self.seal.readable(object, &known.reference, key, None)).transpose()
    }

    /// Neither here nor at the origin: index page of a directory, error page, or the error that says so.
    async fn absent(
        &self,
        caller: &Caller<'_>,
        known: &Known,
        get: &GetObject,
        method: MissMethod,
        missing: Error,
    ) -> Result<Reply> {
        if is_visit(caller, get) {
            // A website of S3 has pages of its own.
            return Err(missing);
        }
        if let Some((page, kind)) = website::subdirectory_page(&known.bucket, &get.key)
            && let Some(object) = self.page(caller, known, &page).await?
        {
            match kind {
                website::SubdirectoryPage::Redirect => return Ok(website::redirect_to_directory(&get.key, &get.miss)),
                website::SubdirectoryPage::Content => return serve(&object, get, method),
            }
        }
        // What asks for a directory with a signature means its home page only where nothing is stored under that key.
        if known.bucket.dialect == Dialect::Oss
            && let Some(page) = website::directory_page(&known.bucket, &get.key)
            && let Some(object) = self.page(caller, known, &page).await?
        {
            return serve(&object, get, method);
        }
        if caller.principal == Principal::Anonymous
            && method == MissMethod::Get
            && let Some((page, status)) = website::error_page(&known.bucket)
            && let Some(object) = self.page(caller, known, &page).await?
        {
            let mut reply = ObjectReply::hit(object.meta.clone(), content(&object, 0..object.meta.size_bytes));
            reply.status = Some(status);
            if let Error::NoSuchKey { origin_status, .. } = missing {
                reply.origin_status = origin_status;
            }
            return Ok(Reply::Object(Box::new(reply)));
        }
        Err(missing)
    }
}

/// How the rules see a request: where the bucket mirrors for HEAD too, a HEAD is as good as a GET (decisions, row 3).
pub(crate) fn rule_method(bucket: &Bucket, method: MissMethod) -> Method {
    match method {
        MissMethod::Head if bucket.migration.head == HeadMode::Rule => Method::Head,
        _ => Method::Get,
    }
}

/// How a missing object is asked for, which a bucket may want stored before a HEAD is answered.
pub(crate) fn miss_method(bucket: &Bucket, method: MissMethod) -> MissMethod {
    match method {
        MissMethod::Head if bucket.migration.head == HeadMode::Store => MissMethod::HeadStored,
        method => method,
    }
}

/// A miss has no validators yet that `If-Range` could be held against, so it is no match: the whole is the answer.
fn without_judged_range(get: &GetObject) -> Cow<'_, GetObject> {
    if get.range.is_none() || get.conditions.if_range.is_none() {
        return Cow::Borrowed(get);
    }
    Cow::Owned(GetObject { range: None, ..get.clone() })
}

/// The key with the leading slashes that the request had (oss-mirroring 4.4): an object of exactly that key, which the
/// S3 face can make, comes before the one that the OSS face means. `None` if there were none.
fn literal_key(get: &GetObject) -> Option<ObjectKey> {
    let slashes = usize::from(get.miss.extra_slashes);
    if slashes == 0 {
        return None;
    }
    ObjectKey::parse(&format!("{}{}", "/".repeat(slashes), get.key)).ok()
}

/// Answers with a stored object: conditions first, then the range.
fn serve(object: &StoredObject, get: &GetObject, method: MissMethod) -> Result<Reply> {
    let meta = &object.meta;
    if !get.conditions.is_empty() {
        match get.conditions.evaluate(&meta.etag, meta.last_modified) {
            Verdict::Proceed => {}
            Verdict::NotModified => return Ok(Reply::NotModified(meta.clone())),
            Verdict::Failed(condition) => return Err(Error::PreconditionFailed { condition }),
        }
    }
    let part = get.part.map(|number| part_of(meta, number)).transpose()?;
    if let Some((part, range)) = part {
        return Ok(serve_part(object, get, method, part, range));
    }
    let range = match get.range.as_ref().filter(|_| get.conditions.allow_range(&meta.etag, meta.last_modified)) {
        None => None,
        Some((range, header)) => match range.resolve(meta.size_bytes) {
            Ok(range) => Some(range),
            Err(_) if get.strict_range => {
                return Err(Error::InvalidRange { range: header.clone(), size_bytes: meta.size_bytes });
            }
            Err(_) => None,
        },
    };
    let body = match method {
        MissMethod::Head | MissMethod::HeadStored => Body::Empty,
        MissMethod::Get => content(object, range.clone().unwrap_or(0..meta.size_bytes)),
    };
    let mut reply = ObjectReply::hit(meta.clone(), body);
    reply.range = range;
    reply.overrides = get.overrides.clone();
    Ok(Reply::Object(Box::new(reply)))
}

/// The part of this number and its bytes; an object that was not completed from parts is its own part 1.
fn part_of(meta: &ObjectMeta, number: u16) -> Result<(Option<ObjectPart>, Range<u64>)> {
    let Some(parts) = &meta.composition.parts else {
        return match number {
            1 => Ok((None, 0..meta.size_bytes)),
            _ => Err(Error::InvalidPart { part_number: number, upload_id: "".into() }),
        };
    };
    let mut start = 0;
    for part in parts.iter() {
        let end = start + part.size_bytes;
        if part.number == number {
            return Ok((Some(part.clone()), start..end));
        }
        start = end;
    }
    Err(Error::InvalidPart { part_number: number, upload_id: "".into() })
}

fn serve_part(
    object: &StoredObject,
    get: &GetObject,
    method: MissMethod,
    part: Option<ObjectPart>,
    range: Range<u64>,
) -> Reply {
    let body = match method {
        MissMethod::Head | MissMethod::HeadStored => Body::Empty,
        MissMethod::Get => content(object, range.clone()),
    };
    let mut reply = ObjectReply::hit(object.meta.clone(), body);
    // As at AWS, a part is a range of the object, also where it is all of it.
    reply.range = Some(range).filter(|range| !range.is_empty());
    reply.part = part;
    reply.overrides = get.overrides.clone();
    Reply::Object(Box::new(reply))
}

/// The bytes of a valid interval.
pub(crate) fn content(object: &StoredObject, range: Range<u64>) -> Body {
    if range.is_empty() {
        return Body::Empty;
    }
    match object.content.resident() {
        // The interval lies within a body that is in memory, so it fits usize.
        Some(bytes) => Body::Full(bytes.slice(range.start as usize..range.end as usize)),
        None => object.content.read(range),
    }
}

/// The answer of an External or AliCDN rule.
fn redirect(rule: &RoutingRule, get: &GetObject) -> Reply {
    website::redirect(rule.redirect_code(), rewriting::location(rule, get.key.as_str(), &get.miss))
}

fn no_such_key(key: &ObjectKey, origin_status: Option<u16>) -> Error {
    Error::NoSuchKey { key: key.as_str().into(), origin_status }
}
