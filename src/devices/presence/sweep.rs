//! The look for silence: reads who is in question, asks the rules, writes what is due.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use serde_json::json;

use super::model::{ALERT_EVERY, Moment, SILENCE_MIN, Site, SiteTold, Step, Watched, due, heartbeat_of};
use crate::alerts::store::{self as alerts, Ended, NewAlert, NewSiteAlert, SiteSilence, Told};
use crate::alerts::{AlertKind, SILENCE};
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::devices::model::PresenceState;
use crate::devices::store::{self, DeviceState, WatchedRow};
use crate::error::Result;

/// Devices and sites of one transaction, so that a commit of the ingest writer waits a few milliseconds behind it when a whole
/// district is gone.
const PIECE_MAX: usize = 100;
/// How far back alerts of sites are looked at: longer than any device may be silent before it is told of.
const SITES_BACK: TimeDelta = TimeDelta::hours(24);

/// What is due, and the rows that it was found in.
pub(super) struct Found {
    pub steps: Vec<Step>,
    rows: HashMap<i64, WatchedRow>,
    /// Alerts of devices that are out of service.
    ended: Vec<Ended>,
}

/// A part of what is due: steps of these devices, and of these sites as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    devices: BTreeSet<i64>,
    sites: BTreeSet<Site>,
}

impl Piece {
    fn is_full(&self) -> bool {
        self.devices.len() + self.sites.len() >= PIECE_MAX
    }

    fn holds(&self, step: &Step) -> bool {
        match step {
            Step::SiteSilent { site, .. } | Step::SiteBack { site, .. } => self.sites.contains(site),
            step => device_of(step).is_some_and(|id| self.devices.contains(&id)),
        }
    }
}

impl Found {
    /// What is due in parts, with neighbours together; one where nothing but the end of alerts is.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut devices: BTreeSet<(Option<Site>, i64)> = BTreeSet::new();
        let mut pieces = vec![Piece::default()];
        for step in &self.steps {
            match step {
                Step::SiteSilent { site, .. } | Step::SiteBack { site, .. } => {
                    next(&mut pieces).sites.insert(*site);
                }
                step => devices.extend(device_of(step).map(|id| (self.site_of_device(id), id))),
            }
        }
        for (_, id) in devices {
            next(&mut pieces).devices.insert(id);
        }
        pieces
    }

    fn site_of_device(&self, id: i64) -> Option<Site> {
        self.rows.get(&id).and_then(site_of_row)
    }

    /// The device whose place tells who hears of a step.
    fn told_through(&self, step: Step) -> Option<i64> {
        match step {
            Step::SiteSilent { site, .. } => {
                self.rows.values().filter(|row| site_of_row(row) == Some(site)).map(|row| row.id).min()
            }
            step => device_of(&step),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.ended.is_empty()
    }
}

/// The piece that has room for one more.
fn next(pieces: &mut Vec<Piece>) -> &mut Piece {
    if pieces.last().is_none_or(Piece::is_full) {
        pieces.push(Piece::default());
    }
    let last = pieces.len() - 1;
    &mut pieces[last]
}

fn device_of(step: &Step) -> Option<i64> {
    match step {
        Step::Suspect(id) | Step::Offline(id) | Step::Online(id) => Some(*id),
        Step::Alert { device_id, .. } => Some(*device_id),
        Step::SiteSilent { .. } | Step::SiteBack { .. } => None,
    }
}

