use crate::frame::six;
use crate::stamp::Stamp;
use crate::text::TEXT_BYTES;

/// What an upward frame speaks of, by its type flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    pub const SYSTEM_STATE: Kind = Kind(1);
    pub const COMPONENT_STATE: Kind = Kind(2);
    pub const ANALOG: Kind = Kind(3);
    pub const OPERATION: Kind = Kind(4);
    pub const VERSION: Kind = Kind(5);
    pub const SYSTEM_CONFIG: Kind = Kind(6);
    pub const COMPONENT_CONFIG: Kind = Kind(7);
    pub const SYSTEM_TIME: Kind = Kind(8);
    pub const DEVICE_STATE: Kind = Kind(21);
    pub const DEVICE_OPERATION: Kind = Kind(24);
    pub const DEVICE_VERSION: Kind = Kind(25);
    pub const DEVICE_CONFIG: Kind = Kind(26);
    pub const DEVICE_TIME: Kind = Kind(28);

    /// Bytes of one object with its time; none for a type whose objects vary, or that is not the standard's.
    pub fn size(self) -> Option<usize> {
        Some(match self {
            Kind::SYSTEM_STATE | Kind::OPERATION => 4 + 6,
            Kind::COMPONENT_STATE => 40 + 6,
            Kind::ANALOG => 10 + 6,
            Kind::VERSION => 4,
            Kind::COMPONENT_CONFIG => 38,
            Kind::SYSTEM_TIME | Kind::DEVICE_OPERATION => 2 + 6,
            Kind::DEVICE_STATE => 1 + 6,
            Kind::DEVICE_VERSION => 2,
            Kind::DEVICE_TIME => 6,
            _ => return None,
        })
    }
}

/// Type and address of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct System {
    pub system_type: u8,
    pub address: u8,
}

/// A component of a system; its address as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    pub system: System,
    pub component_type: u8,
    pub address: [u8; 4],
}

/// Something with the time that the panel gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed<T> {
    pub of: T,
    pub at: Stamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemState {
    pub system: System,
    pub state: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentState {
    pub part: Part,
    pub state: u16,
    pub text: [u8; TEXT_BYTES],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analog {
    pub part: Part,
    pub analog_type: u8,
    pub value: i16,
}

/// What somebody did at the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub system: System,
    pub flags: u8,
    pub operator: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub system: System,
    pub version: [u8; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labelled {
    pub part: Part,
    pub text: [u8; TEXT_BYTES],
}

/// What somebody did at the transmission device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceOperation {
    pub flags: u8,
    pub operator: u8,
}

/// The data of an upward frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Heartbeat,
    SystemStates(Vec<Timed<SystemState>>),
    ComponentStates(Vec<Timed<ComponentState>>),
    Analogs(Vec<Timed<Analog>>),
    Operations(Vec<Timed<Operation>>),
    Versions(Vec<Version>),
    /// The system's own words of itself.
    SystemConfigs(Vec<(System, Vec<u8>)>),
    Components(Vec<Labelled>),
    SystemTimes(Vec<Timed<System>>),
    DeviceStates(Vec<Timed<u8>>),
    DeviceOperations(Vec<Timed<DeviceOperation>>),
    DeviceVersions(Vec<[u8; 2]>),
    DeviceConfigs(Vec<Vec<u8>>),
    DeviceTimes(Vec<Stamp>),
    /// A type that is reserved or a vendor's, or a description in another layout: kept, and not read.
    Other {
        kind: u8,
        bytes: Vec<u8>,
    },
}

/// Why data is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentFault {
    #[error("data has a type and a count of objects")]
    Short,
    #[error("no object of type {kind} in it")]
    Empty { kind: u8 },
    #[error("{count} objects of type {kind} are {expected} bytes, not {found}")]
    Size { kind: u8, count: u8, expected: usize, found: usize },
}

impl System {
    fn read(bytes: &[u8]) -> System {
        System { system_type: bytes[0], address: bytes[1] }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend([self.system_type, self.address]);
    }
}

