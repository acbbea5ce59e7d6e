//! A store and the model side by side: every operation is performed on both, and its outcomes and all that can be
//! observed of its key are compared.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::mem::discriminant;
use std::time::Duration;

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::bucket::Bucket;
use headwater_model::digest::ETag;
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartInfo, UploadId, UploadPage};
use headwater_model::object::SharedMeta;
use headwater_store::{BucketRef, Expectation, FillToken};

use super::operation::{BodyOf, ExpectOf, KEYS, MAX_UPLOADS, Operation};
use super::versions::without_id;
use crate::memory_store::MemoryFactory;
use crate::store_suite::Factory;
use crate::store_suite::subject::{Subject, object_key, pattern, query, read_all};

/// The store under test and the model, in step.
pub(super) struct Run {
    pub(super) store: Side,
    pub(super) model: Side,
    threshold_bytes: usize,
    /// Keys of the uploads that were begun, by number.
    uploads: Vec<&'static str>,
}

/// One store and its own names for what both have.
pub(super) struct Side {
    pub(super) subject: Subject,
    uploads: Vec<UploadId>,
    tokens: BTreeMap<&'static str, FillToken>,
}

/// What can be seen of one key.
type Seen = Option<(SharedMeta, Bytes)>;

/// The outcome of a change, so far as both sides must agree: what came of it, or which kind of error.
pub(super) type Outcome<T> = Result<T, Error>;

impl Run {
    pub(super) async fn new(factory: &dyn Factory) -> Self {
        let store = Side::new(factory).await;
        let model = Side::new(&MemoryFactory).await;
        let threshold_bytes = store.subject.fixture.threshold_bytes();
        Self { store, model, threshold_bytes, uploads: Vec::new() }
    }

    /// Performs one operation on both; `Err` tells how they differ.
    pub(super) async fn perform(&mut self, operation: &Operation) -> Result<(), String> {
        // Time passes between operations, the same for both.
        self.store.subject.clock.advance(Duration::from_millis(7));
        self.model.subject.clock.advance(Duration::from_millis(7));
        match *operation {
            Operation::Put { key, body, expect } => {
                let body = self.body(body);
                let tag = self.tag(key, expect).await;
                same(
                    self.store.put(key, &body, expect, tag.clone()).await,
                    self.model.put(key, &body, expect, tag).await,
                )?;
                self.same_key(key).await
            }
            Operation::Abandon { key, body, finished } => {
                let body = self.body(body);
                self.store.abandon(key, &body, finished).await;
                self.same_key(key).await
            }
            Operation::Delete { key, afterwards } => {
                let deleted = self.store.delete(key, afterwards).await;
                same(deleted, self.model.delete(key, afterwards).await)?;
                self.same_key(key).await
            }
            Operation::DeleteIf { .. } | Operation::Tag { .. } | Operation::Append { .. } => {
                self.change(operation).await
            }
            Operation::Version { .. }
            | Operation::RemoveVersion { .. }
            | Operation::TagVersion { .. }
            | Operation::Hold { .. }
            | Operation::ListVersions { .. } => self.change_versions(operation).await,
            Operation::Lift { key } => {
                same_value(&self.store.subject.lift(key).await, &self.model.subject.lift(key).await)?;
                self.same_key(key).await
            }
            Operation::ListGone { prefix, after, limit } => self.same_gone(prefix, after, limit).await,
            Operation::Copy { source, key, expect } => {
                let tag = self.tag(key, expect).await;
                let copied = self.store.copy(source, key, expect, tag.clone()).await;
                same(copied, self.model.copy(source, key, expect, tag).await)?;
                self.same_key(key).await
            }
            Operation::BeginFill { key } => {
                same_value(&self.store.begin_fill(key).await, &self.model.begin_fill(key).await)
            }
            Operation::List { prefix, delimiter, after, limit } => {
                self.same_list(&query(prefix, delimiter, after, limit)).await
            }
            Operation::ListUploads { prefix, delimiter, after, limit } => {
                self.same_uploads(&query(prefix, delimiter, after, limit)).await
            }
            Operation::CreateUpload { key } => self.create_upload(key).await,
            Operation::PutPart { .. } | Operation::Complete { .. } | Operation::Abort { .. } => {
                self.perform_on_upload(operation).await
            }
            Operation::ChangeRules => {
                self.store.change_rules().await;
                self.model.change_rules().await;
                self.same_tokens()
            }
            Operation::RecreateBucket { emptied } => {
                if emptied {
                    self.store.empty_bucket(&self.uploads).await;
                    self.model.empty_bucket(&self.uploads).await;
                }
                same(self.store.recreate_bucket().await, self.model.recreate_bucket().await)?;
                self.same_everything().await
            }
            Operation::Reopen => {
                if self.store.subject.reopen().await {
                    // Tokens are grants of a running store: none outlives it. The model, which runs on, ends its own.
                    self.store.tokens.clear();
                    self.model.end_tokens().await;
                }
                self.same_everything().await
            }
        }
    }

