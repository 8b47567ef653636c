use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use songhe_firmware_protocol::Channel;

use crate::bits::{Bits, DEVICE_BITS, PART_BITS, SYSTEM_BITS};
use crate::content::{Analog, Part};
use crate::frame::Address;

/// The profiles of the binary.
const OWN: &str = include_str!("../profiles.toml");
/// No channel of ours.
const NONE: &str = "none";

/// How a vendor orders bytes, and which way round our own reading of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    AsPrinted,
    Reversed,
    ZoneFirst,
    PlaceFirst,
}

/// A profile as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    based_on: Option<String>,
    name_zh: Option<String>,
    name_en: Option<String>,
    source_order: Option<Order>,
    component_order: Option<Order>,
    test_bit: Option<TestBit>,
    deny_says_why: Option<bool>,
    guard_answer_bit: Option<u8>,
    manual_alarm_bit: Option<u8>,
    alarm_cleared_bit: Option<u8>,
    reset_bit: Option<u8>,
    #[serde(default)]
    components: BTreeMap<String, String>,
    #[serde(default)]
    analogs: BTreeMap<String, WrittenAnalog>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnalog {
    unit: String,
    factor: f64,
    channel: Option<String>,
    channel_factor: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TestBit {
    Standard,
    Ignored,
}

/// How an analog type is read.
#[derive(Clone, Debug, PartialEq)]
struct Unit {
    symbol: String,
    factor: f64,
    feeds: Option<Feed>,
}

/// The channel that a value goes to, and by what it is multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feed {
    pub channel: Channel,
    pub factor: f64,
}

impl Feed {
    /// A value as the channel has it: as fine as the channel tells it, without what a factor leaves behind.
    pub fn value(&self, sent: i16) -> f64 {
        self.channel.value(self.channel.scaled(f64::from(sent) * self.factor))
    }
}

/// One dialect, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub name: String,
    pub name_zh: String,
    pub name_en: String,
    source_order: Order,
    component_order: Order,
    test_bit_counts: bool,
    pub deny_says_why: bool,
    guard_answer_bit: u8,
    manual_alarm_bit: u8,
    alarm_cleared_bit: Option<u8>,
    reset_bit: Option<u8>,
    components: BTreeMap<u8, Channel>,
    analogs: BTreeMap<u8, Unit>,
}

/// Every dialect that is known, by its name.
#[derive(Clone, Debug)]
pub struct Profiles(BTreeMap<String, Arc<Profile>>);

