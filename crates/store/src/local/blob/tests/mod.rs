//! Tests of whole blobs: each file one promise. Time stands still; bodies follow from their length.

mod ahead;
mod damage;
mod follow;
mod lengths;
mod lifecycle;
mod round_trip;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use headwater_model::body::Body;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_model::{BucketName, ObjectKey, Result};
use headwater_testkit::ManualClock;

use super::*;
use crate::contract::{BucketRef, Content, NewObject};

/// Lengths around the edges of blocks and chunks.
const EDGE_LENGTHS: [usize; 9] = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, (3 << 20) + 7];

/// No announced length, no limit.
const UNBOUNDED: WriteOptions =
    WriteOptions { content_length: None, max_bytes: u64::MAX, checksum: None, data_key: None };

/// A blob directory of its own, removed with the fixture.
struct Fixture {
    temp: tempfile::TempDir,
    clock: ManualClock,
    dir: Arc<BlobDir>,
}

impl Fixture {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let clock = ManualClock::default();
        let dir = BlobDir::open(temp.path().join("blobs"), Arc::new(clock.clone())).expect("a blob directory");
        Self { temp, clock, dir }
    }

    /// Another view of the same files, as after a restart: nothing is cached.
    fn reopened(&self) -> Arc<BlobDir> {
        BlobDir::open(self.temp.path().join("blobs"), Arc::new(self.clock.clone())).expect("a blob directory")
    }

    async fn begin(&self, options: WriteOptions) -> BlobWriter {
        self.dir.create(draft("a key"), options).await.expect("a writer")
    }

    /// A durable blob of `body`.
    async fn store(&self, body: &[u8]) -> PersistedBlob {
        let mut writer = self.begin(UNBOUNDED).await;
        write_pieces(&mut writer, body).await;
        writer.finish().await.expect("finished");
        writer.persist(note()).await.expect("persisted")
    }

    fn files(&self) -> Vec<BlobId> {
        self.dir.walk(Timestamp(0)).expect("a walk").map(|id| id.expect("an id")).collect()
    }
}

/// Writes `body` in pieces of no round size.
async fn write_pieces(writer: &mut BlobWriter, body: &[u8]) {
    for piece in body.chunks(10_007) {
        writer.write(Bytes::copy_from_slice(piece)).await.expect("written");
    }
}

fn draft(key: &str) -> FooterDraft {
    let name = BucketName::parse("a-bucket").expect("a name");
    let bucket = BucketRef { name, generation: Generation(7) };
    FooterDraft { bucket, key: ObjectKey::parse(key).expect("a key") }
}

fn note() -> FooterNote {
    let object = NewObject {
        etag: ETag::from_text("abc"),
        last_modified: Timestamp(5),
        kind: ObjectKind::Normal,
        provenance: Provenance::Mirrored,
        headers: ObjectHeaders::default(),
        checksum: None,
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
    };
    FooterNote { role: Role::from(&object), born_after_sequence: 41 }
}

/// Bytes without a short period, so that a misplaced block shows.
fn body(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The content of one whole blob.
fn content(dir: &Arc<BlobDir>, blob: &PersistedBlob) -> ExtentContent {
    let extent = Extent { blob: blob.id, offset_bytes: 0, length_bytes: blob.length_bytes, salt: None };
    ExtentContent::open(Arc::clone(dir), vec![extent]).expect("a plain extent")
}

/// All bytes of a body, and its end.
async fn collect(body: Body) -> (Vec<u8>, Result<()>) {
    let mut bytes = Vec::new();
    let mut stream = match body {
        Body::Empty => return (bytes, Ok(())),
        Body::Full(full) => return (full.to_vec(), Ok(())),
        Body::Stream(stream) => stream,
    };
    loop {
        match stream.try_next().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, Ok(())),
            Err(error) => return (bytes, Err(error)),
        }
    }
}

async fn read_all(content: &impl Content, range: std::ops::Range<u64>) -> Vec<u8> {
    let (bytes, end) = collect(content.read(range)).await;
    end.expect("a clean end");
    bytes
}