    async fn create_upload(&mut self, key: &'static str) -> Result<(), String> {
        if self.uploads.len() == MAX_UPLOADS {
            let oldest = self.uploads.remove(0);
            same(self.store.forget_upload(oldest).await, self.model.forget_upload(oldest).await)?;
        }
        self.uploads.push(key);
        self.store.create_upload(key).await;
        self.model.create_upload(key).await;
        self.same_uploads(&query("", "", "", 1000)).await
    }

    async fn perform_on_upload(&mut self, operation: &Operation) -> Result<(), String> {
        if self.uploads.is_empty() {
            return Ok(());
        }
        let number = |upload: usize| upload % self.uploads.len();
        let chosen = match *operation {
            Operation::PutPart { upload, number: part, body } => {
                let (upload, body) = (number(upload), self.body(body));
                let key = self.uploads[upload];
                let put = self.store.put_part(key, upload, part, &body).await;
                same(put, self.model.put_part(key, upload, part, &body).await)?;
                upload
            }
            Operation::Complete { upload, wrong, expect } => {
                let upload = number(upload);
                let key = self.uploads[upload];
                let tag = self.tag(key, expect).await;
                let parts = self.model.completed_parts(upload, wrong).await;
                if parts.is_empty() {
                    return Ok(()); // what an empty list means is not the store's question
                }
                let completed = self.store.complete(key, upload, &parts, expect, tag.clone()).await;
                same(completed, self.model.complete(key, upload, &parts, expect, tag).await)?;
                self.same_key(key).await?;
                upload
            }
            Operation::Abort { upload } => {
                let upload = number(upload);
                let key = self.uploads[upload];
                same(self.store.abort(key, upload).await, self.model.abort(key, upload).await)?;
                upload
            }
            _ => return Ok(()),
        };
        same(self.store.parts(chosen).await, self.model.parts(chosen).await)
    }

    pub(super) fn body(&self, body: BodyOf) -> Vec<u8> {
        match body {
            BodyOf::Length(length, seed) => pattern(length, seed),
            BodyOf::Threshold(more, seed) => {
                pattern(self.threshold_bytes.saturating_add_signed(isize::from(more)), seed)
            }
        }
    }

    /// The tag that an expectation names: by the model, which is right.
    pub(super) async fn tag(&self, key: &str, expect: ExpectOf) -> ETag {
        let current = match expect {
            ExpectOf::CurrentTag => self.model.subject.open(key).await.map(|object| object.meta.etag.clone()),
            _ => None,
        };
        current.unwrap_or_else(|| ETag::from_text("no-such-tag"))
    }

    pub(super) async fn same_key(&self, key: &str) -> Result<(), String> {
        let (store, model) = (self.store.seen(key).await, self.model.seen(key).await);
        same_value(&store.as_ref().map(|(meta, _)| meta), &model.as_ref().map(|(meta, _)| meta))?;
        if store.map(|(_, bytes)| bytes) != model.map(|(_, bytes)| bytes) {
            return Err(format!("the bytes of {key:?} differ"));
        }
        same_value(&self.store.versions(key).await.len(), &self.model.versions(key).await.len())?;
        same_value(&self.store.subject.gone(key).await, &self.model.subject.gone(key).await)?;
        self.same_tokens()
    }

