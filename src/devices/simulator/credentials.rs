//! The file that says which devices to be.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use songhe_firmware_protocol::DeviceKind;
use songhe_firmware_protocol::topic::is_device_id;

use super::SimulatorError;

/// Most devices in one simulation.
const CREDENTIALS_MAX: usize = 10_000;

/// A device to be, as in `[{"device": "ST-0001", "token": "...", "kind": "station"}]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    pub device: String,
    pub token: String,
    #[serde(deserialize_with = "kind")]
    pub kind: DeviceKind,
}

impl fmt::Debug for Credential {
    // The token stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("device", &self.device)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

fn kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<DeviceKind, D::Error> {
    let name = String::deserialize(deserializer)?;
    match DeviceKind::from_name(&name) {
        Some(kind @ (DeviceKind::Station | DeviceKind::Fire)) => Ok(kind),
        _ => Err(serde::de::Error::custom(format!("kind {name:?} is neither \"station\" nor \"fire\""))),
    }
}

/// Reads and checks the file.
pub fn read_credentials(path: &Path) -> Result<Vec<Credential>, SimulatorError> {
    let refused = |reason: String| SimulatorError::Credentials { path: path.display().to_string(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    parse(&text).map_err(refused)
}

/// The first `stations` and `fire` of the devices; all of a kind where no number is asked.
pub fn choose(
    credentials: Vec<Credential>,
    (stations, fire): (Option<usize>, Option<usize>),
) -> Result<Vec<Credential>, SimulatorError> {
    let (of_stations, of_fire): (Vec<_>, Vec<_>) =
        credentials.into_iter().partition(|credential| credential.kind == DeviceKind::Station);
    let first = |mut all: Vec<Credential>, wanted: Option<usize>, kind| {
        let (found, wanted) = (all.len(), wanted.unwrap_or(all.len()));
        all.truncate(wanted);
        if found < wanted { Err(SimulatorError::TooFew { kind, found, wanted }) } else { Ok(all) }
    };
    let mut chosen = first(of_stations, stations, "stations")?;
    chosen.extend(first(of_fire, fire, "fire gateways")?);
    Ok(chosen)
}

fn parse(text: &str) -> Result<Vec<Credential>, String> {
    let credentials: Vec<Credential> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if credentials.is_empty() || credentials.len() > CREDENTIALS_MAX {
        return Err(format!("expected 1 to {CREDENTIALS_MAX} devices, found {}", credentials.len()));
    }
    match credentials.iter().find(|credential| !is_device_id(&credential.device)) {
        Some(wrong) => Err(format!("{:?} is not a device id", wrong.device)),
        None => Ok(credentials),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_each_kind_are_chosen_or_it_is_said_how_many_there_are() {
        let of = |device: &str, kind| Credential { device: device.to_owned(), token: String::new(), kind };
        let all = || {
            let fire = DeviceKind::Fire;
            vec![
                of("F-1", fire),
                of("S-1", DeviceKind::Station),
                of("S-2", DeviceKind::Station),
                of("F-2", fire),
            ]
        };
        let names = |wanted| -> Vec<String> {
            choose(all(), wanted).unwrap().into_iter().map(|credential| credential.device).collect()
        };
        assert_eq!(names((None, None)), ["S-1", "S-2", "F-1", "F-2"]);
        assert_eq!(names((Some(1), Some(0))), ["S-1"]);
        let error = choose(all(), (Some(3), None)).unwrap_err();
        assert_eq!(error.to_string(), "the credentials name 2 stations, not 3");
    }

    #[test]
    fn a_file_is_taken_whole_or_refused_with_its_fault() {
        let good = r#"[{"device": "ST-1", "token": "secret", "kind": "station"},
                       {"device": "FR-1", "token": "secret", "kind": "fire"}]"#;
        let credentials = parse(good).unwrap();
        assert_eq!(credentials[1].kind, DeviceKind::Fire);
        assert!(!format!("{credentials:?}").contains("secret"));
        for (text, fault) in [
            ("[]", "found 0"),
            (r#"[{"device": "ST-1", "token": "x", "kind": "panel"}]"#, "panel"),
            (r#"[{"device": "ST/1", "token": "x", "kind": "fire"}]"#, "not a device id"),
            (r#"[{"device": "ST-1", "kind": "fire"}]"#, "token"),
            ("[", "EOF"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
    }
}
