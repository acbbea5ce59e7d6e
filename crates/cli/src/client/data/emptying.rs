//! `bucket empty`: everything that keeps a bucket from being deleted goes.
//!
//! Guarantees: versions, delete markers and open uploads go too, page after page, until a listing has none left; what the
//! server refuses to delete ends it, with the first key and the reason. What somebody else writes meanwhile may be deleted
//! or not. Tombstones (`deletes=keep`) stay: they are no objects.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_wire::sign::ContentSha256;
use headwater_wire::unescape_path;
use headwater_wire::xml::{Element, XmlWriter, parse};
use http::{HeaderValue, Method, header};
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use super::{Call, DataPlane, Place, whole};
use crate::client::connection::encoded;
use crate::client::output::printable;
use crate::client::progress;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client) struct Emptied {
    /// Objects, with their versions and delete markers.
    pub(in crate::client) versions: u64,
    pub(in crate::client) uploads: u64,
}

/// A version that is to go, or an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Doomed {
    key: String,
    id: String,
}

/// Deletes all that a bucket holds; `gone` counts what went, whatever comes of the rest.
///
/// # Errors
/// What the server refuses with.
pub(in crate::client) async fn empty(plane: &DataPlane, bucket: &str, gone: &mut Emptied) -> anyhow::Result<()> {
    let emptying = Emptying { plane, place: Place { bucket, key: None }, bar: progress::of_objects(bucket) };
    emptying.versions(&mut gone.versions).await?;
    emptying.uploads(&mut gone.uploads).await?;
    emptying.bar.finish_and_clear();
    Ok(())
}

struct Emptying<'e> {
    plane: &'e DataPlane,
    place: Place<'e>,
    bar: ProgressBar,
}

impl Emptying<'_> {
    async fn versions(&self, deleted: &mut u64) -> anyhow::Result<()> {
        loop {
            let call = Call::new(Method::GET, self.place).query("encoding-type=url&max-keys=1000&versions");
            let page = self.plane.document(call, whole("")).await?;
            let doomed = listed(&page, "ListVersionsResult", &["Version", "DeleteMarker"], "VersionId")?;
            if doomed.is_empty() {
                return Ok(());
            }
            // Each page begins at the first that is left, so one of which nothing could be deleted would come for ever.
            self.delete(&doomed).await?;
            *deleted += doomed.len() as u64;
            self.bar.inc(doomed.len() as u64);
        }
    }

    async fn delete(&self, doomed: &[Doomed]) -> anyhow::Result<()> {
        let body = document(doomed);
        let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
        let mut call = Call { payload: ContentSha256::Digest(digest), ..Call::new(Method::POST, self.place) };
        call.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        call.headers.insert(header::CONTENT_LENGTH, body.len().into());
        call.headers.insert("x-amz-checksum-sha256", HeaderValue::try_from(BASE64.encode(digest))?);
        let answer = self.plane.document(call.query("delete"), whole(body)).await?;
        refused(&answer)
    }

    async fn uploads(&self, aborted: &mut u64) -> anyhow::Result<()> {
        loop {
            let call = Call::new(Method::GET, self.place).query("encoding-type=url&max-uploads=1000&uploads");
            let page = self.plane.document(call, whole("")).await?;
            let doomed = listed(&page, "ListMultipartUploadsResult", &["Upload"], "UploadId")?;
            if doomed.is_empty() {
                return Ok(());
            }
            for Doomed { key, id } in doomed {
                let place = Place { key: Some(&key), ..self.place };
                let call = Call::new(Method::DELETE, place).query(format!("uploadId={}", encoded(&id)));
                self.plane.send(call, whole("")).await?;
                *aborted += 1;
            }
        }
    }
}

/// The entries of a page.
fn listed(page: &Bytes, root: &str, names: &[&str], id: &str) -> anyhow::Result<Vec<Doomed>> {
    let document = parse(page).context("the listing is no XML")?;
    let entries = document.root(root)?.elements().filter(|entry| names.contains(&entry.name()));
    entries.map(|entry| read(entry, id)).collect()
}

fn read(entry: Element<'_>, id: &str) -> anyhow::Result<Doomed> {
    let key = entry.required_text("Key")?;
    let key = unescape_path(key).with_context(|| format!("the listing has the key {key:?}"))?;
    Ok(Doomed { key: key.into_owned(), id: entry.required_text(id)?.to_owned() })
}

/// The document of DeleteObjects. It answers what could not be deleted alone.
fn document(doomed: &[Doomed]) -> String {
    let mut xml = XmlWriter::new();
    xml.open("Delete");
    xml.element("Quiet", true);
    for Doomed { key, id } in doomed {
        xml.open("Object");
        xml.element("Key", key);
        xml.element("VersionId", id);
        xml.close();
    }
    xml.close();
    xml.finish()
}

/// What an answer to DeleteObjects complains of.
fn refused(answer: &Bytes) -> anyhow::Result<()> {
    let document = parse(answer).context("the answer is no XML")?;
    let mut errors = document.root("DeleteResult")?.children("Error");
    let Some(first) = errors.next() else { return Ok(()) };
    let [key, message] = ["Key", "Message"].map(|name| first.text(name).ok().flatten().unwrap_or_default());
    let more = match errors.count() {
        0 => String::new(),
        count => format!(", nor are {count} more"),
    };
    bail!("{} is not deleted{more}: {}", printable(key), printable(message));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_the_way_through_a_listing() {
        let page = Bytes::from_static(
            b"<ListVersionsResult xmlns=\"x\"><Name>b</Name><Version><Key>a%2B%01%20b</Key><VersionId>null</VersionId>\
            </Version><DeleteMarker><Key>c</Key><VersionId>1</VersionId></DeleteMarker></ListVersionsResult>",
        );
        let doomed = listed(&page, "ListVersionsResult", &["Version", "DeleteMarker"], "VersionId").unwrap();
        let expected = [("a+\u{1} b", "null"), ("c", "1")].map(|(key, id)| Doomed { key: key.into(), id: id.into() });
        assert_eq!(doomed, expected);
        let document = document(&doomed);
        assert!(document.contains("<Object><Key>a+&#x1; b</Key><VersionId>null</VersionId></Object>"), "{document}");
    }

    #[test]
    fn what_is_not_deleted_is_told() {
        assert!(refused(&Bytes::from_static(b"<DeleteResult/>")).is_ok());
        let answer = Bytes::from_static(
            b"<DeleteResult><Error><Key>a</Key><Message>locked</Message></Error><Error><Key>b</Key></Error></DeleteResult>",
        );
        assert_eq!(refused(&answer).unwrap_err().to_string(), "a is not deleted, nor are 1 more: locked");
    }
}
