/// A bit of a state and its name in the locale files, `enums.fire_bit.NAME`; the first says normal where it is set and test
/// where it is not.
pub type BitName = (u32, &'static str);

/// Of a system's state.
pub const SYSTEM_BITS: &[BitName] = &[
    (1, "fire"),
    (2, "fault"),
    (3, "shielded"),
    (4, "supervised"),
    (5, "started"),
    (6, "feedback"),
    (7, "delayed"),
    (8, "mains_fault"),
    (9, "battery_fault"),
    (10, "bus_fault"),
    (11, "manual"),
    (12, "config_changed"),
    (13, "reset"),
];

/// Of a component's state.
pub const PART_BITS: &[BitName] = &[
    (1, "fire"),
    (2, "fault"),
    (3, "shielded"),
    (4, "supervised"),
    (5, "started"),
    (6, "feedback"),
    (7, "delayed"),
    (8, "power_fault"),
];

/// Of the transmission device's own state.
pub const DEVICE_BITS: &[BitName] = &[
    (1, "fire"),
    (2, "fault"),
    (3, "mains_fault"),
    (4, "battery_fault"),
    (5, "link_fault"),
    (6, "line_fault"),
];

/// A state, whose ever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    pub state: u16,
    pub names: &'static [BitName],
}

impl Bits {
    fn is_set(self, bit: u32) -> bool {
        self.state & (1 << bit) != 0
    }

    pub fn is_test(self) -> bool {
        !self.is_set(0)
    }

    pub fn is_fire(self) -> bool {
        self.is_set(1)
    }

    pub fn has(self, name: &str) -> bool {
        self.names.iter().any(|(bit, known)| *known == name && self.is_set(*bit))
    }

    /// Something does not work: the thing itself, its supply or its line.
    pub fn is_fault(self) -> bool {
        self.set().any(|name| name.ends_with("fault"))
    }

    /// Names of the bits that are set, the first apart.
    pub fn set(self) -> impl Iterator<Item = &'static str> {
        self.names.iter().filter(move |(bit, _)| self.is_set(*bit)).map(|(_, name)| *name)
    }
}
