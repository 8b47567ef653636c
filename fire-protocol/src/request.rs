use crate::content::System;
use crate::frame::{Command, six};
use crate::stamp::Stamp;

/// What the centre asks of a panel. Only the clock and the guard check are sent by this program. The numbers of the types are
/// the standard's, and the layouts of their bodies agree with the public implementations of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    ReadSystemStates(Vec<System>),
    ReadComponentStates(Vec<(System, [u8; 4])>),
    ReadAnalogs(Vec<(System, [u8; 4])>),
    ReadOperations {
        system: System,
        count: u8,
        since: Stamp,
    },
    ReadVersions(Vec<System>),
    ReadSystemConfigs(Vec<System>),
    ReadComponents(Vec<(System, [u8; 4])>),
    ReadSystemTimes(Vec<System>),
    ReadDeviceState,
    ReadDeviceOperations {
        count: u8,
        since: Stamp,
    },
    ReadDeviceVersion,
    ReadDeviceConfig,
    ReadDeviceTime,
    Initialise,
    SetClock(Stamp),
    /// Somebody on duty has so many minutes to answer.
    GuardCheck {
        minutes: u8,
    },
}

/// Of the reads that ask for nothing in particular: one byte, kept free.
const FREE: [u8; 1] = [0];

impl Request {
    pub fn kind(&self) -> u8 {
        match self {
            Request::ReadSystemStates(_) => 61,
            Request::ReadComponentStates(_) => 62,
            Request::ReadAnalogs(_) => 63,
            Request::ReadOperations { .. } => 64,
            Request::ReadVersions(_) => 65,
            Request::ReadSystemConfigs(_) => 66,
            Request::ReadComponents(_) => 67,
            Request::ReadSystemTimes(_) => 68,
            Request::ReadDeviceState => 81,
            Request::ReadDeviceOperations { .. } => 84,
            Request::ReadDeviceVersion => 85,
            Request::ReadDeviceConfig => 86,
            Request::ReadDeviceTime => 88,
            Request::Initialise => 89,
            Request::SetClock(_) => 90,
            Request::GuardCheck { .. } => 91,
        }
    }

    pub fn command(&self) -> Command {
        if self.kind() >= 89 { Command::Control } else { Command::Request }
    }

    pub fn encode(&self) -> Vec<u8> {
        let (count, body) = self.objects();
        [&[self.kind(), count as u8], body.as_slice()].concat()
    }

    fn objects(&self) -> (usize, Vec<u8>) {
        let systems =
            |all: &[System]| (all.len(), all.iter().flat_map(|one| [one.system_type, one.address]).collect());
        let parts = |all: &[(System, [u8; 4])]| {
            let bytes = all.iter().flat_map(|(system, address)| {
                [&[system.system_type, system.address], address.as_slice()].concat()
            });
            (all.len(), bytes.collect())
        };
        match self {
            Request::ReadSystemStates(all)
            | Request::ReadVersions(all)
            | Request::ReadSystemConfigs(all)
            | Request::ReadSystemTimes(all) => systems(all),
            Request::ReadComponentStates(all) | Request::ReadAnalogs(all) | Request::ReadComponents(all) => {
                parts(all)
            }
            Request::ReadOperations { system, count, since } => {
                let head = [system.system_type, system.address, *count];
                (1, [head.as_slice(), &since.0].concat())
            }
            Request::ReadDeviceOperations { count, since } => (1, [&[*count], since.0.as_slice()].concat()),
            Request::ReadDeviceState
            | Request::ReadDeviceVersion
            | Request::ReadDeviceConfig
            | Request::ReadDeviceTime
            | Request::Initialise => (1, FREE.to_vec()),
            Request::SetClock(at) => (1, at.0.to_vec()),
            Request::GuardCheck { minutes } => (1, vec![*minutes]),
        }
    }

    /// Reads the data of a frame of command 1 or 4; none where its lengths do not agree.
    pub fn decode(data: &[u8]) -> Option<Request> {
        let [kind, count, bytes @ ..] = data else { return None };
        let size = match kind {
            61 | 65 | 66 | 68 => 2,
            62 | 63 | 67 | 90 => 6,
            64 => 9,
            84 => 7,
            81 | 85 | 86 | 88 | 89 | 91 => 1,
            _ => return None,
        };
        let single = !matches!(kind, 61..=63 | 65..=68);
        if *count == 0 || (single && *count != 1) || bytes.len() != usize::from(*count) * size {
            return None;
        }
        let systems =
            || bytes.chunks_exact(2).map(|one| System { system_type: one[0], address: one[1] }).collect();
        let parts = || {
            let part = |one: &[u8]| {
                (System { system_type: one[0], address: one[1] }, [one[2], one[3], one[4], one[5]])
            };
            bytes.chunks_exact(6).map(part).collect()
        };
        Some(match kind {
            61 => Request::ReadSystemStates(systems()),
            62 => Request::ReadComponentStates(parts()),
            63 => Request::ReadAnalogs(parts()),
            64 => Request::ReadOperations {
                system: System { system_type: bytes[0], address: bytes[1] },
                count: bytes[2],
                since: Stamp(six(&bytes[3..])),
            },
            65 => Request::ReadVersions(systems()),
            66 => Request::ReadSystemConfigs(systems()),
            67 => Request::ReadComponents(parts()),
            68 => Request::ReadSystemTimes(systems()),
            81 => Request::ReadDeviceState,
            84 => Request::ReadDeviceOperations { count: bytes[0], since: Stamp(six(&bytes[1..])) },
            85 => Request::ReadDeviceVersion,
            86 => Request::ReadDeviceConfig,
            88 => Request::ReadDeviceTime,
            89 => Request::Initialise,
            90 => Request::SetClock(Stamp(six(bytes))),
            91 => Request::GuardCheck { minutes: bytes[0] },
            _ => return None,
        })
    }
}
