//! Open uploads and their parts, and the objects that they become.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::clock::Timestamp;
use headwater_model::multipart::{CompletedPart, PartInfo, UploadId, UploadInfo};
use headwater_model::object::{Composition, ObjectMeta, ObjectPart, SharedMeta};
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{BucketRef, DataKey, Expectation, NewObject, NewPart, NewUpload};

use super::digests;
use super::state::{Life, State, Stored};

/// An open upload.
pub(super) struct Upload {
    pub(super) info: UploadInfo,
    pub(super) new: NewUpload,
    pub(super) parts: BTreeMap<u16, (PartInfo, Bytes)>,
    /// What its parts are encrypted with.
    data_key: Option<DataKey>,
}

impl Life {
    pub(super) fn upload(&self, id: UploadId) -> Option<&Upload> {
        self.uploads.values().find(|upload| upload.info.id == id)
    }

    fn upload_mut(&mut self, id: UploadId) -> Result<&mut Upload> {
        self.uploads.values_mut().find(|upload| upload.info.id == id).ok_or_else(|| no_such_upload(id))
    }
}

impl State {
    pub(super) fn create_upload(&mut self, bucket: &BucketRef, info: UploadInfo, new: NewUpload) -> Result<UploadId> {
        let id = info.id;
        let upload = Upload { info, new, parts: BTreeMap::new(), data_key: None };
        self.writable(bucket)?.uploads.insert((upload.info.key.clone(), id), upload);
        Ok(id)
    }

    pub(super) fn put_part(
        &mut self,
        bucket: &BucketRef,
        part: NewPart,
        (bytes, data_key): (Bytes, Option<DataKey>),
    ) -> Result<PartInfo> {
        let upload = self.writable(bucket)?.upload_mut(part.upload)?;
        if let Some(order) = &mut upload.new.order {
            order.admit(part.number)?;
            *order = part.order.clone().unwrap_or_default();
            assert_eq!(order.last, part.number, "a part says where the order stands with it");
        }
        let info = digests::part(part, &bytes);
        upload.data_key = data_key;
        upload.parts.insert(info.number, (info.clone(), bytes));
        Ok(info)
    }

    pub(super) fn complete_upload(
        &mut self,
        bucket: &BucketRef,
        upload: &(ObjectKey, UploadId),
        parts: &[CompletedPart],
        object: NewObject,
        (expect, now): (&Expectation, Timestamp),
    ) -> Result<SharedMeta> {
        let (key, id) = upload;
        let life = self.writable(bucket)?;
        let open = life.uploads.get(upload).ok_or_else(|| no_such_upload(*id))?;
        let bytes = assemble(open, parts)?;
        let listed = parts.iter().map(|part| {
            let (info, _) = &open.parts[&part.number];
            ObjectPart { number: info.number, size_bytes: info.size_bytes, checksum: info.checksum.clone() }
        });
        let composition = Composition { parts: Some(listed.collect()), ..object.composition };
        let object = NewObject { composition, ..object };
        let md5 = open.new.order.as_ref().map_or(Ok(None), |order| digests::in_order(order, parts, &bytes))?;
        life.judge(key, expect)?;
        let data_key = open.data_key.clone();
        let stored = Stored::new(object, bytes, data_key);
        let meta = Arc::new(ObjectMeta { md5, ..(*stored.meta).clone() });
        let meta = life.put(key, expect, Stored { meta, ..stored }, now)?;
        life.uploads.remove(upload);
        Ok(meta)
    }

    pub(super) fn abort_upload(&mut self, bucket: &BucketRef, upload: &(ObjectKey, UploadId)) -> Result<()> {
        let removed = self.writable(bucket)?.uploads.remove(upload);
        removed.map(drop).ok_or_else(|| no_such_upload(upload.1))
    }
}

/// The body that the listed parts make.
fn assemble(upload: &Upload, parts: &[CompletedPart]) -> Result<Bytes> {
    if parts.is_empty() {
        return Err(Error::InvalidRequest { message: "an upload is completed from at least one part".into() });
    }
    if !parts.is_sorted_by(|a, b| a.number < b.number) {
        return Err(Error::InvalidPartOrder);
    }
    let mut body = Vec::new();
    for part in parts {
        match upload.parts.get(&part.number) {
            Some((info, bytes)) if info.etag == part.etag => body.extend_from_slice(bytes),
            _ => {
                let upload_id = upload.info.id.to_string().into();
                return Err(Error::InvalidPart { part_number: part.number, upload_id });
            }
        }
    }
    Ok(body.into())
}

fn no_such_upload(id: UploadId) -> Error {
    Error::NoSuchUpload { upload_id: id.to_string().into() }
}
