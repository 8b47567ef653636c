//! What holds for all bytes and all frames.

use proptest::prelude::*;

use super::*;

fn any_stamp() -> impl Strategy<Value = Stamp> {
    any::<[u8; 6]>().prop_map(Stamp)
}

fn any_part() -> impl Strategy<Value = Part> {
    any::<(u8, u8, u8, [u8; 4])>().prop_map(|(system_type, address, component_type, part)| Part {
        system: System { system_type, address },
        component_type,
        address: part,
    })
}

fn any_content() -> impl Strategy<Value = Content> {
    let text = proptest::array::uniform31(any::<u8>());
    prop_oneof![
        Just(Content::Heartbeat),
        proptest::collection::vec((any::<[u8; 2]>(), any::<u16>(), any_stamp()), 1..103).prop_map(|all| {
            let one = |([system_type, address], state, at): ([u8; 2], u16, Stamp)| Timed {
                of: SystemState { system: System { system_type, address }, state },
                at,
            };
            Content::SystemStates(all.into_iter().map(one).collect())
        }),
        proptest::collection::vec((any_part(), any::<u16>(), text, any_stamp()), 1..23).prop_map(|all| {
            let one = |(part, state, text, at)| Timed { of: ComponentState { part, state, text }, at };
            Content::ComponentStates(all.into_iter().map(one).collect())
        }),
        proptest::collection::vec((any_part(), any::<u8>(), any::<i16>(), any_stamp()), 1..64).prop_map(
            |all| {
                let one =
                    |(part, analog_type, value, at)| Timed { of: Analog { part, analog_type, value }, at };
                Content::Analogs(all.into_iter().map(one).collect())
            }
        ),
        proptest::collection::vec((any::<(u8, u8)>(), any_stamp()), 1..100).prop_map(|all| {
            let one = |((flags, operator), at)| Timed { of: DeviceOperation { flags, operator }, at };
            Content::DeviceOperations(all.into_iter().map(one).collect())
        }),
        (128_u8.., proptest::collection::vec(any::<u8>(), 1..1_000))
            .prop_map(|(kind, bytes)| Content::Other { kind, bytes }),
    ]
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let head = (any::<u16>(), any::<[u8; 2]>(), any_stamp(), any::<[u8; 6]>(), any::<[u8; 6]>(), any::<u8>());
    (head, any_content()).prop_map(|((seq, version, time, source, destination, command), content)| Frame {
        seq,
        version,
        time,
        source: Address(source),
        destination: Address(destination),
        command: Command::from_code(command),
        data: content.encode(),
    })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(frame in any_frame()) {
        let bytes = frame.encode();
        prop_assert_eq!(Frame::decode(&bytes), Ok(frame.clone()));
        let content = Content::decode(&frame.data).unwrap();
        prop_assert_eq!(content.encode(), frame.data.clone());
        let mut reader = Reader::default();
        reader.push(&bytes);
        prop_assert_eq!(reader.next_piece(), Some(Piece::Frame { frame, raw: bytes }));
    }

    #[test]
    fn contents_are_decoded_as_they_were(content in any_content()) {
        prop_assert_eq!(Content::decode(&content.encode()), Ok(content));
    }

    #[test]
    fn arbitrary_bytes_never_panic(parts in proptest::collection::vec(proptest::collection::vec(
        prop_oneof![Just(0x40_u8), Just(0x23), any::<u8>()], 0..200), 0..12)) {
        let mut reader = Reader::default();
        for part in &parts {
            let _ = (Frame::decode(part), Content::decode(part), Request::decode(part), text_of(part));
            reader.push(part);
            while let Some(piece) = reader.next_piece() {
                let is_nothing = matches!(piece, Piece::Skipped { count: 0 });
                prop_assert!(!is_nothing);
            }
            prop_assert!(reader.pending() < FRAME_BYTES_MAX);
        }
        while reader.pending() > 0 {
            reader.give_up();
            while reader.next_piece().is_some() {}
        }
    }

    #[test]
    fn requests_are_read_as_they_were_sent(
        kind in 0_usize..16, systems in proptest::collection::vec(any::<[u8; 2]>(), 1..20),
        at in any_stamp(), count in any::<u8>(), address in any::<[u8; 4]>(),
    ) {
        let systems: Vec<System> =
            systems.iter().map(|[system_type, address]| System { system_type: *system_type, address: *address })
                .collect();
        let parts: Vec<(System, [u8; 4])> = systems.iter().map(|system| (*system, address)).collect();
        let request = match kind {
            0 => Request::ReadSystemStates(systems),
            1 => Request::ReadComponentStates(parts),
            2 => Request::ReadAnalogs(parts),
            3 => Request::ReadOperations { system: systems[0], count, since: at },
            4 => Request::ReadVersions(systems),
            5 => Request::ReadSystemConfigs(systems),
            6 => Request::ReadComponents(parts),
            7 => Request::ReadSystemTimes(systems),
            8 => Request::ReadDeviceState,
            9 => Request::ReadDeviceOperations { count, since: at },
            10 => Request::ReadDeviceVersion,
            11 => Request::ReadDeviceConfig,
            12 => Request::ReadDeviceTime,
            13 => Request::Initialise,
            14 => Request::SetClock(at),
            _ => Request::GuardCheck { minutes: count },
        };
        prop_assert_eq!(Request::decode(&request.encode()), Some(request));
    }

    #[test]
    fn a_time_that_is_one_is_kept(seconds in 946_684_800_i64..4_102_444_800) {
        let local = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        prop_assert_eq!(Stamp::new(local).local(), Some(local));
    }
}
