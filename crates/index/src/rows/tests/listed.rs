//! What a listing reads of a row is what reading the whole of it tells.

use headwater_model::digest::ETag;

use super::*;

/// What is in one row and not in another, of everything that a listing tells or passes over.
fn mixed(filled: [bool; 11]) -> ObjectRow {
    let (full, plain) = (filled::completed().meta, object().meta);
    let [content, user, class, redirect, access, lock, tags, composition, checksum, md5, own] = filled;
    let of = |filled: bool| if filled { &full } else { &plain };
    let headers = ObjectHeaders {
        content: if content { every_content_header() } else { ContentHeaders::default() },
        user: if user { full.headers.user.clone() } else { Vec::new() },
        storage_class: of(class).headers.storage_class.clone(),
        website_redirect: of(redirect).headers.website_redirect.clone(),
        access: of(access).headers.access.clone(),
        lock: of(lock).headers.lock.clone(),
    };
    let meta = ObjectMeta {
        headers,
        tags: of(tags).tags.clone(),
        composition: of(composition).composition.clone(),
        checksum: checksum.then(super::checksum),
        md5: md5.then_some([7; 16]),
        etag: if own { ETag::of_md5([7; 16]) } else { ETag::of_parts([7; 16], 3) },
        ..ObjectMeta::clone(&plain)
    };
    ObjectRow { meta: Arc::new(meta), ..object() }
}

fn every_content_header() -> ContentHeaders {
    let text = |text: &str| Some(text.into());
    ContentHeaders {
        content_type: text("text/plain"),
        content_encoding: text("gzip"),
        content_disposition: text("inline"),
        content_language: text("en"),
        cache_control: text("no-store"),
        expires: text("0"),
        access_control_allow_origin: text("*"),
    }
}

proptest! {
    #[test]
    fn a_listing_tells_what_the_whole_row_does(key in object_key(), filled in any::<[bool; 11]>()) {
        let row_key = ObjectRow::key(Generation(4), &key);
        let row = mixed(filled);
        prop_assert_eq!(ObjectRow::listed(&row_key, key.as_str(), &row.encode()), Ok(listed(key, &row.meta)));
    }
}

#[test]
fn a_listing_reads_the_rows_of_earlier_releases() {
    let key = ObjectKey::parse("k").expect("a valid key");
    let row_key = ObjectRow::key(Generation(4), &key);
    let golden = [
        include_str!("../golden_v1.txt"),
        include_str!("../golden_v2.txt"),
        include_str!("../golden_v3.txt"),
        include_str!("../golden_v4.txt"),
        include_str!("../golden_v5.txt"),
    ];
    // The second of each is an object.
    for old in golden.map(|golden| unhex(golden.lines().nth(1).expect("an object"))) {
        let row = ObjectRow::decode(&row_key, &old).expect("a row");
        assert_eq!(ObjectRow::listed(&row_key, "k", &old), Ok(listed(key.clone(), &row.meta)));
    }
}

#[test]
fn a_row_that_ends_before_what_is_listed_is_damaged() {
    let row_key = ObjectRow::key(Generation(4), &ObjectKey::parse("k").expect("a valid key"));
    let value = object().encode();
    for length in 0..value.len() / 2 {
        assert!(matches!(ObjectRow::listed(&row_key, "k", &value[..length]), Err(RowError::Value { .. })), "{length}");
    }
    let newer = [&[ObjectRow::VERSION + 1], &value[1..]].concat();
    assert!(matches!(ObjectRow::listed(&row_key, "k", &newer), Err(RowError::Newer { .. })));
}