impl Part {
    fn read(bytes: &[u8]) -> Part {
        Part {
            system: System::read(bytes),
            component_type: bytes[2],
            address: [bytes[3], bytes[4], bytes[5], bytes[6]],
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        self.system.write(out);
        out.push(self.component_type);
        out.extend(self.address);
    }
}

fn text(bytes: &[u8]) -> [u8; TEXT_BYTES] {
    let mut text = [0; TEXT_BYTES];
    text.copy_from_slice(&bytes[..TEXT_BYTES]);
    text
}

fn timed<T>(bytes: &[u8], of: T) -> Timed<T> {
    Timed { of, at: Stamp(six(&bytes[bytes.len() - 6..])) }
}

fn system_state(bytes: &[u8]) -> Timed<SystemState> {
    let state = u16::from_le_bytes([bytes[2], bytes[3]]);
    timed(bytes, SystemState { system: System::read(bytes), state })
}

fn component_state(bytes: &[u8]) -> Timed<ComponentState> {
    let state = u16::from_le_bytes([bytes[7], bytes[8]]);
    timed(bytes, ComponentState { part: Part::read(bytes), state, text: text(&bytes[9..]) })
}

fn analog(bytes: &[u8]) -> Timed<Analog> {
    let value = i16::from_le_bytes([bytes[8], bytes[9]]);
    timed(bytes, Analog { part: Part::read(bytes), analog_type: bytes[7], value })
}

fn operation(bytes: &[u8]) -> Timed<Operation> {
    timed(bytes, Operation { system: System::read(bytes), flags: bytes[2], operator: bytes[3] })
}

/// Objects that say their own length behind `head` bytes: exactly so many, and nothing over.
fn described(mut bytes: &[u8], count: u8, head: usize) -> Option<Vec<(&[u8], Vec<u8>)>> {
    let mut found = Vec::new();
    for _ in 0..count {
        let (start, rest) = bytes.split_at_checked(head)?;
        let (length, rest) = rest.split_first()?;
        let (text, rest) = rest.split_at_checked(usize::from(*length))?;
        found.push((start, text.to_vec()));
        bytes = rest;
    }
    bytes.is_empty().then_some(found)
}

impl Content {
    /// Reads the data of a frame of command 2 or 5.
    pub fn decode(data: &[u8]) -> Result<Content, ContentFault> {
        let (kind, count, bytes) = match data {
            [] => return Ok(Content::Heartbeat),
            [_] => return Err(ContentFault::Short),
            [kind, count, bytes @ ..] => (*kind, *count, bytes),
        };
        let Some(size) = Kind(kind).size() else {
            return Ok(Content::varying(kind, count, bytes).unwrap_or_else(|| Content::other(data)));
        };
        if count == 0 {
            return Err(ContentFault::Empty { kind });
        }
        let expected = usize::from(count) * size;
        if bytes.len() != expected {
            return Err(ContentFault::Size { kind, count, expected, found: bytes.len() });
        }
        let all = bytes.chunks_exact(size);
        Ok(match Kind(kind) {
            Kind::SYSTEM_STATE => Content::SystemStates(all.map(system_state).collect()),
            Kind::COMPONENT_STATE => Content::ComponentStates(all.map(component_state).collect()),
            Kind::ANALOG => Content::Analogs(all.map(analog).collect()),
            Kind::OPERATION => Content::Operations(all.map(operation).collect()),
            Kind::VERSION => Content::Versions(
                all.map(|one| Version { system: System::read(one), version: [one[2], one[3]] }).collect(),
            ),
            Kind::COMPONENT_CONFIG => Content::Components(
                all.map(|one| Labelled { part: Part::read(one), text: text(&one[7..]) }).collect(),
            ),
            Kind::SYSTEM_TIME => Content::SystemTimes(all.map(|one| timed(one, System::read(one))).collect()),
            Kind::DEVICE_STATE => Content::DeviceStates(all.map(|one| timed(one, one[0])).collect()),
            Kind::DEVICE_OPERATION => Content::DeviceOperations(
                all.map(|one| timed(one, DeviceOperation { flags: one[0], operator: one[1] })).collect(),
            ),
            Kind::DEVICE_VERSION => Content::DeviceVersions(all.map(|one| [one[0], one[1]]).collect()),
            Kind::DEVICE_TIME => Content::DeviceTimes(all.map(|one| Stamp(six(one))).collect()),
            _ => Content::other(data),
        })
    }

    fn varying(kind: u8, count: u8, bytes: &[u8]) -> Option<Content> {
        match Kind(kind) {
            Kind::SYSTEM_CONFIG => {
                let found = described(bytes, count, 2)?.into_iter();
                Some(Content::SystemConfigs(found.map(|(head, text)| (System::read(head), text)).collect()))
            }
            Kind::DEVICE_CONFIG => {
                let found = described(bytes, count, 0)?.into_iter();
                Some(Content::DeviceConfigs(found.map(|(_, text)| text).collect()))
            }
            _ => None,
        }
    }

