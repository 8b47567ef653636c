/// System types that have a name in the locale files, `enums.fire_system.sNUMBER`.
pub const SYSTEM_TYPES: &[u8] = &[0, 1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];

/// The name of a component type in the locale files, `enums.fire_component.NAME`; none for one that is not named.
pub fn component_name(component_type: u8) -> Option<&'static str> {
    Some(match component_type {
        1 => "controller",
        10..=13 => "gas_detector",
        16 => "electrical",
        17 => "residual_current",
        18 => "temperature",
        21 => "loop",
        23 => "call_point",
        24 => "hydrant_button",
        25 => "detector",
        30..=37 => "heat",
        40..=44 => "smoke",
        50..=53 => "combined",
        61 => "ultraviolet",
        62 => "infrared",
        74 => "gas",
        91 => "pump",
        92 => "tank",
        95..=98 => "sprinkler",
        99 => "pressure_switch",
        121 => "alarm_device",
        _ => return None,
    })
}
