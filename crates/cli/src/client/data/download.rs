//! `object get`: an object into a file.
//!
//! Guarantees: the file appears whole and verified, or not at all; what was there before stays until then. What goes to
//! standard output goes as it comes, and its exit status says whether it was right.
//!
//! How: the body goes into a file beside the final one, which takes its name at the end. Its length must be the one that
//! was announced, and its CRC-64 the one that the server keeps; for an object that is fetched from an origin at this very
//! moment there is none yet, and the server itself ends such a body cleanly only once it is verified.

use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use crc_fast::{CrcAlgorithm, Digest};
use headwater_model::bucket::Dialect;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use indicatif::ProgressBar;

use super::{Call, DataPlane, IDLE_LIMIT, Place, whole};
use crate::client::progress;

/// OSS tells it of every object that is stored.
const CRC64: &str = "x-oss-hash-crc64ecma";

/// Where an object goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) enum Destination {
    StandardOutput,
    File(PathBuf),
}

impl Destination {
    /// The file that is named, one in the directory that is named, or one of the key's last name in this directory.
    ///
    /// # Errors
    /// The key's last name cannot name a file.
    pub(in crate::client) fn of(file: Option<&Path>, key: &str) -> anyhow::Result<Self> {
        let directory = match file {
            Some(file) if file == Path::new("-") => return Ok(Self::StandardOutput),
            Some(file) if !file.is_dir() => return Ok(Self::File(file.to_owned())),
            Some(directory) => directory,
            None => Path::new(""),
        };
        let name = key.rsplit('/').next().unwrap_or_default();
        ensure!(
            !matches!(name, "" | "." | "..") && !name.contains('\0'),
            "{key:?} ends in no name for a file; give FILE"
        );
        Ok(Self::File(directory.join(name)))
    }
}

/// Fetches an object; its size.
///
/// # Errors
/// What the server refuses with; an answer that is not what was announced; a file that cannot be written.
pub(in crate::client) async fn get(
    plane: &DataPlane,
    place: Place<'_>,
    destination: &Destination,
) -> anyhow::Result<u64> {
    let mut call = Call::new(Method::GET, place);
    // A key that only S3 can name: OSS folds slashes in front.
    let of_s3 = place.key.is_some_and(|key| key.starts_with(['/', '\\']));
    call.dialect = if of_s3 { Dialect::S3 } else { Dialect::Oss };
    let response = tokio::time::timeout(IDLE_LIMIT, plane.send(call, whole(""))).await;
    let (parts, body) = response.context("the server did not answer in time")??.into_parts();
    let bar =
        progress::of_bytes(place.key.unwrap_or_default(), number(&parts.headers, header::CONTENT_LENGTH.as_str()));
    let body = Download { headers: parts.headers, body, bar };
    tokio::select! {
        size_bytes = body.write(destination) => size_bytes,
        // Ctrl-C alone would end the program and leave the unfinished file.
        Ok(()) = tokio::signal::ctrl_c() => bail!("interrupted; nothing was kept"),
    }
}

struct Download {
    headers: HeaderMap,
    body: Incoming,
    bar: ProgressBar,
}

impl Download {
    async fn write(self, destination: &Destination) -> anyhow::Result<u64> {
        let Destination::File(path) = destination else {
            return self.copy(&mut std::io::stdout(), "to standard output").await;
        };
        let shown = path.display().to_string();
        let unwritable = || format!("cannot write {shown}; give a place you may write to");
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut unfinished = tempfile::Builder::new()
            .prefix(".headwater-")
            .suffix(".part")
            // As any new file: what the umask leaves.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(directory)
            .with_context(unwritable)?;
        let size_bytes = self.copy(unfinished.as_file_mut(), &shown).await?;
        unfinished.persist(path).map_err(|error| error.error).with_context(unwritable)?;
        Ok(size_bytes)
    }

    async fn copy(mut self, file: &mut impl Write, shown: &str) -> anyhow::Result<u64> {
        let unwritable = || format!("cannot write {shown}");
        let (mut digest, mut size_bytes) = (Digest::new(CrcAlgorithm::Crc64Xz), 0);
        while let Some(frame) =
            tokio::time::timeout(IDLE_LIMIT, self.body.frame()).await.context("nothing came any more")?
        {
            let frame = frame.context("the body broke off")?;
            let Some(data) = frame.data_ref() else { continue };
            file.write_all(data).with_context(unwritable)?;
            digest.update(data);
            size_bytes += data.len() as u64;
            self.bar.inc(data.len() as u64);
        }
        file.flush().with_context(unwritable)?;
        self.bar.finish_and_clear();
        check(&self.headers, size_bytes, digest.finalize())?;
        Ok(size_bytes)
    }
}

/// Holds a body to what was announced.
fn check(headers: &HeaderMap, size_bytes: u64, crc64: u64) -> anyhow::Result<()> {
    if let Some(announced) = number(headers, header::CONTENT_LENGTH.as_str()) {
        ensure!(size_bytes == announced, "{size_bytes} bytes came instead of {announced}");
    }
    if let Some(announced) = number(headers, CRC64) {
        ensure!(crc64 == announced, "other bytes came than are stored: CRC-64 {crc64} instead of {announced}");
    }
    Ok(())
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_keys() {
        let directory = tempfile::tempdir().unwrap();
        let within = |name: &str| Destination::File(directory.path().join(name));
        let named = directory.path().join("x");
        assert_eq!(Destination::of(Some(&named), "a/b").unwrap(), within("x"));
        assert_eq!(Destination::of(Some(directory.path()), "a/b").unwrap(), within("b"));
        assert_eq!(Destination::of(None, "a/b").unwrap(), Destination::File("b".into()));
        assert_eq!(Destination::of(Some(Path::new("-")), "a/..").unwrap(), Destination::StandardOutput);
        for key in ["a/", "a/..", "."] {
            assert!(Destination::of(None, key).is_err(), "{key}");
        }
    }

    #[test]
    fn bodies_are_held_to_what_was_announced() {
        let mut headers = HeaderMap::new();
        assert!(check(&headers, 1, 2).is_ok());
        headers.insert(header::CONTENT_LENGTH, 5.into());
        headers.insert(CRC64, 7.into());
        assert!(check(&headers, 5, 7).is_ok());
        assert!(check(&headers, 4, 7).unwrap_err().to_string().contains("4 bytes came instead of 5"));
        assert!(check(&headers, 5, 8).unwrap_err().to_string().contains("CRC-64"));
    }
}
