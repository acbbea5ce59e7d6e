//! What is told of an object, replaced: headers and user metadata by a copy onto itself, tags in place.
//!
//! Guarantees: an object that was written meanwhile is left alone; what the form does not show (redirect, storage class, who
//! may read) stays as it is.

use askama::Template;
use headwater_admin::DescribedObject;
use headwater_model::acl::{Acl, Grant, Grantee, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::encryption::{KeyHolder, WriteEncryption};
use headwater_model::limits::MAX_USER_META_BYTES;
use headwater_model::object::{ContentHeaders, ObjectHeaders, ObjectKind, ObjectMeta, SharedMeta, Tags, UserMeta};
use headwater_model::op::{CopyObject, Op, WriteCondition};
use headwater_model::precondition::{Preconditions, TagCondition};
use headwater_model::{Error, ObjectKey};
use headwater_wire::read_tagging;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::bucket::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page, text};
use crate::visitor::reason;

/// The headers of the form: name of the field, label, hint.
const HEADERS: [(&str, &str, &str); 5] = [
    ("content_type", "Content-Type", "Such as image/jpeg. Browsers show what they know and save the rest."),
    ("cache_control", "Cache-Control", "Such as max-age=3600."),
    ("content_disposition", "Content-Disposition", "Such as attachment; filename=\"a.pdf\"."),
    ("content_encoding", "Content-Encoding", "What the bytes are packed with, such as gzip."),
    ("content_language", "Content-Language", "Such as en."),
];

/// One text field with what is wrong with it.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    fault: Option<String>,
}

/// What was typed.
struct Typed {
    etag: String,
    headers: Vec<Field>,
    metadata: Field,
    tags: Field,
}

#[derive(Template)]
#[template(path = "files/edit.html")]
struct EditPage<'p> {
    frame: Frame<'p>,
    key: &'p str,
    back: String,
    etag: String,
    headers: Vec<Field>,
    /// User metadata and tags.
    areas: [Field; 2],
    /// Why headers and metadata cannot be changed.
    fixed: Option<&'static str>,
    alert: Option<String>,
}

impl Typed {
    fn of(meta: &ObjectMeta) -> Self {
        let content = &meta.headers.content;
        let stored = [
            &content.content_type,
            &content.cache_control,
            &content.content_disposition,
            &content.content_encoding,
            &content.content_language,
        ];
        let values = stored.map(|value| value.as_deref().unwrap_or_default().to_owned());
        let metadata = lines(&meta.headers.user, ": ");
        Self::new(meta.etag.as_str().to_owned(), values, metadata, lines(&meta.tags, "="))
    }

    fn read(fields: &[(String, String)]) -> Self {
        let values = HEADERS.map(|(name, ..)| text(fields, name).trim().to_owned());
        let [etag, metadata, tags] = ["etag", "metadata", "tags"].map(|name| text(fields, name).to_owned());
        Self::new(etag, values, metadata, tags)
    }

    fn new(etag: String, values: [String; 5], metadata: String, tags: String) -> Self {
        let header = |((name, label, hint), value)| Field { name, label, hint, value, fault: None };
        let area = |name, label, hint, value| Field { name, label, hint, value, fault: None };
        Self {
            etag,
            headers: HEADERS.into_iter().zip(values).map(header).collect(),
            metadata: area("metadata", "User metadata", "One a line, as name: value.", metadata),
            tags: area("tags", "Tags", "One a line, as name=value; at most 10.", tags),
        }
    }

