//! `songhe device`: devices and their credentials.

use clap::{Args, Subcommand};

use super::{Failure, say};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::clock::Clock;
use crate::config::Config;
use crate::devices::gb26875::{PanelInput, set_panel};
use crate::devices::store::find_by_code;
use crate::devices::{
    DeviceInput, DeviceKind, DevicePlace, add_device, disable_device, grouped_code, issue_claim, new_token,
    put_in_service, revoke, rotate,
};
use crate::error::Result;
use crate::start;

/// Add devices and revoke their credentials.
#[derive(Debug, Clone, Args)]
pub struct DeviceArgs {
    #[command(subcommand)]
    command: DeviceCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum DeviceCommand {
    Add(AddArgs),
    Panel(PanelArgs),
    ClaimCode(CodeArgs),
    Rotate(RotateArgs),
    Revoke(RevokeArgs),
    Disable(DisableArgs),
    Enable(EnableArgs),
}

/// Add a device and print its credential, which is shown this once and stored nowhere.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe device add ST-0001 --kind smart_station --station 12\n  \
    songhe device add FR-0001 --kind fire_sensor --institution 3 --name \"Micro fire station\"\n  \
    songhe device add FR-0002 --kind fire_sensor --institution 3 --panel-address 010203040506
    songhe device add HD-0001 --kind home_device --elder 4711")]
#[command(group = clap::ArgGroup::new("place").required(true))]
struct AddArgs {
    /// Name of the device in its topics: 1 to 48 of A-Z a-z 0-9 - _ .
    code: String,
    /// What it is.
    #[arg(long, value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(DeviceKind::NAMES))]
    kind: String,
    /// Number of the station where it stands.
    #[arg(long, value_name = "ID", group = "place")]
    station: Option<i64>,
    /// Number of the institution where it stands.
    #[arg(long, value_name = "ID", group = "place")]
    institution: Option<i64>,
    /// Number of the room where it stands.
    #[arg(long, value_name = "ID", group = "place")]
    room: Option<i64>,
    /// Number of the elder with whom it stands: what it measures is theirs.
    #[arg(long, value_name = "ID", group = "place")]
    elder: Option<i64>,
    /// Address on the label of a fire panel that speaks GB/T 26875.3, twelve hexadecimal digits; only of a fire_sensor.
    #[arg(long, value_name = "HEX")]
    panel_address: Option<String>,
    /// Name for people [default: the code].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print a line for the file that `songhe simulate --credentials` reads.
    #[arg(long)]
    json: bool,
}

/// Make a fire gateway that is there the panel of an address, or change its address and dialect.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  songhe device panel FR-0001 --address 010203040506 --profile printed_address"
)]
struct PanelArgs {
    /// Code of the device.
    code: String,
    /// Address on the label, twelve hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    address: String,
    /// Its dialect [default: the setting fire.profile].
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Refuse a device from now on; a connection it has is ended.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  songhe device disable ST-0001")]
struct DisableArgs {
    /// Name of the device in its topics.
    code: String,
}

/// Print a code that an installer exchanges for the device's credential, once.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  songhe device claim-code ST-0001")]
struct CodeArgs {
    /// Name of the device in its topics.
    code: String,
}

/// Exchange a device's credential; the one before counts until the new one is first used, 24 hours at most.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  songhe device rotate ST-0001")]
struct RotateArgs {
    /// Name of the device in its topics.
    code: String,
}

/// Take a device's credential away at once; it stays on file.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  songhe device revoke ST-0001")]
struct RevokeArgs {
    /// Name of the device in its topics.
    code: String,
}

/// Take a device back into service.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  songhe device enable ST-0001")]
struct EnableArgs {
    /// Name of the device in its topics.
    code: String,
}

pub fn run(args: &DeviceArgs, config: Config) -> std::result::Result<(), Failure> {
    let app = start::open(config, Clock::system())?;
    match &args.command {
        DeviceCommand::Add(add) => {
            let places = [
                add.station.map(DevicePlace::Station),
                add.institution.map(DevicePlace::Institution),
                add.room.map(DevicePlace::Room),
                add.elder.map(DevicePlace::Elder),
            ];
            let place = places.into_iter().flatten().next();
            let place = place.ok_or_else(|| Failure::Found("name the place of the device".to_owned()))?;
            let kind = DeviceKind::parse(&add.kind)
                .ok_or_else(|| Failure::Found(format!("{} is no kind of device", add.kind)))?;
            let (token, hash) = new_token()?;
            let name = add.name.as_deref().unwrap_or(&add.code);
            let input = DeviceInput { code: &add.code, kind, name, place };
            app.write_now(&Scope::system(), |tx| {
                add_device(tx, &input, &hash)?;
                match add.panel_address.as_deref() {
                    Some(address) => {
                        let panel = PanelInput { address, profile: None };
                        set_panel(tx, &app.fire_profiles, &add.code, &panel)
                    }
                    None => Ok(()),
                }
            })?;
            say(&shown(add, kind, &token));
        }
        DeviceCommand::Panel(panel) => {
            let input = PanelInput { address: &panel.address, profile: panel.profile.as_deref() };
            app.write_now(&Scope::system(), |tx| set_panel(tx, &app.fire_profiles, &panel.code, &input))?;
            say(&format!("{} is the fire panel {}.", panel.code, panel.address.trim().to_lowercase()));
        }
        DeviceCommand::Disable(disable) => {
            app.write_now(&Scope::system(), |tx| disable_device(tx, &disable.code))?;
            say(&format!("{} is refused from now on.", disable.code));
        }
        DeviceCommand::ClaimCode(CodeArgs { code }) => {
            let (claim, until) = of_code(&app, code, issue_claim)?;
            let until = app.calendar.show(until);
            say(&format!(
                "Claim code of {code}, shown this once:\n  {}\nIt counts until {until}.",
                grouped_code(&claim)
            ));
        }
        DeviceCommand::Rotate(RotateArgs { code }) => {
            let (_, token) = of_code(&app, code, rotate)?;
            say(&credential("New credential of", code, &token));
        }
        DeviceCommand::Revoke(RevokeArgs { code }) => {
            of_code(&app, code, revoke)?;
            say(&format!("{code} has no credential any more."));
        }
        DeviceCommand::Enable(EnableArgs { code }) => {
            of_code(&app, code, |tx, id| put_in_service(tx, id, true))?;
            say(&format!("{code} is in service."));
        }
    }
    Ok(())
}

/// A step of the office with the device of a code.
fn of_code<T>(app: &App, code: &str, step: impl Fn(&mut Tx<'_>, i64) -> Result<T>) -> Result<T> {
    app.write_now(&Scope::system(), |tx| {
        let (id, ..) = find_by_code(tx.connection, code)?;
        step(tx, id)
    })
}

fn credential(what: &str, code: &str, token: &str) -> String {
    format!(
        "{what} {code}, shown this once:\n  client id and user name  {code}\n  password                 {token}"
    )
}

fn shown(add: &AddArgs, kind: DeviceKind, token: &str) -> String {
    let code = &add.code;
    if add.json {
        let simulated = if kind == DeviceKind::FireSensor { "fire" } else { "station" };
        return serde_json::json!([{ "device": code, "token": token, "kind": simulated }]).to_string();
    }
    credential("Added", code, token)
}
