//! Keys: their order, what ranges of them hold, and bytes that are none.

use super::*;

proptest! {
    #[test]
    fn object_keys_sort_as_generation_then_key(a in (generation(), object_key()), b in (generation(), object_key())) {
        let (left, right) = (ObjectRow::key(a.0, &a.1), ObjectRow::key(b.0, &b.1));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(ObjectRow::parse_key(&left), Ok(a.clone()));
        prop_assert_eq!(GoneRow::key(a.0, &a.1).cmp(&GoneRow::key(b.0, &b.1)), a.cmp(&b));
        prop_assert_eq!(GoneRow::parse_key(&GoneRow::key(a.0, &a.1)), Ok(a));
    }

    #[test]
    fn a_page_of_tombstones_holds_what_begins_so_and_comes_behind(
        tombstone in (1u64..3, "[ab]{1,3}"),
        prefix in "[ab]{0,2}",
        after in "[ab]{0,3}",
    ) {
        let (generation, key) = tombstone;
        let row = GoneRow::key(Generation(generation), &ObjectKey::parse(&key).expect("a valid key"));
        let held = generation == 1 && key.starts_with(&prefix) && key > after;
        prop_assert_eq!(GoneRow::range_from(Generation(1), &prefix, &after).contains(&row), held);
    }

    #[test]
    fn upload_keys_sort_as_generation_then_key_then_id(
        a in (generation(), object_key(), upload_id()),
        b in (generation(), object_key(), upload_id()),
    ) {
        let (left, right) = (UploadRow::key(a.0, &a.1, a.2), UploadRow::key(b.0, &b.1, b.2));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(UploadRow::parse_key(&left), Ok(a.clone()));
        let by_id = (UploadKeyRow::key(a.0, a.2), UploadKeyRow::key(b.0, b.2));
        prop_assert_eq!(by_id.0.cmp(&by_id.1), (a.0, a.2).cmp(&(b.0, b.2)));
        prop_assert_eq!(UploadKeyRow::parse_key(&by_id.0), Ok((a.0, a.2)));
    }

    #[test]
    fn version_keys_sort_as_generation_then_key_then_from_the_newest(
        a in (generation(), object_key(), version_id()),
        b in (generation(), object_key(), version_id()),
        place in any::<[u8; 16]>().prop_map(VersionNumber),
    ) {
        let (left, right) = (VersionRow::key(a.0, &a.1, a.2), VersionRow::key(b.0, &b.1, b.2));
        let newest_first = |version: VersionId| match version {
            VersionId::Null => None,
            VersionId::Made(number) => Some(std::cmp::Reverse(number)),
        };
        let order = (a.0, &a.1, newest_first(a.2)).cmp(&(b.0, &b.1, newest_first(b.2)));
        prop_assert_eq!(left.cmp(&right), order);
        prop_assert_eq!(VersionRow::parse_key(&left), Ok(a.clone()));
        let of_same = (a.0, &a.1) == (b.0, &b.1);
        prop_assert_eq!(VersionRow::range_of_key(b.0, &b.1).contains(&left), of_same);
        prop_assert_eq!(VersionRow::range_of_made(b.0, &b.1).contains(&left), of_same && a.2 != VersionId::Null);
        prop_assert_eq!(left >= VersionRow::seek_after_key(a.0, b.1.as_str()), a.1 > b.1);
        prop_assert_eq!(left >= VersionRow::seek_key(a.0, b.1.as_str()), a.1 >= b.1);
        let is_older = matches!(a.2, VersionId::Made(number) if number < place);
        let older = VersionRow::range_of_made(a.0, &a.1).starting_at(VersionRow::seek_older(a.0, &a.1, place));
        prop_assert_eq!(older.contains(&left), is_older);
    }

    #[test]
    fn part_keys_sort_as_generation_then_upload_then_number(
        a in (generation(), upload_id(), any::<u16>()),
        b in (generation(), upload_id(), any::<u16>()),
    ) {
        let (left, right) = (PartRow::key(a.0, a.1, a.2), PartRow::key(b.0, b.1, b.2));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(PartRow::parse_key(&left), Ok(a));
    }

    #[test]
    fn ranges_hold_exactly_what_they_say(
        generations in (generation(), generation()),
        key in object_key(),
        prefix in prop_oneof![Just(String::new()), object_key().prop_map(|key| key.as_str().to_owned())],
        after in object_key(),
        ids in (upload_id(), upload_id()),
        numbers in (any::<u16>(), any::<u16>()),
    ) {
        let (wanted, of_row) = generations;
        let begins = wanted == of_row && key.as_str().starts_with(&prefix);
        let upload = UploadRow::key(of_row, &key, ids.0);
        prop_assert_eq!(ObjectRow::range(wanted, &prefix).contains(&ObjectRow::key(of_row, &key)), begins);
        prop_assert_eq!(UploadRow::range(wanted, &prefix).contains(&upload), begins);
        prop_assert_eq!(UploadRow::range_of_key(of_row, &after).contains(&upload), key == after);
        prop_assert_eq!(upload >= UploadRow::seek_key(of_row, after.as_str()), key >= after);
        prop_assert_eq!(upload >= UploadRow::seek_after_key(of_row, after.as_str()), key > after);
        prop_assert_eq!(GoneRow::range(wanted).contains(&GoneRow::key(of_row, &key)), wanted == of_row);
        prop_assert_eq!(GoneCountRow::key(wanted).cmp(&GoneCountRow::key(of_row)), wanted.cmp(&of_row));
        prop_assert_eq!(GoneCountRow::parse_key(&GoneCountRow::key(wanted)), Ok(wanted));
        prop_assert!(GoneCountRow::range().contains(&GoneCountRow::key(wanted)));
        let part = PartRow::key(of_row, ids.1, numbers.1);
        let above = wanted == of_row && ids.0 == ids.1 && numbers.1 > numbers.0;
        prop_assert_eq!(PartRow::range(wanted, ids.0, numbers.0).contains(&part), above);
        prop_assert_eq!(PartRow::range(of_row, ids.1, numbers.0).contains(&part), numbers.1 > numbers.0);
    }

    #[test]
    fn arbitrary_bytes_never_panic(key in prop::collection::vec(any::<u8>(), 0..40), value in prop::collection::vec(any::<u8>(), 0..80)) {
        describe(&key);
        for kind in RowKind::ALL {
            let key = [&[kind.tag()], key.as_slice()].concat();
            describe(&key);
            let _ = verify(&key, &value);
            let _ = verify(&key, &[&[1], value.as_slice()].concat());
        }
    }

    #[test]
    fn segments_sort_by_number(a in any::<u64>(), b in any::<u64>()) {
        prop_assert_eq!(SegmentRow::key(a).cmp(&SegmentRow::key(b)), a.cmp(&b));
        prop_assert_eq!(SegmentRow::parse_key(&SegmentRow::key(a)), Ok(a));
        prop_assert!(SegmentRow::range().contains(&SegmentRow::key(a)));
    }
}
