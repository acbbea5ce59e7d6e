//! What `object put` sends.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::Context as _;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

/// How much is read of a file at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A file of known size, or a stream that ends some time.
pub(super) enum Source {
    File(File, u64),
    Stream(Box<dyn Read + Send>),
}

impl Source {
    /// Opens what is named; `-` is standard input, and a pipe has no size either.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        if file == Path::new("-") {
            return Ok(Self::Stream(Box::new(io::stdin())));
        }
        let shown = file.display();
        let opened = File::open(file).with_context(|| format!("cannot read {shown}"))?;
        let about = opened.metadata().with_context(|| format!("cannot read {shown}"))?;
        anyhow::ensure!(!about.is_dir(), "{shown} is a directory; give a file");
        Ok(if about.is_file() { Self::File(opened, about.len()) } else { Self::Stream(Box::new(opened)) })
    }

    pub(super) fn size_bytes(&self) -> Option<u64> {
        match self {
            Self::File(_, size_bytes) => Some(*size_bytes),
            Self::Stream(_) => None,
        }
    }
}

/// The SHA-256 of a file, which is at its beginning again afterwards.
pub(super) fn digest(file: &mut File) -> io::Result<[u8; 32]> {
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => hasher.update(&chunk[..read]),
        }
    }
    file.rewind()?;
    Ok(hasher.finalize().into())
}

/// Reads until `limit_bytes` are there, or the end.
pub(super) fn part(source: &mut dyn Read, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file as a body. Its size was announced, so one that shrinks meanwhile is a failure and one that grows is cut there.
pub(super) struct FileBody {
    file: File,
    left: u64,
    bar: ProgressBar,
}

impl FileBody {
    pub(super) fn new(file: File, size_bytes: u64, bar: ProgressBar) -> Self {
        Self { file, left: size_bytes, bar }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    /// Reads in place: nothing else runs in this program that a slow disk could hold up.
    fn poll_frame(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let wanted = usize::try_from(self.left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut chunk = vec![0; wanted];
        let read = match self.file.read(&mut chunk) {
            Ok(0) => return Poll::Ready(Some(Err(io::Error::other("the file became shorter while it was read")))),
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        chunk.truncate(read);
        self.left -= read as u64;
        self.bar.inc(read as u64);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_is_sent_as_it_was_announced_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, vec![7; CHUNK_BYTES + 1]).unwrap();
        let Source::File(file, size_bytes) = Source::open(&path).unwrap() else { panic!("a file") };
        let bar = ProgressBar::hidden();
        let body = FileBody::new(file, size_bytes, bar.clone()).collect().await.unwrap().to_bytes();
        assert_eq!((body.len(), bar.position()), (CHUNK_BYTES + 1, size_bytes));
        let shrunk = FileBody::new(File::open(&path).unwrap(), size_bytes + 1, bar.clone());
        assert!(shrunk.collect().await.is_err());
        let grown = FileBody::new(File::open(&path).unwrap(), 3, bar);
        assert_eq!(grown.collect().await.unwrap().to_bytes(), [7; 3].as_slice());
        assert!(Source::open(directory.path()).is_err() && Source::open(&directory.path().join("none")).is_err());
    }

    #[test]
    fn a_digest_leaves_the_file_at_its_beginning() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"abc").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let expected: [u8; 32] = Sha256::digest(b"abc").into();
        assert_eq!(digest(&mut file).unwrap(), expected);
        assert_eq!(part(&mut file, 2).unwrap(), b"ab");
        assert_eq!(part(&mut file, 2).unwrap(), b"c");
        assert_eq!(part(&mut file, 2).unwrap(), b"");
    }
}
