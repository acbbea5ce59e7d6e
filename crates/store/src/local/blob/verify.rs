//! Checking a whole blob, for the doctor and for scrubs.

use std::os::unix::fs::FileExt;

use headwater_model::{Error, Result};

use super::chunk::CHUNK_BYTES;
use super::dir::BlobDir;
use super::file::BlobFile;
use super::footer::Footer;
use super::path::BlobId;
use crate::local::digest::Crc64;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BlobCheck {
    /// Every byte is as it was written.
    Intact(Box<Footer>),
    /// There is a file, but it was never finished, or some of it is not as it was written.
    Damaged {
        /// What was found first.
        detail: Box<str>,
    },
    /// There is no such file.
    Missing,
}

impl BlobDir {
    /// Reads the whole blob past the cache of open ones and compares every block with its checksum, and the payload with
    /// the CRC-64 of the footer. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`Error::Internal`] if the file cannot be opened, which says nothing about its bytes.
    pub(crate) fn verify(&self, id: BlobId) -> Result<BlobCheck> {
        match BlobFile::open(id, &self.path(id)) {
            Ok(None) => Ok(BlobCheck::Missing),
            Ok(Some((file, footer))) => match self.verify_payload(&file, &footer) {
                Ok(()) => Ok(BlobCheck::Intact(Box::new(footer))),
                Err(Error::Damaged { detail }) => Ok(BlobCheck::Damaged { detail }),
                Err(error) => Err(error),
            },
            Err(Error::Damaged { detail }) => Ok(BlobCheck::Damaged { detail }),
            Err(error) => Err(error),
        }
    }

    fn verify_payload(&self, file: &BlobFile, footer: &Footer) -> Result<()> {
        let mut crc64 = Crc64::new();
        let mut offset = 0;
        while offset < file.payload_bytes {
            let mut chunk = self.chunks.take((file.payload_bytes - offset).min(CHUNK_BYTES as u64) as usize);
            let read = file.file.read_exact_at(chunk.as_mut(), offset);
            read.map_err(|error| file.fail(offset, &error.to_string()))?;
            file.verify(offset, chunk.as_ref())?;
            crc64.update(chunk.as_ref());
            offset += chunk.as_ref().len() as u64;
        }
        if crc64.finish() != footer.crc64 {
            return Err(file.fail(0, "payload is not the one that the footer names"));
        }
        Ok(())
    }
}
