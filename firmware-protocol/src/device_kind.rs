//! What a device is.

/// Kind announced in the birth message and kept in the device registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum DeviceKind {
    /// A smart home-care station: room climate, kiosk, door, presence, call button.
    Station = 1,
    /// Sensors of a micro fire station behind one gateway.
    Fire = 2,
    /// A hub in an elder's home.
    Home = 3,
    /// A fire alarm panel reporting through a transmission unit.
    Panel = 4,
}

impl DeviceKind {
    pub const ALL: [Self; 4] = [Self::Station, Self::Fire, Self::Home, Self::Panel];

    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Stable text name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Station => "station",
            Self::Fire => "fire",
            Self::Home => "home",
            Self::Panel => "panel",
        }
    }

    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
