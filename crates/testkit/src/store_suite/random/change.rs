//! Changes of one object that depend on what it is, performed on both sides; and what is left of deletions.

use headwater_model::digest::ETag;
use headwater_model::object::{ObjectKind, SharedMeta};
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_store::{Afterwards, Amendment, Expectation, NewObject};

use super::operation::{ExpectOf, Operation};
use super::run::{Outcome, Run, Side, same, same_value};
use super::versions::without_id;
use crate::store_suite::subject::object_key;

impl Run {
    pub(super) async fn change(&self, operation: &Operation) -> Result<(), String> {
        let expect = |right: bool| if right { ExpectOf::CurrentTag } else { ExpectOf::WrongTag };
        let key = match *operation {
            Operation::DeleteIf { key, right } => {
                let tag = self.tag(key, expect(right)).await;
                same(self.store.delete_if(key, tag.clone()).await, self.model.delete_if(key, tag).await)?;
                key
            }
            Operation::Tag { key, value } => {
                same(self.store.set_tag(key, value).await, self.model.set_tag(key, value).await)?;
                key
            }
            Operation::Append { key, body, right } => {
                let (tag, body) = (self.tag(key, expect(right)).await, self.body(body));
                same(self.store.append(key, &body, tag.clone()).await, self.model.append(key, &body, tag).await)?;
                key
            }
            _ => return Ok(()),
        };
        self.same_key(key).await
    }

    pub(super) async fn same_gone(&self, prefix: &str, after: &str, limit: usize) -> Result<(), String> {
        let store = self.store.subject.tombstones(prefix, after, limit).await;
        same_value(&store, &self.model.subject.tombstones(prefix, after, limit).await)
    }
}

impl Side {
    async fn delete_if(&self, key: &str, tag: ETag) -> Outcome<bool> {
        let if_match = Some(TagCondition::OneOf(vec![tag]));
        let condition = ObjectCondition { if_match, ..ObjectCondition::default() };
        let (bucket, key) = (self.subject.bucket(), object_key(key));
        let deleted = self.subject.store().delete_if(&bucket, &key, Afterwards::Gone, &condition).await;
        deleted.map(|deleted| deleted.found)
    }

    async fn set_tag(&self, key: &str, value: u64) -> Outcome<SharedMeta> {
        let amendment = Amendment::Tags(vec![("value".into(), value.to_string().into())]);
        self.subject.amend(key, amendment).await.map(without_id)
    }

    async fn append(&self, key: &str, body: &[u8], tag: ETag) -> Outcome<SharedMeta> {
        let (writer, digests) = self.subject.finished(self.subject.intent(key), body).await;
        let etag = ETag::from_text(&format!("{}+", tag.as_str()));
        let object = NewObject { etag, kind: ObjectKind::Appendable, ..self.subject.object(&digests) };
        writer.seal_append(object, Expectation::ETag(tag)).await.map(without_id)
    }
}