    /// Whether the tokens that both granted stand or fell alike.
    fn same_tokens(&self) -> Result<(), String> {
        let revoked = |side: &Side| -> Vec<(&'static str, bool)> {
            side.tokens.iter().map(|(key, token)| (*key, token.is_revoked())).collect()
        };
        same_value(&revoked(&self.store), &revoked(&self.model))
    }

    async fn same_list(&self, query: &ListQuery) -> Result<(), String> {
        let pages: [ListPage; 2] = [self.store.subject.list(query).await, self.model.subject.list(query).await];
        same_value(&pages[0], &pages[1])
    }

    async fn same_uploads(&self, query: &ListQuery) -> Result<(), String> {
        let (store, model) = (self.store.list_uploads(query).await, self.model.list_uploads(query).await);
        same_value(&store, &model)
    }

    /// Everything at once: after what could have lost anything.
    async fn same_everything(&self) -> Result<(), String> {
        let all = query("", "", "", 1000);
        self.same_list(&all).await?;
        self.same_uploads(&all).await?;
        self.same_gone("", "", 1000).await?;
        self.same_versions("", "", 1000).await?;
        for object in self.model.subject.list(&all).await.objects {
            self.same_key(object.key.as_str()).await?;
        }
        for upload in 0..self.uploads.len() {
            same(self.store.parts(upload).await, self.model.parts(upload).await)?;
        }
        Ok(())
    }
}

impl Side {
    async fn new(factory: &dyn Factory) -> Self {
        Self { subject: Subject::new(factory).await, uploads: Vec::new(), tokens: BTreeMap::new() }
    }

    fn expectation(&self, key: &str, expect: ExpectOf, tag: ETag) -> Expectation {
        match expect {
            ExpectOf::Any => Expectation::Any,
            ExpectOf::Absent => Expectation::Absent,
            ExpectOf::CurrentTag | ExpectOf::WrongTag => Expectation::ETag(tag),
            ExpectOf::LastToken => self.tokens.get(key).cloned().map_or(Expectation::Any, Expectation::Fill),
        }
    }

    async fn put(&self, key: &str, body: &[u8], expect: ExpectOf, tag: ETag) -> Outcome<SharedMeta> {
        self.subject.try_put(key, body, self.expectation(key, expect, tag)).await.map(without_id)
    }

    async fn abandon(&self, key: &str, body: &[u8], finished: bool) {
        if finished {
            drop(self.subject.finished(self.subject.intent(key), body).await);
        } else {
            let mut writer = self.subject.store().begin(self.subject.intent(key)).await.expect("a writer");
            writer.write(Bytes::copy_from_slice(body)).await.expect("written");
        }
    }

    /// `None` if there is nothing to copy.
    async fn copy(&self, source: &str, key: &str, expect: ExpectOf, tag: ETag) -> Outcome<Option<SharedMeta>> {
        let Some(source) = self.subject.open(source).await else { return Ok(None) };
        let expect = self.expectation(key, expect, tag);
        let object = self.subject.multipart_object("copy-1");
        self.subject
            .store()
            .copy(source, self.subject.bucket(), object_key(key), object, expect)
            .await
            .map(|meta| Some(without_id(meta)))
    }

    /// Whether the right was granted.
    async fn begin_fill(&mut self, key: &'static str) -> bool {
        let (bucket, version) = (self.subject.bucket(), self.subject.bucket.rule_version);
        let token = self.subject.store().begin_fill(&bucket, &object_key(key), version).await.expect("an answer");
        let granted = token.is_some();
        if let Some(token) = token {
            self.tokens.insert(key, token);
        }
        granted
    }

    async fn create_upload(&mut self, key: &str) {
        self.uploads.push(self.subject.create_upload(key).await);
    }

    /// Aborts the oldest upload, if it is still open, and leaves its number to the next.
    async fn forget_upload(&mut self, key: &str) -> Outcome<()> {
        let aborted = self.abort(key, 0).await;
        self.uploads.remove(0);
        aborted
    }

    async fn put_part(&self, key: &str, upload: usize, number: u16, body: &[u8]) -> Outcome<PartInfo> {
        self.subject.try_put_part(key, self.uploads[upload], number, body).await
    }