    /// Headers and tags to be; `None` if something is wrong, which its field says then.
    fn judge(&mut self, meta: &ObjectMeta) -> Option<(ObjectHeaders, Tags)> {
        for field in &mut self.headers {
            if HeaderValue::from_str(&field.value).is_err() || !field.value.is_ascii() {
                field.fault = Some("Use printable ASCII characters.".to_owned());
            }
        }
        let user = judged(&mut self.metadata, user_metadata);
        let tags = judged(&mut self.tags, tags);
        if self.headers.iter().any(|field| field.fault.is_some()) {
            return None;
        }
        let mut values = self.headers.iter().map(|field| Some(&*field.value).filter(|value| !value.is_empty()));
        let mut next = || values.next().flatten().map(Into::into);
        let content = ContentHeaders {
            content_type: next(),
            cache_control: next(),
            content_disposition: next(),
            content_encoding: next(),
            content_language: next(),
            ..meta.headers.content.clone()
        };
        Some((ObjectHeaders { content, user: user?, ..meta.headers.clone() }, tags?))
    }
}

fn judged<T>(field: &mut Field, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
    read(&field.value).map_err(|fault| field.fault = Some(fault)).ok()
}

fn lines(pairs: &[(Box<str>, Box<str>)], between: &str) -> String {
    pairs.iter().flat_map(|(name, value)| [name, between, value, "\n"]).collect()
}

/// Names and values of lines that are not empty.
fn pairs(text: &str, between: char) -> Result<Vec<(&str, &str)>, String> {
    let split =
        |line: &'_ str| -> Option<(usize, usize)> { line.find(between).map(|at| (at, at + between.len_utf8())) };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (end, begin) =
                split(line).ok_or_else(|| format!("{line} has no {between}: write name{between}value."))?;
            Ok((line[..end].trim(), line[begin..].trim()))
        })
        .collect()
}

fn user_metadata(text: &str) -> Result<UserMeta, String> {
    let mut user = UserMeta::new();
    for (name, value) in pairs(text, ':')? {
        let name = name.to_ascii_lowercase();
        if HeaderName::from_bytes(name.as_bytes()).is_err()
            || HeaderValue::from_str(value).is_err()
            || !value.is_ascii()
        {
            return Err(format!(
                "{name}: use letters, digits and hyphens for the name, printable ASCII for the value."
            ));
        }
        if user.iter().any(|(known, _)| **known == *name) {
            return Err(format!("{name} is there twice."));
        }
        user.push((name.into(), value.into()));
    }
    let size_bytes: usize = user.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size_bytes > MAX_USER_META_BYTES {
        return Err(format!("{size_bytes} bytes are too many: at most {MAX_USER_META_BYTES}."));
    }
    Ok(user)
}

/// Judged as the vendors' document of tags is.
fn tags(text: &str) -> Result<Tags, String> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let tag = |(name, value)| format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escaped(name), escaped(value));
    let document: String = pairs(text, '=')?.into_iter().map(tag).collect();
    read_tagging(format!("<Tagging><TagSet>{document}</TagSet></Tagging>").as_bytes()).map_err(|error| match error {
        Error::MalformedXml { .. } => "At most 10 tags, without control characters.".to_owned(),
        error => reason(&error),
    })
}

/// Why a copy would not be the same object.
fn fixed(meta: &ObjectMeta) -> Option<&'static str> {
    let holder = meta.composition.encryption.as_deref().map(|encryption| encryption.holder);
    match (meta.kind, holder) {
        (_, Some(KeyHolder::Customer { .. })) => {
            Some("Only who has the customer's key can change headers and metadata.")
        }
        (ObjectKind::Appendable, _) => {
            Some("Headers and metadata of an appendable object stay, or it could not grow any more.")
        }
        (ObjectKind::Symlink, _) => Some("Headers and metadata of a symlink are changed by writing it anew."),
        (ObjectKind::Normal | ObjectKind::Multipart, _) => None,
    }
}

fn wanted(acl: &Acl) -> WantedAcl {
    let grant = |grant: &Grant| WantedGrant {
        grantee: match &grant.grantee {
            Grantee::Account(owner) => WantedGrantee::Id(owner.id.to_string().into()),
            Grantee::Group(group) => WantedGrantee::Group(*group),
        },
        permission: grant.permission,
    };
    match acl {
        Acl::Canned(canned) => WantedAcl::Canned(*canned),
        Acl::Grants(grants) => WantedAcl::Grants { owner: None, grants: grants.iter().map(grant).collect() },
    }
}

