//! What is left out of an object's row comes back, and is left out of plain objects.

use headwater_model::digest::ETag;

use super::*;

/// Pieces that differ from one that is the whole body in one thing each, and that one.
fn bodies(meta: &ObjectMeta) -> Vec<Vec<Extent>> {
    let whole = filled::whole().extents[0];
    vec![
        vec![whole],
        vec![Extent { blob: BlobRef::File { id: [9; 16] }, ..whole }],
        vec![Extent { length_bytes: meta.size_bytes + 1, ..whole }],
        vec![Extent { crc64: meta.crc64 + 1, ..whole }],
        vec![Extent { salt: Some([5; 16]), ..whole }],
        vec![whole, whole],
        Vec::new(),
    ]
}

fn tags(md5: [u8; 16]) -> Vec<ETag> {
    vec![ETag::of_md5(md5), ETag::of_md5([1; 16]), ETag::of_parts(md5, 2), ETag::from_text("v1"), ETag::from_text("")]
}

#[test]
fn every_tag_and_every_body_comes_back() {
    let plain = object().meta;
    for etag in tags([0xAB; 16]) {
        for md5 in [Some([0xAB; 16]), None] {
            let meta = Arc::new(ObjectMeta { etag: etag.clone(), md5, ..ObjectMeta::clone(&plain) });
            for extents in bodies(&meta) {
                round_trip(&ObjectRow { meta: Arc::clone(&meta), extents, ..object() });
            }
        }
    }
}

#[test]
fn a_plain_object_says_nothing_twice() {
    let meta = object().meta;
    let sizes: Vec<usize> = tags([0xAB; 16])
        .into_iter()
        .take(2)
        .flat_map(|etag| {
            let meta = Arc::new(ObjectMeta { etag, ..ObjectMeta::clone(&meta) });
            bodies(&meta).into_iter().take(4).map(move |extents| (Arc::clone(&meta), extents)).collect::<Vec<_>>()
        })
        .map(|(meta, extents)| ObjectRow { meta, extents, ..object() }.encode().len())
        .collect();
    let [plain, file, longer, ..] = sizes[..] else { panic!("four sizes of each tag") };
    assert_eq!(sizes[4] - plain, 33, "the hex of an MD5, and its length");
    assert_eq!(file - plain, 16 - 1, "a file's id for a segment's number");
    // Number of pieces, length, CRC, and that it is not sealed.
    assert_eq!(longer - plain, 1 + 6 + 9 + 1);
}

#[test]
fn a_tag_of_an_md5_that_is_not_there_is_damage() {
    let row_key = ObjectRow::key(Generation(4), &ObjectKey::parse("k").expect("a valid key"));
    let mut value = object().encode().to_vec();
    let md5 = value.windows(17).position(|bytes| bytes == [&[1][..], &[0xAB; 16]].concat()).expect("the MD5");
    value.splice(md5..md5 + 17, [0]);
    assert!(matches!(ObjectRow::decode(&row_key, &value), Err(RowError::Value { .. })));
    assert!(matches!(ObjectRow::listed(&row_key, "k", &value), Err(RowError::Value { .. })));
}
