//! Damage is found, told, and never handed out as data.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use headwater_model::Error;
use headwater_model::clock::Clock as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

fn flip(fixture: &Fixture, blob: &PersistedBlob, bit: u64) {
    let file = OpenOptions::new().read(true).write(true).open(fixture.dir.path(blob.id)).expect("the file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, bit / 8).expect("read");
    byte[0] ^= 1 << (bit % 8);
    file.write_all_at(&byte, bit / 8).expect("written");
}

/// Reads the whole body; whatever came before an error must be right.
async fn outcome(dir: &Arc<BlobDir>, blob: &PersistedBlob, body: &[u8]) -> Result<()> {
    let (bytes, end) = collect(content(dir, blob).read(0..blob.length_bytes)).await;
    assert!(body.starts_with(&bytes), "wrong bytes were handed out");
    assert!(end.is_err() || bytes.len() == body.len(), "a short body ended cleanly");
    end
}

fn is_damage<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Damaged { .. }))
}

#[test]
fn any_flipped_bit_is_damage() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fixture = Fixture::new();
    let body = body(300_000);
    let blob = runtime.block_on(fixture.store(&body));
    let mut runner = TestRunner::new(Config { cases: 200, ..Config::default() });
    runner
        .run(&(0..blob.file_bytes * 8), |bit| {
            flip(&fixture, &blob, bit);
            let read = runtime.block_on(outcome(&fixture.reopened(), &blob, &body));
            let check = fixture.reopened().verify(blob.id).expect("checked");
            flip(&fixture, &blob, bit);
            prop_assert!(is_damage(&read), "{read:?}");
            let found = matches!(check, BlobCheck::Damaged { .. });
            prop_assert!(found, "{check:?}");
            Ok(())
        })
        .expect("every bit");
    runtime.block_on(outcome(&fixture.reopened(), &blob, &body)).expect("undamaged again");
}

#[tokio::test]
async fn damage_in_one_block_leaves_the_others_readable() {
    let fixture = Fixture::new();
    let body = body(300_000);
    let blob = fixture.store(&body).await;
    flip(&fixture, &blob, 8 * 70_000);
    let content = content(&fixture.dir, &blob);
    content.prepare().await.expect("only a block is damaged");
    assert!(read_all(&content, 0..65_536).await == body[..65_536]);
    assert!(read_all(&content, 131_072..300_000).await == body[131_072..]);
    // A range that does not contain the flipped byte, but its block.
    assert!(is_damage(&collect(content.read(131_071..131_072)).await.1));
}

#[test]
fn any_truncation_is_damage() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fixture = Fixture::new();
    let body = body(200_000);
    let blob = runtime.block_on(fixture.store(&body));
    let path = fixture.dir.path(blob.id);
    let whole = std::fs::read(&path).expect("the file");
    let mut runner = TestRunner::new(Config { cases: 100, ..Config::default() });
    runner
        .run(&(0..whole.len()), |length| {
            std::fs::write(&path, &whole[..length]).expect("cut");
            let dir = fixture.reopened();
            prop_assert!(is_damage(&runtime.block_on(outcome(&dir, &blob, &body))));
            prop_assert!(is_damage(&dir.read_footer(blob.id)));
            let found = matches!(dir.verify(blob.id), Ok(BlobCheck::Damaged { .. }));
            prop_assert!(found);
            Ok(())
        })
        .expect("every length");
}

#[tokio::test]
async fn a_file_cut_while_it_is_open_is_damage() {
    let fixture = Fixture::new();
    let body = body(300_000);
    let blob = fixture.store(&body).await;
    outcome(&fixture.dir, &blob, &body).await.expect("whole");
    OpenOptions::new().write(true).open(fixture.dir.path(blob.id)).expect("file").set_len(100_000).expect("cut");
    assert!(is_damage(&outcome(&fixture.dir, &blob, &body).await));
}

#[tokio::test]
async fn a_zeroed_page_is_damage() {
    let fixture = Fixture::new();
    let body = body(300_000);
    let blob = fixture.store(&body).await;
    let file = OpenOptions::new().write(true).open(fixture.dir.path(blob.id)).expect("the file");
    file.write_all_at(&[0; 4096], 16 * 4096).expect("zeroed");
    assert!(is_damage(&outcome(&fixture.dir, &blob, &body).await));
}

#[tokio::test]
async fn swapped_files_are_damage() {
    let fixture = Fixture::new();
    let (one, two) = (body(100_000), body(100_001));
    let (first, second) = (fixture.store(&one).await, fixture.store(&two).await);
    let (here, there) = (fixture.dir.path(first.id), fixture.dir.path(second.id));
    let aside = fixture.temp.path().join("aside");
    for (from, to) in [(&here, &aside), (&there, &here), (&aside, &there)] {
        std::fs::rename(from, to).expect("renamed");
    }
    assert!(is_damage(&outcome(&fixture.dir, &first, &one).await));
    assert!(is_damage(&outcome(&fixture.dir, &second, &two).await));
}

#[tokio::test]
async fn a_missing_file_is_damage_and_told_before_the_first_byte() {
    let fixture = Fixture::new();
    let blob = PersistedBlob { id: BlobId(fixture.clock.id()), length_bytes: 9, crc64: 0, file_bytes: 9, salt: None };
    assert!(is_damage(&content(&fixture.dir, &blob).prepare().await));
    assert!(is_damage(&outcome(&fixture.dir, &blob, b"123456789").await));
    assert_eq!(fixture.dir.verify(blob.id).expect("checked"), BlobCheck::Missing);
}

#[tokio::test]
async fn an_extent_beyond_its_blob_is_damage() {
    let fixture = Fixture::new();
    let body = body(1000);
    let mut blob = fixture.store(&body).await;
    blob.length_bytes = 1001;
    assert!(is_damage(&outcome(&fixture.dir, &blob, &body).await));
}