impl Profiles {
    /// The binary's own, and those of a text beside them, which may change a name that is there. What is wrong is told with its
    /// profile and key.
    pub fn read(more: Option<&str>) -> Result<Profiles, String> {
        let mut written: BTreeMap<String, Written> = parse(OWN)?;
        for (name, profile) in more.map(parse).transpose()?.unwrap_or_default() {
            written.insert(name, profile);
        }
        let whole = |name: &String| Ok((name.clone(), Arc::new(build(&written, name)?)));
        written.keys().map(whole).collect::<Result<_, String>>().map(Profiles)
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Profile>> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names as a sentence lists them.
    pub fn listed(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

fn parse(text: &str) -> Result<BTreeMap<String, Written>, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

/// The profile over what it is based on.
fn build(written: &BTreeMap<String, Written>, name: &str) -> Result<Profile, String> {
    let mut chain = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        if chain.len() > written.len() {
            return Err(format!("{name}.based_on: goes round in a circle"));
        }
        let found = written.get(&name).ok_or_else(|| format!("profile {name:?} is not there"))?;
        chain.push((name, found));
        next.clone_from(&found.based_on);
    }
    let of = |missing: &str| format!("{name}.{missing}: is missing, and there is no based_on that says it");
    let first = |pick: fn(&Written) -> Option<Order>| chain.iter().find_map(|(_, one)| pick(one));
    let number = |pick: fn(&Written) -> Option<u8>| chain.iter().find_map(|(_, one)| pick(one));
    let text = |pick: fn(&Written) -> Option<&String>| chain.iter().find_map(|(_, one)| pick(one)).cloned();
    let mut profile = Profile {
        name: name.to_owned(),
        name_zh: text(|one| one.name_zh.as_ref()).ok_or_else(|| of("name_zh"))?,
        name_en: text(|one| one.name_en.as_ref()).ok_or_else(|| of("name_en"))?,
        source_order: first(|one| one.source_order).ok_or_else(|| of("source_order"))?,
        component_order: first(|one| one.component_order).ok_or_else(|| of("component_order"))?,
        test_bit_counts: chain.iter().find_map(|(_, one)| one.test_bit).ok_or_else(|| of("test_bit"))?
            == TestBit::Standard,
        deny_says_why: chain
            .iter()
            .find_map(|(_, one)| one.deny_says_why)
            .ok_or_else(|| of("deny_says_why"))?,
        guard_answer_bit: number(|one| one.guard_answer_bit).ok_or_else(|| of("guard_answer_bit"))?,
        manual_alarm_bit: number(|one| one.manual_alarm_bit).ok_or_else(|| of("manual_alarm_bit"))?,
        alarm_cleared_bit: number(|one| one.alarm_cleared_bit),
        reset_bit: number(|one| one.reset_bit),
        components: BTreeMap::new(),
        analogs: BTreeMap::new(),
    };
    for (from, one) in chain.iter().rev() {
        profile.add(from, one)?;
    }
    profile.check()?;
    Ok(profile)
}

fn code(place: &str, text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| format!("{place}.{text}: a type is a number from 0 to 255"))
}

fn channel(place: &str, name: &str) -> Result<Option<Channel>, String> {
    if name == NONE {
        return Ok(None);
    }
    let unknown = || format!("{place}: {name:?} is no channel and not \"{NONE}\"");
    Channel::from_name(name).map(Some).ok_or_else(unknown)
}

impl Profile {
    fn add(&mut self, from: &str, written: &Written) -> Result<(), String> {
        for (key, name) in &written.components {
            let place = format!("{from}.components");
            let component_type = code(&place, key)?;
            match channel(&format!("{place}.{key}"), name)? {
                Some(channel) => self.components.insert(component_type, channel),
                None => self.components.remove(&component_type),
            };
        }
        for (key, one) in &written.analogs {
            let place = format!("{from}.analogs");
            let analog_type = code(&place, key)?;
            let place = format!("{place}.{key}");
            let factor = one.channel_factor.unwrap_or(one.factor);
            if !(one.factor.is_finite() && factor.is_finite() && one.factor != 0.0 && factor != 0.0) {
                return Err(format!("{place}: a factor is a number other than 0"));
            }
            let named = one.channel.as_deref().map(|name| channel(&place, name)).transpose()?.flatten();
            let feeds = named.map(|channel| Feed { channel, factor });
            let unit = Unit { symbol: one.unit.clone(), factor: one.factor, feeds };
            self.analogs.insert(analog_type, unit);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if !matches!(self.source_order, Order::AsPrinted | Order::Reversed) {
            return Err(format!("{name}.source_order: must be \"as_printed\" or \"reversed\""));
        }
        if !matches!(self.component_order, Order::ZoneFirst | Order::PlaceFirst) {
            return Err(format!("{name}.component_order: must be \"zone_first\" or \"place_first\""));
        }
        for (key, bit) in [
            ("guard_answer_bit", Some(self.guard_answer_bit)),
            ("manual_alarm_bit", Some(self.manual_alarm_bit)),
            ("alarm_cleared_bit", self.alarm_cleared_bit),
            ("reset_bit", self.reset_bit),
        ] {
            if bit.is_some_and(|bit| bit > 7) {
                return Err(format!("{name}.{key}: a bit is a number from 0 to 7"));
            }
        }
        Ok(())
    }

    /// The address as an office writes it, from the bytes as they are sent, and the other way.
    pub fn printed(&self, address: Address) -> Address {
        if self.source_order == Order::Reversed { address.reversed() } else { address }
    }

    /// Zone and place of a component.
    pub fn place(&self, part: &Part) -> (u16, u16) {
        let [a, b, c, d] = part.address;
        let (one, other) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        if self.component_order == Order::PlaceFirst { (other, one) } else { (one, other) }
    }

    /// What a component measures or detects.
    pub fn channel(&self, component_type: u8) -> Option<Channel> {
        self.components.get(&component_type).copied()
    }

    /// Where a value goes; nowhere unless its component is of the same channel.
    pub fn feed(&self, analog: &Analog) -> Option<Feed> {
        let feeds = self.analogs.get(&analog.analog_type)?.feeds?;
        (self.channel(analog.part.component_type) == Some(feeds.channel)).then_some(feeds)
    }

    /// A value with its unit; of a type that the profile does not know, the bare number.
    pub fn shown(&self, analog_type: u8, value: i16) -> String {
        let Some(unit) = self.analogs.get(&analog_type) else { return format!("{value}") };
        let decimals = if unit.factor < 0.1 { 2 } else { usize::from(unit.factor < 1.0) };
        format!("{:.decimals$} {}", f64::from(value) * unit.factor, unit.symbol).trim().to_owned()
    }

    pub fn system_bits(&self, state: u16) -> Bits {
        self.bits(state, SYSTEM_BITS)
    }

    pub fn part_bits(&self, state: u16) -> Bits {
        self.bits(state, PART_BITS)
    }

    pub fn device_bits(&self, state: u8) -> Bits {
        self.bits(u16::from(state), DEVICE_BITS)
    }

    fn bits(&self, state: u16, names: &'static [(u32, &'static str)]) -> Bits {
        let state = if self.test_bit_counts { state } else { state | 1 };
        Bits { state, names }
    }

    pub fn is_guard_answer(&self, flags: u8) -> bool {
        flags & (1 << self.guard_answer_bit) != 0
    }

    pub fn is_manual_alarm(&self, flags: u8) -> bool {
        flags & (1 << self.manual_alarm_bit) != 0
    }

    pub fn is_alarm_cleared(&self, flags: u8) -> bool {
        self.alarm_cleared_bit.is_some_and(|bit| flags & (1 << bit) != 0)
    }

    pub fn is_reset(&self, flags: u8) -> bool {
        self.reset_bit.is_some_and(|bit| flags & (1 << bit) != 0)
    }
}
