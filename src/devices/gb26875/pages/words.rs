//! Frames and states in words.

use crate::devices::gb26875::model::{
    Bits, Content, DEVICE_BITS, Fault, Frame, PART_BITS, Part, PartLevel, Profile, SYSTEM_BITS, SYSTEM_TYPES,
    Stamp, System, component_name, stored_bits, text_of,
};
use crate::devices::gb26875::store::PartRow;
use crate::web::Words;

/// One object of a frame: which, what it says, and when.
pub(super) struct Said {
    pub what: String,
    pub says: String,
    pub at: String,
}

/// The state's bits, or that all is well; a trial says so first.
pub(super) fn state(words: &Words, bits: Bits) -> String {
    let mut said: Vec<String> = bits.set().map(|name| words.name_of("fire_bit", name)).collect();
    if said.is_empty() {
        said.push(words.t("panel.normal"));
    }
    if bits.is_test() {
        said.insert(0, words.t("panel.test"));
    }
    said.join(" · ")
}

/// Where exactly and what an alert is about, with the names in braces put into words.
pub fn detail_text(words: &Words, detail: &str) -> String {
    let said = |word: &str| {
        let name = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some("device") => words.name_of("part_level", PartLevel::Device.name()),
            Some(name) if is_named(name) => words.name_of("fire_bit", name),
            _ => word.to_owned(),
        }
    };
    detail.split(' ').map(said).collect::<Vec<_>>().join(" ")
}

/// What exactly was wrong with a refused frame.
pub(super) fn fault_text(words: &Words, fault: &str) -> String {
    let Some(known) = Fault::parse(fault) else { return fault.to_owned() };
    let pairs = known.pairs();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, number)| (*key, number.as_str())).collect();
    words.lang.fill(&format!("fire_fault.{}", known.name), &pairs)
}

fn is_named(name: &str) -> bool {
    let mut known = [SYSTEM_BITS, PART_BITS, DEVICE_BITS].into_iter().flatten();
    name == "manual_alarm" || known.any(|(_, bit)| *bit == name)
}

pub(super) fn tone(bits: Bits) -> &'static str {
    match (bits.is_test(), bits.is_fire(), bits.is_fault()) {
        (true, _, _) => "note",
        (false, true, _) => "urgent",
        (false, false, true) => "warn",
        (false, false, false) => "ok",
    }
}

pub(super) fn system_name(words: &Words, system_type: u8) -> String {
    if SYSTEM_TYPES.contains(&system_type) {
        return words.name_of("fire_system", &format!("s{system_type}"));
    }
    words.lang.fill("panel.unknown_system", &[("code", &system_type.to_string())])
}

pub(super) fn component_type_name(words: &Words, component_type: u8) -> String {
    match component_name(component_type) {
        Some(name) => words.name_of("fire_component", name),
        None => words.lang.fill("panel.unknown_component", &[("code", &component_type.to_string())]),
    }
}

/// A stored part with its system and number.
pub(super) fn part_name(words: &Words, part: &PartRow) -> String {
    let system = || format!("{} {}", system_name(words, part.system_type as u8), part.system_address);
    match part.level {
        PartLevel::Device => words.name_of("part_level", part.level.name()),
        PartLevel::System => system(),
        PartLevel::Component => {
            format!("{} · {}", system(), component_type_name(words, part.component_type as u8))
        }
    }
}

pub(super) fn part_bits(part: &PartRow) -> Option<Bits> {
    let bits = stored_bits(part.level, part.state?);
    // What counted as a trial when it came was stored beside the bits.
    let normal = if part.is_test { bits.state & !1 } else { bits.state | 1 };
    Some(Bits { state: normal, ..bits })
}

/// What a frame is, in a few words.
pub(super) fn kind(words: &Words, frame: &Frame, content: Option<&Content>) -> String {
    match content {
        Some(Content::Heartbeat) => words.t("panel.heartbeat"),
        Some(Content::Other { kind, .. }) => {
            words.lang.fill("panel.unknown_kind", &[("code", &kind.to_string())])
        }
        Some(content) => words.name_of("fire_kind", &format!("k{}", content.kind().unwrap_or_default())),
        None => words.lang.fill("panel.command", &[("code", &frame.command.code().to_string())]),
    }
}