    fn other(data: &[u8]) -> Content {
        Content::Other { kind: data[0], bytes: data[1..].to_vec() }
    }

    /// The type flag; none for a heartbeat.
    pub fn kind(&self) -> Option<u8> {
        let kind = match self {
            Content::Heartbeat => return None,
            Content::SystemStates(_) => Kind::SYSTEM_STATE,
            Content::ComponentStates(_) => Kind::COMPONENT_STATE,
            Content::Analogs(_) => Kind::ANALOG,
            Content::Operations(_) => Kind::OPERATION,
            Content::Versions(_) => Kind::VERSION,
            Content::SystemConfigs(_) => Kind::SYSTEM_CONFIG,
            Content::Components(_) => Kind::COMPONENT_CONFIG,
            Content::SystemTimes(_) => Kind::SYSTEM_TIME,
            Content::DeviceStates(_) => Kind::DEVICE_STATE,
            Content::DeviceOperations(_) => Kind::DEVICE_OPERATION,
            Content::DeviceVersions(_) => Kind::DEVICE_VERSION,
            Content::DeviceConfigs(_) => Kind::DEVICE_CONFIG,
            Content::DeviceTimes(_) => Kind::DEVICE_TIME,
            Content::Other { kind, .. } => Kind(*kind),
        };
        Some(kind.0)
    }

    /// The data of a frame.
    pub fn encode(&self) -> Vec<u8> {
        let Some(kind) = self.kind() else { return Vec::new() };
        if let Content::Other { bytes, .. } = self {
            return [&[kind], bytes.as_slice()].concat();
        }
        let (count, bytes) = self.objects();
        [&[kind, count as u8], bytes.as_slice()].concat()
    }

    fn objects(&self) -> (usize, Vec<u8>) {
        let mut out = Vec::new();
        let count = match self {
            Content::Heartbeat | Content::Other { .. } => 0,
            Content::SystemStates(all) => each(&mut out, all, |out, one| {
                one.of.system.write(out);
                out.extend(one.of.state.to_le_bytes());
                out.extend(one.at.0);
            }),
            Content::ComponentStates(all) => each(&mut out, all, |out, one| {
                one.of.part.write(out);
                out.extend(one.of.state.to_le_bytes());
                out.extend(one.of.text);
                out.extend(one.at.0);
            }),
            Content::Analogs(all) => each(&mut out, all, |out, one| {
                one.of.part.write(out);
                out.push(one.of.analog_type);
                out.extend(one.of.value.to_le_bytes());
                out.extend(one.at.0);
            }),
            Content::Operations(all) => each(&mut out, all, |out, one| {
                one.of.system.write(out);
                out.extend([one.of.flags, one.of.operator]);
                out.extend(one.at.0);
            }),
            Content::Versions(all) => each(&mut out, all, |out, one| {
                one.system.write(out);
                out.extend(one.version);
            }),
            Content::SystemConfigs(all) => each(&mut out, all, |out, (system, text)| {
                system.write(out);
                out.push(text.len() as u8);
                out.extend(text);
            }),
            Content::Components(all) => each(&mut out, all, |out, one| {
                one.part.write(out);
                out.extend(one.text);
            }),
            Content::SystemTimes(all) => each(&mut out, all, |out, one| {
                one.of.write(out);
                out.extend(one.at.0);
            }),
            Content::DeviceStates(all) => each(&mut out, all, |out, one| {
                out.push(one.of);
                out.extend(one.at.0);
            }),
            Content::DeviceOperations(all) => each(&mut out, all, |out, one| {
                out.extend([one.of.flags, one.of.operator]);
                out.extend(one.at.0);
            }),
            Content::DeviceVersions(all) => each(&mut out, all, |out, one| out.extend(one)),
            Content::DeviceConfigs(all) => each(&mut out, all, |out, text| {
                out.push(text.len() as u8);
                out.extend(text);
            }),
            Content::DeviceTimes(all) => each(&mut out, all, |out, one| out.extend(one.0)),
        };
        (count, out)
    }
}

fn each<T>(out: &mut Vec<u8>, all: &[T], write: impl Fn(&mut Vec<u8>, &T)) -> usize {
    for one in all {
        write(out, one);
    }
    all.len()
}
