//! Steps in the words that the two vendors share but for the names of headers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_testkit::SeededRandom;
use headwater_wire::escape_key;
use http::Method;

use super::client::Asked;
use super::step::{BodyOf, Condition, Dress, Parts, Step};

const PAST: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
const WRONG_TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

type Headers = &'static [(&'static str, &'static str)];

/// The vendors differ in the type of an object that names none, so each names one.
const CONTENT: [Headers; 5] = [
    &[("content-type", "text/plain")],
    &[("content-type", "image/png"), ("cache-control", "max-age=60, public")],
    &[("content-type", "a/b; c=\"d e\""), ("content-disposition", "attachment; filename=\"a b.txt\"")],
    &[("content-type", "text/html"), ("content-encoding", "gzip"), ("content-language", "de, en")],
    &[("content-type", "x/y"), ("expires", "Thu, 01 Dec 2044 16:00:00 GMT")],
];
const META: [Headers; 5] = [
    &[],
    &[("x-*-meta-a", "1")],
    &[("x-*-meta-long-name-1", "two words, and = signs"), ("x-*-meta-b", "")],
    &[("x-*-meta-utf8", "grün")],
    &[("x-*-meta-a", "%41"), ("x-*-meta-dash--", "\"quoted\"")],
];
/// Some that no vendor takes are among them.
const TAGS: [&[(&str, &str)]; 7] = [
    &[],
    &[],
    &[("a", "1")],
    &[("team", "x y"), ("path", "a/b:c"), ("empty", "")],
    &[("größe", "groß")],
    &[("a", "1"), ("a", "2")],
    &[("bad", "<&>")],
];

/// What a step needs to know of the bucket that it is performed on.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The ETag of the step's key, or of its source; a wrong one if there is none.
    pub(super) tag: Option<String>,
    /// Ids of the versions that the step chose, in its order.
    pub(super) versions: Vec<Option<String>>,
    /// The upload that the step chose.
    pub(super) upload: Option<Upload>,
}

/// An upload as its client knows it.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) key: &'static str,
    pub(super) id: String,
    /// Tags by part number.
    pub(super) parts: BTreeMap<u16, String>,
}

pub(super) fn body(BodyOf(length, seed): BodyOf) -> Bytes {
    SeededRandom::new(seed).bytes(length).into()
}

/// The request of a step; `None` if the step chose what is not there.
pub(super) fn request(step: &Step, bucket: &str, known: &Known) -> Option<Asked> {
    let mut asked = Asked::default();
    let version = |asked: &mut Asked| {
        let id = known.versions.first().cloned().flatten();
        asked.query.extend(id.map(|id| ("versionId", id)));
    };
    match step {
        Step::Put { key, body: bytes, dress, condition } => {
            (asked.method, asked.key, asked.body) = (Method::PUT, Some(*key), body(*bytes));
            wear(&mut asked, *dress, true);
            on(&mut asked, *condition, "", known);
        }
        Step::Copy { source, key, replace, dress, condition, .. } => {
            // S3 refuses to copy an object onto itself without a change.
            let replace = *replace || (source == key && known.versions.is_empty());
            (asked.method, asked.key) = (Method::PUT, Some(*key));
            let id = known.versions.first().cloned().flatten();
            let version = id.map_or(String::new(), |id| format!("?versionId={id}"));
            asked.headers.push(("x-*-copy-source", format!("/{bucket}/{}{version}", escape_key(source))));
            if replace {
                asked.headers.push(("x-*-metadata-directive", "REPLACE".into()));
                asked.headers.push(("x-*-tagging-directive", "REPLACE".into()));
                wear(&mut asked, *dress, true);
            }
            on(&mut asked, *condition, "x-*-copy-source-", known);
        }
        Step::Get { key, range, condition, .. } => {
            (asked.method, asked.key) = (Method::GET, Some(*key));
            version(&mut asked);
            asked.headers.extend(range.map(|range| ("range", range.into())));
            // Without it OSS answers a range that cannot be met with the whole.
            asked.headers.extend(range.map(|_| ("x-*-range-behavior", "standard".into())));
            on(&mut asked, *condition, "", known);
        }
        Step::Head { key, .. } => {
            (asked.method, asked.key) = (Method::HEAD, Some(*key));
            version(&mut asked);
        }
        Step::Delete { key, condition, .. } => {
            (asked.method, asked.key) = (Method::DELETE, Some(*key));
            version(&mut asked);
            on(&mut asked, *condition, "", known);
        }
        Step::DeleteMany { keys, quiet } => {
            let keys = keys.iter().zip(&known.versions).map(|((key, _), version)| (*key, version.as_deref()));
            document(&mut asked, Method::POST, "delete", &deletion(keys, *quiet));
        }
        Step::Tag { key, tags, .. } => {
            asked.key = Some(*key);
            document(&mut asked, Method::PUT, "tagging", &tagging(TAGS[tags % TAGS.len()]));
            version(&mut asked);
        }
        Step::Untag { key, .. } => {
            (asked.method, asked.key) = (Method::DELETE, Some(*key));
            asked.query.push(("tagging", String::new()));
            version(&mut asked);
        }
        Step::Version { enabled } => {
            let status = if *enabled { "Enabled" } else { "Suspended" };
            let text = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
            document(&mut asked, Method::PUT, "versioning", &text);
        }
        Step::List { second, prefix, delimiter, limit } => {
            asked.query.extend(second.then(|| ("list-type", "2".into())));
            listing(&mut asked, prefix, delimiter, *limit);
        }
        Step::ListVersions { prefix, delimiter, limit } => {
            asked.query.push(("versions", String::new()));
            listing(&mut asked, prefix, delimiter, *limit);
        }
        _ => of_upload(&mut asked, step, bucket, known)?,
    }
    Some(asked)
}

