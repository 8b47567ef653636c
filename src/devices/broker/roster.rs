//! Which device is behind a client id, and which of its connections is the present one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gate::Device;
use super::pace::{Pace, Rates};

/// Holds at most one entry a device, since a client id is its device's code.
#[derive(Debug)]
pub(super) struct Roster {
    entries: Mutex<Entries>,
    rates: Rates,
}

#[derive(Debug, Default)]
struct Entries {
    last_connection: u64,
    by_code: HashMap<String, Entry>,
    /// How often each code was put out; there is an entry for those that ever were.
    expulsions: HashMap<String, u64>,
}

impl Entries {
    fn expulsions(&self, code: &str) -> u64 {
        self.expulsions.get(code).copied().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Entry {
    device: Device,
    /// Expulsions up to the question whether it may connect.
    admitted_after: u64,
    live: Option<Live>,
    /// Of the device, whichever connection it sends over.
    pace: Arc<Pace>,
}

#[derive(Debug)]
struct Live {
    connection: u64,
    peer: Option<SocketAddr>,
}

impl Roster {
    pub fn new(rates: Rates) -> Roster {
        Roster { entries: Mutex::default(), rates }
    }

    /// How often this code was put out so far: to be asked before whether it may connect.
    pub fn expulsions(&self, code: &str) -> u64 {
        self.lock().expulsions(code)
    }

    /// Remembers who may connect next under this code. False where it was put out while that was being asked.
    pub fn admit(&self, device: Device, expulsions: u64) -> bool {
        let mut entries = self.lock();
        if entries.expulsions(&device.code) != expulsions {
            return false;
        }
        if let Some(entry) = entries.by_code.get_mut(&*device.code) {
            entry.device = device;
            entry.admitted_after = expulsions;
        } else {
            let pace = Arc::new(Pace::new(self.rates));
            let code = device.code.to_string();
            let entry = Entry { device, admitted_after: expulsions, live: None, pace };
            entries.by_code.insert(code, entry);
        }
        true
    }

    /// Nothing that was admitted under this code so far counts any more.
    pub fn expel(&self, code: &str) {
        *self.lock().expulsions.entry(code.to_owned()).or_default() += 1;
    }

    pub fn is_expelled(&self, code: &str) -> bool {
        let entries = self.lock();
        entries.by_code.get(code).is_some_and(|entry| entry.admitted_after != entries.expulsions(code))
    }

    /// Who sends under this code, unless it was put out.
    pub fn find(&self, code: &str) -> Option<(Device, Arc<Pace>)> {
        let entries = self.lock();
        let entry = entries.by_code.get(code)?;
        let counts = entry.admitted_after == entries.expulsions(code);
        counts.then(|| (entry.device.clone(), Arc::clone(&entry.pace)))
    }

    /// The present connection of a device is from `peer` now. Gives its number.
    pub fn connect(&self, client_id: &str, peer: Option<SocketAddr>) -> Option<(Device, u64)> {
        let mut entries = self.lock();
        let connection = entries.last_connection + 1;
        let entry = entries.by_code.get_mut(client_id)?;
        entry.live = Some(Live { connection, peer });
        let device = entry.device.clone();
        entries.last_connection = connection;
        Some((device, connection))
    }

    /// The connection from `peer` ended. `None` when a newer one took its place.
    pub fn disconnect(&self, client_id: &str, peer: Option<SocketAddr>) -> Option<(Device, u64)> {
        let mut entries = self.lock();
        let entry = entries.by_code.get_mut(client_id)?;
        let live = entry.live.take_if(|live| live.peer == peer)?;
        Some((entry.device.clone(), live.connection))
    }

    pub fn connected(&self) -> usize {
        self.lock().by_code.values().filter(|entry| entry.live.is_some()).count()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every method leaves the entries whole at each step, so a panic elsewhere does not spoil them.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_end_of_a_replaced_connection_is_not_the_end_of_the_device() {
        let roster = Roster::new(Rates::DEFAULT);
        assert_eq!(roster.connect("ST-1", Some(peer(1))), None, "nobody was admitted");
        let device = Device { id: 7, code: "ST-1".into() };
        assert!(roster.admit(device.clone(), 0));
        let (_, first) = roster.connect("ST-1", Some(peer(1))).unwrap();
        let (_, second) = roster.connect("ST-1", Some(peer(2))).unwrap();
        assert!(second > first);
        assert_eq!(roster.disconnect("ST-1", Some(peer(1))), None);
        assert_eq!(roster.connected(), 1);
        assert_eq!(roster.disconnect("ST-1", Some(peer(2))), Some((device.clone(), second)));
        assert_eq!(roster.disconnect("ST-1", Some(peer(2))), None);
        assert_eq!(roster.connected(), 0);
        assert_eq!(roster.find("ST-1").map(|found| found.0), Some(device));
    }

    #[test]
    fn whoever_was_put_out_does_not_count_until_it_is_let_in_anew() {
        let roster = Roster::new(Rates::DEFAULT);
        let device = Device { id: 7, code: "ST-1".into() };
        let asked = roster.expulsions("ST-1");
        roster.expel("ST-1");
        assert!(!roster.admit(device.clone(), asked), "put out while the question was asked");
        assert!(roster.find("ST-1").is_none() && !roster.is_expelled("ST-1"));
        assert!(roster.admit(device.clone(), roster.expulsions("ST-1")));
        assert!(roster.find("ST-1").is_some());
        roster.expel("ST-2");
        assert!(roster.find("ST-1").is_some(), "another one was put out");
        roster.expel("ST-1");
        assert!(roster.find("ST-1").is_none() && roster.is_expelled("ST-1"));
        assert!(roster.admit(device, roster.expulsions("ST-1")));
        assert!(roster.find("ST-1").is_some());
    }
}
