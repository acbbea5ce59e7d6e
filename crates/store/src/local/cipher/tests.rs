use super::*;

/// Lengths around every edge of a block, in the clear and stored.
const LENGTHS: [u64; 11] = [0, 1, 15, 16, 17, 65_519, 65_520, 65_521, 65_536, 131_040, 131_041];

fn cipher(key: u8, salt: u8) -> Cipher {
    Cipher::new(&DataKey::new([key; 32]), &[salt; 16])
}

fn body(length: u64) -> Vec<u8> {
    (0..length).map(|at| ((at * 31) >> 3) as u8).collect()
}

fn is_damaged(opened: &Result<Bytes>) -> bool {
    matches!(opened, Err(Error::Damaged { .. }))
}

#[test]
fn lengths_are_told_from_each_other() {
    for plain in LENGTHS {
        let stored = stored_length(plain);
        assert_eq!(stored, plain + 16 * plain.div_ceil(65_520));
        assert_eq!(plain_length(stored).unwrap(), plain);
        assert_eq!(whole_blocks(stored), plain / 65_520 * 65_520, "{plain}");
    }
    for none in [1, 16, 65_537, 65_552] {
        assert!(plain_length(none).is_err(), "{none}");
    }
    assert_eq!(plain_length(65_553).unwrap(), 65_521);
}

#[test]
fn what_is_encrypted_comes_back_however_it_was_cut() {
    for length in LENGTHS {
        let body = body(length);
        let stored = cipher(1, 1).encrypt_body(&body);
        assert_eq!(stored.len() as u64, stored_length(length));
        assert_eq!(cipher(1, 1).decrypt_body(&stored).unwrap(), body, "{length}");
        for piece_bytes in [1000, 65_519, 65_536, 200_000] {
            let mut encrypting = Encrypting::new(Arc::new(cipher(1, 1)));
            let mut in_pieces = Vec::new();
            for piece in body.chunks(piece_bytes) {
                let mut piece = Bytes::copy_from_slice(piece);
                while !piece.is_empty() {
                    in_pieces.extend(encrypting.take(&mut piece).into_iter().flatten());
                }
            }
            in_pieces.extend(encrypting.finish().into_iter().flatten());
            assert_eq!(in_pieces, stored, "{length} in pieces of {piece_bytes}");
            let mut decrypting = Decrypting::new(Arc::new(cipher(1, 1)));
            let mut shown = Vec::new();
            for piece in stored.chunks(piece_bytes) {
                decrypting.update(piece, |plain| shown.extend_from_slice(plain)).unwrap();
            }
            decrypting.finish(|plain| shown.extend_from_slice(plain)).unwrap();
            assert_eq!(shown, body, "{length} in pieces of {piece_bytes}");
        }
    }
}

#[test]
fn nothing_of_the_body_is_stored_and_nothing_is_stored_twice_alike() {
    let body = vec![b'm'; 200_000];
    let stored = cipher(1, 1).encrypt_body(&body);
    assert!(!stored.windows(8).any(|window| window == b"mmmmmmmm"));
    assert_ne!(stored[..65_536], stored[65_536..131_072], "two blocks of the same bytes");
    assert_ne!(stored, cipher(1, 2).encrypt_body(&body), "two pieces under one data key");
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let stored = cipher(1, 1).encrypt_body(&body(65_530));
    for at in [0, 1, 65_519, 65_520, 65_535, 65_536, 65_545, 65_546, stored.len() - 1] {
        let mut changed = stored.to_vec();
        changed[at] ^= 1;
        assert!(is_damaged(&cipher(1, 1).decrypt_body(&changed)), "byte {at}");
    }
}

#[test]
fn blocks_open_in_their_place_only() {
    let stored = cipher(1, 1).encrypt_body(&body(131_040));
    let (first, second) = stored.split_at(65_536);
    assert!(is_damaged(&cipher(1, 1).decrypt_body(&[second, first].concat())), "exchanged");
    assert!(is_damaged(&cipher(1, 1).decrypt_body(second)), "the first is missing");
    assert!(is_damaged(&cipher(1, 1).decrypt_body(&stored[..131_071])), "cut within a block");
    assert!(is_damaged(&cipher(1, 2).decrypt_body(&stored)), "another piece's salt");
    assert!(is_damaged(&cipher(2, 1).decrypt_body(&stored)), "another object's key");
}