    /// The list that completes an upload as it is.
    async fn completed_parts(&self, upload: usize, wrong: bool) -> Vec<CompletedPart> {
        let parts = self.parts(upload).await.unwrap_or_default();
        let mut parts: Vec<CompletedPart> = parts
            .into_iter()
            .map(|part| CompletedPart { number: part.number, etag: part.etag, checksum: None })
            .collect();
        if let Some(last) = parts.last_mut().filter(|_| wrong) {
            last.etag = ETag::from_text("no-such-tag");
        }
        parts
    }

    async fn complete(
        &self,
        key: &str,
        upload: usize,
        parts: &[CompletedPart],
        expect: ExpectOf,
        tag: ETag,
    ) -> Outcome<SharedMeta> {
        let completed =
            self.subject.complete(key, self.uploads[upload], parts, self.expectation(key, expect, tag)).await;
        completed.map(without_id)
    }

    async fn abort(&self, key: &str, upload: usize) -> Outcome<()> {
        self.subject.store().abort_upload(&self.subject.bucket(), &object_key(key), self.uploads[upload]).await
    }

    async fn parts(&self, upload: usize) -> Outcome<Vec<PartInfo>> {
        let page = self.subject.store().parts(&self.subject.bucket(), self.uploads[upload], 0, 1000).await;
        page.map(|page| page.parts)
    }

    async fn change_rules(&mut self) {
        self.subject.bucket.rule_version += 1;
        self.subject.store().update_bucket(self.subject.bucket.clone()).await.expect("updated");
    }

    /// Deletes every object and aborts every upload.
    async fn empty_bucket(&self, uploads: &[&str]) {
        for key in KEYS {
            self.remove_all(key).await;
        }
        for (upload, key) in uploads.iter().enumerate() {
            match self.abort(key, upload).await {
                Ok(()) | Err(Error::NoSuchUpload { .. }) => {}
                Err(error) => panic!("not aborted: {error}"),
            }
        }
    }

    async fn recreate_bucket(&mut self) -> Outcome<Bucket> {
        self.subject.store().delete_bucket(&self.subject.bucket()).await?;
        self.subject.bucket = self.subject.store().create_bucket(self.subject.unborn_bucket("photos")).await?;
        Ok(self.subject.bucket.clone())
    }

    /// Ends all grants as a restart does.
    async fn end_tokens(&mut self) {
        let version = self.subject.bucket.rule_version;
        let changed = Bucket { rule_version: version + 1, ..self.subject.bucket.clone() };
        for bucket in [changed, self.subject.bucket.clone()] {
            self.subject.store().update_bucket(bucket).await.expect("updated");
        }
        self.tokens.clear();
    }

    async fn seen(&self, key: &str) -> Seen {
        let object = self.subject.open(key).await?;
        let bytes = read_all(&object).await;
        Some((without_id(object.meta), bytes))
    }

    /// A page of uploads with ids as numbers, which both sides have in common.
    async fn list_uploads(&self, query: &ListQuery) -> impl Debug + PartialEq + use<> {
        let bucket: BucketRef = self.subject.bucket();
        let page: UploadPage = self.subject.store().uploads(&bucket, query, None).await.expect("a page");
        let number = |id: UploadId| self.uploads.iter().position(|known| *known == id);
        let uploads: Vec<_> = page
            .uploads
            .iter()
            .map(|info| (info.key.clone(), number(info.id).expect("an upload of this run"), info.initiated))
            .collect();
        (uploads, page.common_prefixes, page.next.map(|(key, id)| (key, number(id))))
    }
}

pub(super) fn same_value<T: PartialEq + Debug>(store: &T, model: &T) -> Result<(), String> {
    if store == model { Ok(()) } else { Err(format!("store: {store:?}\nmodel: {model:?}")) }
}

/// Equal results; of errors, the same kind.
pub(super) fn same<T: PartialEq + Debug>(store: Outcome<T>, model: Outcome<T>) -> Result<(), String> {
    match (store, model) {
        (Ok(store), Ok(model)) => same_value(&store, &model),
        (Err(store), Err(model)) if discriminant(&store) == discriminant(&model) => Ok(()),
        (store, model) => Err(format!("store: {store:?}\nmodel: {model:?}")),
    }
}
