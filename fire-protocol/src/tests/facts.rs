//! Times, texts, bits and dialects.

use songhe_firmware_protocol::Channel;

use super::*;

#[test]
fn a_stamp_is_a_time_or_none() {
    assert_eq!(stamp().0, [5, 30, 9, 23, 11, 26]);
    assert_eq!(stamp().local().unwrap().to_string(), "2026-11-23 09:30:05");
    for wrong in [[0; 6], [255; 6], [60, 0, 0, 1, 1, 26], [0, 0, 24, 1, 1, 26], [0, 0, 0, 29, 2, 27]] {
        assert_eq!(Stamp(wrong).local(), None, "{wrong:?}");
    }
}

#[test]
fn a_text_that_finds_no_room_ends_with_a_whole_character() {
    assert_eq!(text_of(&text_bytes("三楼东走廊")), "三楼东走廊");
    assert_eq!(text_of(&text_bytes("一二三四五六七八九十一二三四五六")), "一二三四五六七八九十一二三四五");
    assert_eq!(text_of(b"a\x01b\0c"), "ab");
}

#[test]
fn bits_have_names_and_the_first_says_test() {
    let profiles = Profiles::read(None).unwrap();
    let standard = profiles.get("standard").unwrap();
    let state = standard.system_bits(0x0103);
    assert_eq!(state.set().collect::<Vec<_>>(), ["fire", "mains_fault"]);
    assert!(state.is_fire() && state.is_fault() && !state.is_test());
    assert!(standard.part_bits(2).is_test() && !standard.part_bits(1).is_fault());
    assert!(standard.part_bits(0x105).is_fault() && standard.device_bits(0x11).is_fault());
    let lax = Profiles::read(Some("[lax]\nbased_on = \"standard\"\ntest_bit = \"ignored\"")).unwrap();
    assert!(!lax.get("lax").unwrap().part_bits(2).is_test());
}

#[test]
fn operations_have_bits_that_a_profile_may_move_or_leave_out() {
    let profiles =
        Profiles::read(Some("[moved]\nbased_on = \"standard\"\nreset_bit = 7\nalarm_cleared_bit = 6\n"))
            .unwrap();
    let (standard, moved) = (profiles.get("standard").unwrap(), profiles.get("moved").unwrap());
    assert!(standard.is_reset(1) && standard.is_manual_alarm(4) && standard.is_alarm_cleared(8));
    assert!(standard.is_guard_answer(32) && !standard.is_reset(0xfe) && !standard.is_alarm_cleared(0xf7));
    assert!(moved.is_reset(128) && !moved.is_reset(1) && moved.is_alarm_cleared(64));
    for key in ["reset_bit", "alarm_cleared_bit"] {
        let fault = Profiles::read(Some(&format!("[x]\nbased_on = \"standard\"\n{key} = 8"))).unwrap_err();
        assert!(fault.contains(&format!("x.{key}")) && fault.contains("0 to 7"), "{fault}");
    }
}

#[test]
fn profiles_say_what_types_and_addresses_mean() {
    let profiles = Profiles::read(None).unwrap();
    assert_eq!(profiles.listed(), "printed_address, standard, user_types");
    let (standard, user) = (profiles.get("standard").unwrap(), profiles.get("user_types").unwrap());
    let sent = Address([6, 5, 4, 3, 2, 1]);
    assert_eq!(standard.printed(sent).to_string(), "010203040506");
    assert_eq!(profiles.get("printed_address").unwrap().printed(sent).to_string(), "060504030201");
    assert_eq!(standard.place(&detector()), (1, 15));
    assert_eq!(standard.channel(42), Some(Channel::Smoke));
    assert_eq!((standard.channel(128), user.channel(128)), (None, Some(Channel::CarbonMonoxide)));
    assert_eq!(user.channel(42), Some(Channel::Smoke), "what it is based on");
    let value = |component_type: u8, analog_type: u8, value: i16| Analog {
        part: Part { component_type, ..detector() },
        analog_type,
        value,
    };
    let kilopascals = standard.feed(&value(99, 5, 3_000)).unwrap();
    assert_eq!(kilopascals.channel, Channel::WaterPressure);
    assert!((3_000.0 * kilopascals.factor - 0.3).abs() < 1e-9);
    assert_eq!(standard.feed(&value(18, 3, 600)), None, "the heat of a cable is not that of a room");
    assert_eq!(standard.shown(3, 215), "21.5 °C");
    assert_eq!(standard.shown(2, 180), "1.80 m");
    assert_eq!(standard.shown(200, -7), "-7");
}

#[test]
fn a_hole_in_a_profile_is_named() {
    for (text, fault) in [
        ("[a]\nbased_on = \"b\"", "profile \"b\" is not there"),
        ("[a]\nname_zh = \"甲\"\nname_en = \"A\"", "a.source_order: is missing"),
        ("[a]\nbased_on = \"standard\"\ncolour = 1", "unknown field `colour`"),
        ("[a]\nbased_on = \"standard\"\n[a.components]\n42 = \"fog\"", "a.components.42: \"fog\""),
        ("[a]\nbased_on = \"standard\"\n[a.components]\n300 = \"smoke\"", "a.components.300"),
        ("[a]\nbased_on = \"standard\"\nguard_answer_bit = 8", "a.guard_answer_bit"),
        ("[a]\nbased_on = \"standard\"\nsource_order = \"zone_first\"", "a.source_order"),
        ("[a]\nbased_on = \"standard\"\ncomponent_order = \"reversed\"", "a.component_order"),
        (
            "[a]\nbased_on = \"standard\"\n[a.analogs]\n3 = { unit = \"x\", factor = 0.0 }",
            "a.analogs.3: a factor",
        ),
        ("[a]\nbased_on = \"b\"\n[b]\nbased_on = \"a\"", "circle"),
    ] {
        let error = Profiles::read(Some(text)).unwrap_err();
        assert!(error.contains(fault), "{text}: {error}");
    }
}