/// Every object of a frame in words.
pub(super) fn said(words: &Words, profile: &Profile, content: &Content) -> Vec<Said> {
    let of = |what: String, says: String, at: Option<Stamp>| Said {
        what,
        says,
        at: at.map(time).unwrap_or_default(),
    };
    let device = || words.name_of("part_level", PartLevel::Device.name());
    let version = |version: [u8; 2]| format!("{}.{}", version[0], version[1]);
    match content {
        Content::Heartbeat => Vec::new(),
        Content::SystemStates(all) => all
            .iter()
            .map(|one| {
                let bits = profile.system_bits(one.of.state);
                of(system(words, one.of.system), state(words, bits), Some(one.at))
            })
            .collect(),
        Content::ComponentStates(all) => all
            .iter()
            .map(|one| {
                let bits = profile.part_bits(one.of.state);
                let name = component(words, profile, one.of.part, &text_of(&one.of.text));
                of(name, state(words, bits), Some(one.at))
            })
            .collect(),
        Content::Analogs(all) => all
            .iter()
            .map(|one| {
                let value = profile.shown(one.of.analog_type, one.of.value);
                let value = words
                    .lang
                    .fill("panel.analog", &[("value", &value), ("code", &one.of.analog_type.to_string())]);
                of(component(words, profile, one.of.part, ""), value, Some(one.at))
            })
            .collect(),
        Content::Operations(all) => all
            .iter()
            .map(|one| {
                let says = operation(words, (one.of.flags, one.of.operator));
                of(system(words, one.of.system), says, Some(one.at))
            })
            .collect(),
        Content::Versions(all) => {
            all.iter().map(|one| of(system(words, one.system), version(one.version), None)).collect()
        }
        Content::SystemConfigs(all) => {
            all.iter().map(|(one, text)| of(system(words, *one), text_of(text), None)).collect()
        }
        Content::Components(all) => all
            .iter()
            .map(|one| of(component(words, profile, one.part, ""), text_of(&one.text), None))
            .collect(),
        Content::SystemTimes(all) => {
            all.iter().map(|one| of(system(words, one.of), time(one.at), None)).collect()
        }
        Content::DeviceStates(all) => all
            .iter()
            .map(|one| of(device(), state(words, profile.device_bits(one.of)), Some(one.at)))
            .collect(),
        Content::DeviceOperations(all) => all
            .iter()
            .map(|one| of(device(), operation(words, (one.of.flags, one.of.operator)), Some(one.at)))
            .collect(),
        Content::DeviceVersions(all) => all.iter().map(|one| of(device(), version(*one), None)).collect(),
        Content::DeviceConfigs(all) => all.iter().map(|one| of(device(), text_of(one), None)).collect(),
        Content::DeviceTimes(all) => all.iter().map(|one| of(device(), time(*one), None)).collect(),
        Content::Other { bytes, .. } => vec![of(words.t("panel.not_read"), hex::encode(bytes), None)],
    }
}

fn system(words: &Words, system: System) -> String {
    format!("{} {}", system_name(words, system.system_type), system.address)
}

fn component(words: &Words, profile: &Profile, part: Part, label: &str) -> String {
    let (zone, place) = profile.place(&part);
    let name = component_type_name(words, part.component_type);
    format!("{} · {name} {zone}-{place} {label}", system(words, part.system)).trim().to_owned()
}

fn operation(words: &Words, (flags, operator): (u8, u8)) -> String {
    let (flags, operator) = (format!("{flags:08b}"), operator.to_string());
    words.lang.fill("panel.operation", &[("flags", &flags), ("operator", &operator)])
}

/// The panel's own time as it says it, on its own clock.
fn time(stamp: Stamp) -> String {
    stamp.local().map(|local| local.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}
