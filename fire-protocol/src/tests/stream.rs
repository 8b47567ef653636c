//! Frames in a stream of bytes, whole and broken.

use super::*;

fn pieces(reader: &mut Reader) -> Vec<Piece> {
    std::iter::from_fn(|| reader.next_piece()).collect()
}

fn numbers(pieces: &[Piece]) -> Vec<u16> {
    let seq = |piece: &Piece| match piece {
        Piece::Frame { frame, .. } => Some(frame.seq),
        _ => None,
    };
    pieces.iter().filter_map(seq).collect()
}

#[test]
fn glued_and_split_frames_are_told_apart() {
    let all: Vec<u8> = upward().into_iter().flat_map(|(bytes, _, _)| bytes).collect();
    let wanted: Vec<u16> = upward().iter().map(|(_, seq, _)| *seq).collect();
    for step in [1, 2, 7, 29, 30, 31, 1_000, all.len()] {
        let (mut reader, mut found) = (Reader::default(), Vec::new());
        for part in all.chunks(step) {
            reader.push(part);
            found.extend(pieces(&mut reader));
        }
        assert_eq!(numbers(&found), wanted, "in parts of {step}");
        assert!(found.iter().all(|piece| matches!(piece, Piece::Frame { .. })), "in parts of {step}");
        assert_eq!(reader.pending(), 0);
    }
}

#[test]
fn what_is_between_frames_is_skipped_and_costs_none_of_them() {
    let (one, other) = (golden!("smoke_fire"), golden!("heartbeat"));
    let mut too_long = other.clone();
    too_long[24..26].copy_from_slice(&2_000_u16.to_le_bytes());
    let mut past_the_end = other.clone();
    past_the_end[24] = 40;
    for noise in [b"noise".to_vec(), b"@".to_vec(), b"@@".to_vec(), b"##".to_vec(), too_long, past_the_end] {
        let mut reader = Reader::default();
        reader.push(&[noise.as_slice(), &one, &noise, &other, &[0; 64]].concat());
        assert_eq!(numbers(&pieces(&mut reader)), [3, 1], "{noise:?}");
    }
    let mut reader = Reader::default();
    reader.push(&[golden!("wrong_checksum"), one.clone()].concat());
    let found = pieces(&mut reader);
    assert!(matches!(&found[0], Piece::Corrupt { raw, .. } if *raw == golden!("wrong_checksum")));
    assert_eq!(numbers(&found), [3]);
}

#[test]
fn a_frame_behind_one_that_never_ends_is_found_when_nothing_more_comes() {
    let mut endless = golden!("heartbeat");
    endless[24..26].copy_from_slice(&1_000_u16.to_le_bytes());
    let mut reader = Reader::default();
    reader.push(&[endless, golden!("smoke_fire")].concat());
    assert_eq!(pieces(&mut reader), []);
    assert!(reader.pending() > 0);
    reader.give_up();
    assert_eq!(numbers(&pieces(&mut reader)), [3]);
    reader.give_up();
    assert_eq!((pieces(&mut reader), reader.pending()), (vec![], 0));
}

#[test]
fn a_frame_inside_the_data_of_a_corrupt_one_is_not_taken_for_one() {
    let frame = Frame::decode(&golden!("heartbeat")).unwrap();
    let mut bytes = Frame { data: golden!("smoke_fire"), ..frame }.encode();
    let checksum = bytes.len() - 3;
    bytes[checksum] ^= 0x10;
    let mut reader = Reader::default();
    reader.push(&bytes);
    assert_eq!(numbers(&pieces(&mut reader)), Vec::<u16>::new());
}

fn has_fire(content: &Content) -> bool {
    match content {
        Content::SystemStates(all) => all.iter().any(|one| one.of.state & 2 != 0),
        Content::ComponentStates(all) => all.iter().any(|one| one.of.state & 2 != 0),
        Content::DeviceStates(all) => all.iter().any(|one| one.of & 2 != 0),
        _ => false,
    }
}

/// Whether bytes tell of a fire.
fn tells_of_fire(bytes: &[u8]) -> bool {
    let mut reader = Reader::default();
    reader.push(bytes);
    pieces(&mut reader).iter().any(|piece| match piece {
        Piece::Frame { frame, .. } => Content::decode(&frame.data).is_ok_and(|content| has_fire(&content)),
        _ => false,
    })
}

#[test]
fn no_single_bit_makes_a_fire_and_of_two_only_what_the_sum_cannot_see() {
    let (mut unseen, mut tried) = (0_u64, 0_u64);
    let frame = Frame::decode(&golden!("two_components")).unwrap();
    let one = Content::ComponentStates(vec![state(detector(), 1, "三楼东走廊")]).encode();
    for quiet in [Frame { data: one, ..frame }.encode(), golden!("analog"), golden!("device_state")] {
        assert!(!tells_of_fire(&quiet));
        let bits = quiet.len() * 8;
        let flipped = |bytes: &[u8], bit: usize| {
            let mut bytes = bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        for one in 0..bits {
            let once = flipped(&quiet, one);
            assert!(!tells_of_fire(&once), "bit {one}");
            for other in one + 1..bits {
                let twice = flipped(&once, other);
                tried += 1;
                if !tells_of_fire(&twice) {
                    continue;
                }
                unseen += 1;
                // The limit of the protocol: the same bit of two bytes, once set and once cleared, keeps every length and
                // the sum, and nothing else gets through.
                let frame = Frame::decode(&twice).unwrap();
                assert_eq!(twice.len(), quiet.len());
                assert!(Content::decode(&frame.data).is_ok());
                assert_eq!(one % 8, other % 8, "bits {one} and {other}");
            }
        }
    }
    assert!(unseen > 0 && unseen * 500 < tried, "{unseen} of {tried}");
}