/// What is due; of a piece alone where one is given, judged by everything at its sites.
pub(super) fn find(
    connection: &mut AnyConnection,
    (now, since): (Instant, Instant),
    piece: Option<&Piece>,
) -> Result<Found> {
    let since = store::watching_since(connection)?.map_or(since, |shared| shared.max(since));
    let moment = Moment { now, since };
    let only: Option<Vec<i64>> = piece.map(|piece| piece.devices.iter().copied().collect());
    let asked = store::in_question(connection, now - SILENCE_MIN, only.as_deref())?;
    let sites = alerts::site_silences(connection, now - SITES_BACK)?;
    let lasting = sites.iter().filter(|one| one.cleared_at.is_none()).filter_map(site_of);
    let lasting = lasting.filter(|_| piece.is_none());
    let named = piece.iter().flat_map(|piece| piece.sites.iter().copied());
    let places: BTreeSet<Site> = asked.iter().filter_map(site_of_row).chain(lasting).chain(named).collect();
    let mut rows: HashMap<i64, WatchedRow> = asked.into_iter().map(|row| (row.id, row)).collect();
    let stations =
        places.iter().filter_map(|site| if let Site::Station(id) = site { Some(*id) } else { None });
    let houses =
        places.iter().filter_map(|site| if let Site::Institution(id) = site { Some(*id) } else { None });
    let (stations, houses): (Vec<i64>, Vec<i64>) = (stations.collect(), houses.collect());
    if !places.is_empty() {
        rows.extend(store::watched_at(connection, (stations, houses))?.into_iter().map(|row| (row.id, row)));
    }
    let watched = watched(connection, &rows, now)?;
    let mut told: BTreeMap<Site, SiteTold> = BTreeMap::new();
    for one in &sites {
        // The last one counts; one that lasts is the last.
        if let Some(site) = site_of(one).filter(|site| places.contains(site)) {
            let alert = SiteTold { alert_id: one.id, raised_at: one.raised_at, cleared_at: one.cleared_at };
            told.insert(site, alert);
        }
    }
    let mut steps = due(&watched, &told, moment);
    if let Some(piece) = piece {
        steps.retain(|step| piece.holds(step));
    }
    Ok(Found { steps, rows, ended: alerts::silences_of_disabled(connection)? })
}

/// In order of numbers, so that two processes change rows in the same order.
fn watched(
    connection: &mut AnyConnection,
    rows: &HashMap<i64, WatchedRow>,
    now: Instant,
) -> Result<Vec<Watched>> {
    let mut ids: Vec<i64> = rows.keys().copied().collect();
    ids.sort_unstable();
    let mut told: HashMap<i64, (Instant, bool)> = HashMap::new();
    for (id, at, lasts) in alerts::device_silences(connection, &ids, now - ALERT_EVERY)? {
        let entry = told.entry(id).or_insert((at, lasts));
        *entry = (entry.0.max(at), entry.1 || lasts);
    }
    let watched = |id: &i64| {
        let row = rows.get(id)?;
        let told = told.get(id);
        Some(Watched {
            id: row.id,
            heartbeat: heartbeat_of(row.kind, row.heartbeat_s),
            site: site_of_row(row),
            presence: row.presence,
            heard_at: row.last_seen_at.unwrap_or(row.presence_at),
            connected_at: row.connected_at,
            is_owed: row.silence_owed,
            told_at: told.map(|told| told.0),
            alert_is_active: told.is_some_and(|told| told.1),
        })
    };
    Ok(ids.iter().filter_map(watched).collect())
}

fn site_of_row(row: &WatchedRow) -> Option<Site> {
    row.station_id.map(Site::Station).or(row.institution_id.map(Site::Institution))
}

fn site_of(alert: &SiteSilence) -> Option<Site> {
    alert.station_id.map(Site::Station).or(alert.institution_id.map(Site::Institution))
}

/// Finds again, in this transaction, what is due of a piece, and does it; gives how many steps that were.
pub(super) fn take(tx: &mut Tx<'_>, (now, since): (Instant, Instant), piece: &Piece) -> Result<usize> {
    let found = find(tx.connection, (now, since), Some(piece))?;
    let ids: BTreeSet<i64> = found.steps.iter().filter_map(|step| found.told_through(*step)).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let states = store::device_states(tx.connection, &ids)?.into_iter().map(|state| (state.id, state));
    let alerted = found.steps.iter().filter_map(|step| match step {
        Step::Alert { device_id, .. } => Some(*device_id),
        _ => None,
    });
    let sweep = Sweep { found: &found, alerted: alerted.collect(), states: states.collect(), now };
    for step in &found.steps {
        sweep.step(tx, *step)?;
    }
    for (alert, device) in &found.ended {
        alerts::clear_alert(tx.connection, *alert, now)?;
        let payload = json!({ "id": alert, "kind": AlertKind::Offline, "device_id": device });
        let told = alerts::audience_of(tx.connection, *alert)?;
        tx.publish(&Event::to(Topic::Alert, &told, *alert, payload))?;
    }
    Ok(found.steps.len() + found.ended.len())
}

struct Sweep<'a> {
    found: &'a Found,
    /// Devices that have an alert of their own among the steps.
    alerted: HashSet<i64>,
    states: HashMap<i64, DeviceState>,
    now: Instant,
}