fn of_upload(asked: &mut Asked, step: &Step, bucket: &str, known: &Known) -> Option<()> {
    if let Step::BeginUpload { key, dress } = step {
        (asked.method, asked.key) = (Method::POST, Some(*key));
        asked.query.push(("uploads", String::new()));
        wear(asked, *dress, true);
        return Some(());
    }
    let Upload { key, id, parts } = known.upload.as_ref()?;
    asked.key = Some(*key);
    match step {
        Step::Part { number, body: bytes, .. } => {
            (asked.method, asked.body) = (Method::PUT, body(*bytes));
            asked.query.push(("partNumber", number.to_string()));
        }
        Step::CopyPart { number, source, range, .. } => {
            asked.method = Method::PUT;
            asked.query.push(("partNumber", number.to_string()));
            asked.headers.push(("x-*-copy-source", format!("/{bucket}/{}", escape_key(source))));
            asked.headers.extend(range.map(|range| ("x-*-copy-source-range", range.into())));
        }
        Step::ListParts { .. } => {
            asked.method = Method::GET;
            asked.query.push(("max-parts", "2".into()));
        }
        Step::Complete { parts: how, condition, .. } => {
            asked.method = Method::POST;
            asked.body = completion(parts, *how).into();
            on(asked, *condition, "", known);
        }
        _ => asked.method = Method::DELETE,
    }
    asked.query.push(("uploadId", id.clone()));
    Some(())
}

fn wear(asked: &mut Asked, dress: Dress, tagged: bool) {
    let (content, meta, tags) = (CONTENT[dress.content % 5], META[dress.meta % 5], TAGS[dress.tags % TAGS.len()]);
    asked.headers.extend(content.iter().chain(meta).map(|(name, value)| (*name, (*value).to_owned())));
    if tagged && !tags.is_empty() {
        let pairs: Vec<String> = tags.iter().map(|(key, value)| format!("{}={}", pair(key), pair(value))).collect();
        asked.headers.push(("x-*-tagging", pairs.join("&")));
    }
}

fn pair(text: &str) -> String {
    escape_key(text).replace('/', "%2F").replace("%20", "+")
}

fn on(asked: &mut Asked, condition: Condition, prefix: &'static str, known: &Known) {
    let tag = |right: bool| known.tag.clone().filter(|_| right).unwrap_or_else(|| WRONG_TAG.into());
    let date = |past: bool| if past { PAST } else { FUTURE }.to_owned();
    let (name, value) = match condition {
        Condition::None => return,
        Condition::Match { right } => ("if-match", tag(right)),
        Condition::NoneMatch { right } => ("if-none-match", tag(right)),
        Condition::Absent => ("if-none-match", "*".into()),
        Condition::Present => ("if-match", "*".into()),
        Condition::ModifiedSince { past } => ("if-modified-since", date(past)),
        Condition::UnmodifiedSince { past } => ("if-unmodified-since", date(past)),
    };
    let name = match (prefix, name) {
        ("", name) => name,
        (_, "if-match") => "x-*-copy-source-if-match",
        (_, "if-none-match") => "x-*-copy-source-if-none-match",
        (_, "if-modified-since") => "x-*-copy-source-if-modified-since",
        _ => "x-*-copy-source-if-unmodified-since",
    };
    asked.headers.push((name, value));
}

fn listing(asked: &mut Asked, prefix: &str, delimiter: &str, limit: usize) {
    asked.method = Method::GET;
    let texts = [("prefix", prefix.to_owned()), ("delimiter", delimiter.to_owned()), ("max-keys", limit.to_string())];
    asked.query.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()));
    asked.query.push(("encoding-type", "url".into()));
}

fn document(asked: &mut Asked, method: Method, selector: &'static str, text: &str) {
    (asked.method, asked.body) = (method, Bytes::from(text.to_owned()));
    asked.query.push((selector, String::new()));
    asked.headers.push(("content-md5", BASE64.encode(fast_md5::digest(text.as_bytes()))));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn deletion<'k>(keys: impl Iterator<Item = (&'k str, Option<&'k str>)>, quiet: bool) -> String {
    let mut text = format!("<Delete><Quiet>{quiet}</Quiet>");
    for (key, version) in keys {
        let version = version.map_or(String::new(), |id| format!("<VersionId>{id}</VersionId>"));
        write!(text, "<Object><Key>{}</Key>{version}</Object>", escaped(key)).unwrap();
    }
    text + "</Delete>"
}

fn tagging(tags: &[(&str, &str)]) -> String {
    let tag = |(key, value): &(&str, &str)| {
        format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escaped(key), escaped(value))
    };
    format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.iter().map(tag).collect::<String>())
}

fn completion(parts: &BTreeMap<u16, String>, how: Parts) -> String {
    let mut parts: Vec<_> = parts.iter().map(|(number, tag)| (*number, tag.clone())).collect();
    match how {
        Parts::Right => {}
        Parts::WrongTag => parts.iter_mut().take(1).for_each(|(_, tag)| *tag = WRONG_TAG.into()),
        Parts::Reversed => parts.reverse(),
        Parts::None => parts.clear(),
    }
    let part =
        |(number, tag): &(u16, String)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>");
    let list: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>")
}