impl BucketVisit<'_> {
    pub(crate) async fn edit(&self, key: &ObjectKey) -> Outcome {
        match self.meta(key).await {
            Ok(meta) => self.form(key, Typed::of(&meta), &meta, None),
            Err(error) => self.missing(key, &error),
        }
    }

    pub(crate) async fn save(&self, key: &ObjectKey, fields: &[(String, String)]) -> Outcome {
        let meta = match self.meta(key).await {
            Ok(meta) => meta,
            Err(error) => return self.missing(key, &error),
        };
        let mut typed = Typed::read(fields);
        let Some((headers, tags)) = typed.judge(&meta) else { return self.form(key, typed, &meta, None) };
        if typed.etag != meta.etag.as_str() {
            typed.etag = meta.etag.as_str().to_owned();
            let alert = "The file was written meanwhile. Look whether this is still meant, and save again.";
            return self.form(key, typed, &meta, Some(alert.to_owned()));
        }
        let (target, retagged) = (format!("object {}/{}", self.name(), key.as_str()), tags != meta.tags);
        let before = Some(DescribedObject::new(&meta.headers, &meta.tags));
        let done = if headers != meta.headers && fixed(&meta).is_none() {
            let after = Some(DescribedObject::new(&headers, &tags));
            let op = Op::CopyObject(Box::new(self.onto_itself(key, &meta, headers, tags)));
            self.visitor.change("put_object_metadata", target, op, (before, after)).await
        } else if retagged {
            let after = Some(DescribedObject::new(&meta.headers, &tags));
            let op = Op::PutObjectTagging(self.current(key), tags);
            self.visitor.change("put_object_tagging", target, op, (before, after)).await
        } else {
            Ok(())
        };
        match done {
            Err(reason) => self.form(key, typed, &meta, Some(format!("Nothing was changed. {reason}"))),
            Ok(()) => {
                self.visitor.session.say("Metadata and tags were saved.".to_owned());
                Outcome::To(self.key_path("object", key.as_str()))
            }
        }
    }

    fn onto_itself(&self, key: &ObjectKey, meta: &ObjectMeta, headers: ObjectHeaders, tags: Tags) -> CopyObject {
        let if_match = Some(TagCondition::OneOf(vec![meta.etag.clone()]));
        let encryption = match &meta.composition.encryption {
            Some(_) => WriteEncryption::Managed,
            None => WriteEncryption::BucketDefault,
        };
        CopyObject {
            source_bucket: self.bucket.name.clone(),
            source_key: key.clone(),
            source_version: None,
            source_conditions: Preconditions { if_match, ..Preconditions::default() },
            bucket: self.bucket.name.clone(),
            key: key.clone(),
            storage_class: headers.storage_class.clone(),
            website_redirect: headers.website_redirect.clone(),
            acl: headers.access.as_ref().and_then(|access| access.acl.as_ref()).map(wanted),
            lock: None,
            headers: Some(headers),
            tags: Some(tags),
            algorithm: meta.checksum.as_ref().map(|checksum| checksum.algorithm),
            condition: WriteCondition::Any,
            encryption,
            source_customer_key: None,
        }
    }

    async fn meta(&self, key: &ObjectKey) -> headwater_model::Result<SharedMeta> {
        self.visitor.administration.object_meta(&self.visitor.session.who, self.current(key)).await
    }

    fn form(&self, key: &ObjectKey, typed: Typed, meta: &ObjectMeta, alert: Option<String>) -> Outcome {
        let Typed { etag, headers, metadata, tags } = typed;
        let faulty = headers.iter().chain([&metadata, &tags]).any(|field| field.fault.is_some());
        let status = if faulty || alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let back = self.key_path("object", key.as_str());
        let (frame, key, fixed) = (self.frame(Tab::Files), key.as_str(), fixed(meta));
        page(status, &EditPage { frame, key, back, etag, headers, areas: [metadata, tags], fixed, alert })
    }
}
