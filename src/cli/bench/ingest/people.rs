//! The devices of a measurement, and what they need of the machine.

use std::net::SocketAddr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::access::seal::random;
use crate::access::{Permission, Scope};
use crate::app::App;
use crate::devices::simulator::load::Login;
use crate::devices::store::place_choices;
use crate::devices::{DeviceInput, DeviceKind, DevicePlace, add_device, hash_token};
use crate::error::{Error, Result};

/// Devices added in one transaction.
const ADDED_AT_ONCE: usize = 500;

/// Who sends what.
pub struct Logins {
    pub busy: Vec<Login>,
    pub idle: Vec<Login>,
    pub steady: Vec<Login>,
    pub caller: Login,
}

/// Adds devices for one measurement to all stations in turn, with a token that nobody learns.
pub fn add_devices(app: &App, busy: usize, idle: usize, steady: usize) -> Result<Logins> {
    let (run, token) = (hex::encode(random::<4>()?), hex::encode(random::<32>()?));
    let hash = hash_token(token.as_bytes());
    let stations = app.db.read_now(|connection| {
        Ok(place_choices(connection, &Scope::system(), Permission::ManageDevice)?.0)
    })?;
    let stations: Vec<i64> = stations.iter().filter_map(|(id, _)| id.parse().ok()).collect();
    let places = stations.into_iter().map(DevicePlace::Station).cycle();
    let codes = (0..=busy + idle + steady).map(|number| format!("bench-{run}-{number}"));
    let codes: Vec<(String, DevicePlace)> = codes.zip(places).collect();
    for part in codes.chunks(ADDED_AT_ONCE) {
        app.write_now(&Scope::system(), |tx| {
            part.iter().try_for_each(|(code, place)| {
                let (kind, place) = (DeviceKind::SmartStation, *place);
                let device = DeviceInput { code, kind, name: code, place };
                add_device(tx, &device, &hash).map(drop)
            })
        })?;
    }
    let mut all = codes.into_iter().map(|(code, _)| Login { code, token: token.clone() });
    let caller = all.next().ok_or_else(|| Error::internal("no devices"))?;
    let mut next = |count: usize| -> Vec<Login> { all.by_ref().take(count).collect() };
    Ok(Logins { caller, busy: next(busy), idle: next(idle), steady: next(steady) })
}

/// As many open files as this user may have: each connection is one, here and in the server, which inherits it.
pub fn raise_file_limit() -> std::io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// Where a broker of the form mqtt://[USER:PASSWORD@]HOST[:PORT] is.
pub async fn broker_address(url: &str) -> Result<SocketAddr> {
    let wrong = || Error::internal("--broker must be mqtt://[USER:PASSWORD@]HOST[:PORT]");
    let parsed = reqwest::Url::parse(url).map_err(|error| wrong().because(error))?;
    let host = parsed.host_str().filter(|_| parsed.scheme() == "mqtt").ok_or_else(wrong)?;
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), parsed.port().unwrap_or(1883))).await;
    found.map_err(|error| wrong().because(error))?.next().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_broker_is_found_by_its_address_and_nothing_else_is_taken() {
        for (url, address) in [
            ("mqtt://127.0.0.1:7883", "127.0.0.1:7883"),
            ("mqtt://songhe:secret@127.0.0.1", "127.0.0.1:1883"),
            ("mqtt://[::1]:1884", "[::1]:1884"),
        ] {
            assert_eq!(broker_address(url).await.unwrap(), address.parse::<SocketAddr>().unwrap());
        }
        for url in ["http://127.0.0.1", "127.0.0.1:1883", ""] {
            assert!(broker_address(url).await.is_err(), "{url}");
        }
    }
}