impl Sweep<'_> {
    fn step(&self, tx: &mut Tx<'_>, step: Step) -> Result<()> {
        match step {
            Step::Suspect(id) => self.fall(tx, id, PresenceState::Suspect),
            Step::Offline(id) => self.fall(tx, id, PresenceState::Offline),
            Step::Online(id) => self.come_back(tx, id),
            Step::Alert { device_id, silent_s } => self.alert(tx, device_id, silent_s),
            Step::SiteSilent { site, silent } => self.site_silent(tx, site, silent),
            Step::SiteBack { alert_id, .. } => self.site_back(tx, alert_id),
        }
    }

    fn fall(&self, tx: &mut Tx<'_>, id: i64, to: PresenceState) -> Result<()> {
        let Some(row) = self.found.rows.get(&id) else { return Ok(()) };
        if !store::fall_silent(tx.connection, row, (to, self.now))? {
            return Ok(());
        }
        // An alert in this very transaction has told of it.
        if self.alerted.contains(&id) {
            store::set_told(tx.connection, id)?;
        }
        self.tell_presence(tx, id, to)
    }

    fn come_back(&self, tx: &mut Tx<'_>, id: i64) -> Result<()> {
        let Some(row) = self.found.rows.get(&id) else { return Ok(()) };
        if !store::come_back(tx.connection, row, self.now)? {
            return Ok(());
        }
        let active = alerts::active_alerts(tx.connection, &[id])?;
        for alert in active.into_iter().filter(|alert| alert.channel == SILENCE) {
            alerts::clear_alert(tx.connection, alert.id, self.now)?;
            self.tell_alert(tx, id, alert.id)?;
        }
        self.tell_presence(tx, id, PresenceState::Online)
    }

    fn alert(&self, tx: &mut Tx<'_>, id: i64, silent_s: i64) -> Result<()> {
        let Some(device) = self.states.get(&id) else { return Ok(()) };
        let alert = NewAlert {
            device_id: id,
            town_code: &device.town_code,
            institution_id: device.institution_id,
            kind: AlertKind::Offline,
            channel: SILENCE,
            value: silent_s as f64,
            raised_at: self.now,
            number: None,
            by_alarm: false,
            told: Told::Active,
        };
        let alert = alerts::insert_alert(tx.connection, &alert)?;
        store::set_told(tx.connection, id)?;
        self.tell_alert(tx, id, alert)
    }

    fn site_silent(&self, tx: &mut Tx<'_>, site: Site, silent: usize) -> Result<()> {
        let through = self.found.told_through(Step::SiteSilent { site, silent });
        let Some(device) = through.and_then(|id| self.states.get(&id)) else { return Ok(()) };
        let (station_id, institution_id) = match site {
            Site::Station(id) => (Some(id), None),
            Site::Institution(id) => (None, Some(id)),
        };
        let town_code = &device.town_code;
        let alert = NewSiteAlert { town_code, station_id, institution_id, silent, raised_at: self.now };
        let id = alerts::insert_site_alert(tx.connection, &alert)?;
        tell_site(tx, id)
    }

    fn site_back(&self, tx: &mut Tx<'_>, alert_id: i64) -> Result<()> {
        alerts::clear_alert(tx.connection, alert_id, self.now)?;
        tell_site(tx, alert_id)
    }

    fn tell_presence(&self, tx: &mut Tx<'_>, id: i64, presence: PresenceState) -> Result<()> {
        let payload = json!({ "id": id, "presence": presence });
        self.tell(tx, Topic::Device, (id, id), payload)
    }

    fn tell_alert(&self, tx: &mut Tx<'_>, device_id: i64, alert_id: i64) -> Result<()> {
        let payload = json!({ "id": alert_id, "kind": AlertKind::Offline, "device_id": device_id });
        self.tell(tx, Topic::Alert, (device_id, alert_id), payload)
    }

    fn tell(
        &self,
        tx: &mut Tx<'_>,
        topic: Topic,
        (device_id, entity_id): (i64, i64),
        payload: serde_json::Value,
    ) -> Result<()> {
        let Some(device) = self.states.get(&device_id) else { return Ok(()) };
        tx.publish(&Event::to(topic, &device.audience(), entity_id, payload))
    }
}

fn tell_site(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let payload = json!({ "id": id, "kind": AlertKind::SiteSilent, "device_id": null });
    let told = alerts::audience_of(tx.connection, id)?;
    tx.publish(&Event::to(Topic::Alert, &told, id, payload))
}
