//! What was written is what is read, whole and in ranges, from one blob and from many.

use headwater_model::digest::ChecksumAlgorithm;
use headwater_model::multipart::UploadId;

use super::*;
use crate::contract::NewPart;
use crate::local::blob::chunk::CHUNK_BYTES;
use crate::local::digest::BodyDigest;

#[tokio::test]
async fn bodies_of_every_edge_length_come_back() {
    let fixture = Fixture::new();
    for length in EDGE_LENGTHS {
        let body = body(length);
        let checksum = Some(ChecksumAlgorithm::Sha256);
        let content_length = Some(length as u64);
        let mut writer = fixture.begin(WriteOptions { content_length, checksum, ..UNBOUNDED }).await;
        write_pieces(&mut writer, &body).await;
        let digests = writer.finish().await.expect("finished");
        assert_eq!(digests, BodyDigest::of(&body, checksum), "{length}");
        let blob = writer.persist(note()).await.expect("persisted");
        assert_eq!((blob.length_bytes, blob.crc64), (length as u64, digests.crc64));
        let on_disk = std::fs::metadata(fixture.dir.path(blob.id)).expect("the file").len();
        assert_eq!(blob.file_bytes, on_disk);

        for dir in [&fixture.dir, &fixture.reopened()] {
            assert!(matches!(dir.verify(blob.id), Ok(BlobCheck::Intact(_))));
            if length > 0 {
                assert!(read_all(&content(dir, &blob), 0..length as u64).await == body, "{length}");
            }
        }
    }
}

#[tokio::test]
async fn ranges_are_exact_at_every_edge() {
    let fixture = Fixture::new();
    let body = body((3 << 20) + 7);
    let blob = fixture.store(&body).await;
    let content = content(&fixture.dir, &blob);
    let length = body.len();
    let edges = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000, length - 65_536, length - 1, length];
    for (index, &start) in edges.iter().enumerate() {
        for &end in &edges[index + 1..] {
            assert!(read_all(&content, start as u64..end as u64).await == body[start..end], "{start}..{end}");
        }
    }
}

#[tokio::test]
async fn chunks_stay_within_their_bound() {
    let fixture = Fixture::new();
    let body = body(1 << 20);
    let blob = fixture.store(&body).await;
    let Body::Stream(mut stream) = content(&fixture.dir, &blob).read(5..body.len() as u64) else { panic!("a stream") };
    while let Some(chunk) = stream.try_next().await.expect("a chunk") {
        assert!((1..=CHUNK_BYTES).contains(&chunk.len()), "{}", chunk.len());
    }
}

#[tokio::test]
async fn extents_read_as_one_body() {
    let fixture = Fixture::new();
    let (first, second) = (body(200_001), body(70_000));
    let (one, two) = (fixture.store(&first).await.id, fixture.store(&second).await.id);
    let extent = |blob, offset_bytes, length_bytes| Extent { blob, offset_bytes, length_bytes, salt: None };
    let extents =
        vec![extent(one, 0, 200_001), extent(two, 0, 0), extent(two, 4_999, 65_000), extent(one, 65_500, 100)];
    let expected = [&first, &second[4_999..69_999], &first[65_500..65_600]].concat();
    let content = ExtentContent::open(Arc::clone(&fixture.dir), extents).expect("plain extents");
    content.prepare().await.expect("there");
    assert_eq!(content.size_bytes(), expected.len() as u64);
    let edges = [0, 1, 200_000, 200_001, 200_002, 265_000, 265_001, 265_002, expected.len()];
    for (index, &start) in edges.iter().enumerate() {
        for &end in &edges[index + 1..] {
            assert!(read_all(&content, start as u64..end as u64).await == expected[start..end], "{start}..{end}");
        }
    }
}

#[tokio::test]
async fn footers_say_what_the_payload_is() {
    let fixture = Fixture::new();
    let key = "ключ/../\"quoted\"\u{0}";
    let mut writer = fixture.dir.create(draft(key), UNBOUNDED).await.expect("a writer");
    writer.write(Bytes::from_static(b"123456789")).await.expect("written");
    let digests = writer.finish().await.expect("finished");
    let part =
        NewPart { upload: UploadId([0xab; 16]), number: 3, last_modified: Timestamp(9), checksum: None, order: None };
    let note = FooterNote { role: Role::from(&part), born_after_sequence: u64::MAX };
    let blob = writer.persist(note).await.expect("persisted");

    let footer = fixture.dir.read_footer(blob.id).expect("a footer");
    assert_eq!((footer.blob, footer.bucket.as_str(), footer.key.as_str()), (blob.id, "a-bucket", key));
    assert_eq!((footer.generation, footer.born_after_sequence), (Generation(7), u64::MAX));
    assert_eq!((footer.length_bytes, footer.md5, footer.crc64), (9, digests.md5, digests.crc64));
    assert!(matches!(footer.role, Role::Part(part) if part.upload == UploadId([0xab; 16]) && part.number == 3));

    let file = std::fs::read(fixture.dir.path(blob.id)).expect("the file");
    let json = String::from_utf8_lossy(&file);
    for readable in ["\"md5\":\"25f9e794323b453885f5181f1b624d0b\"", "\"crc64\":\"11051210869376104954\"", "ключ"] {
        assert!(json.contains(readable), "{readable} in {json}");
    }
}
