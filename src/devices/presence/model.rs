//! What follows from silence: pure.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};

use crate::devices::model::{DeviceKind, PresenceState};

/// A device is offline no sooner than this.
const OFFLINE_MIN: TimeDelta = TimeDelta::seconds(90);
/// Devices of a site that fell silent within this time fell silent together.
const TOGETHER: TimeDelta = TimeDelta::seconds(60);
/// So many devices of a site at least are a site that is silent, if they are more than [`SITE_SHARE`] of it.
const SITE_DEVICES_MIN: usize = 3;
/// One in so many.
const SITE_SHARE: usize = 5;
/// A device, or a site, that comes and goes is told once in this time.
pub const ALERT_EVERY: TimeDelta = TimeDelta::hours(1);
/// Messages that an offline device must send to be online again.
pub const RETURNING_MESSAGES: i16 = 2;

/// Nobody is held for silent by a shorter heartbeat than this.
const HEARTBEAT_MIN: TimeDelta = TimeDelta::seconds(30);

/// How often a device sends something even when nothing happens: as it or the office says, else as its kind does.
pub fn heartbeat_of(kind: DeviceKind, heartbeat_s: Option<i32>) -> TimeDelta {
    let usual_s = match kind {
        DeviceKind::SmartStation | DeviceKind::FireSensor => 30,
        DeviceKind::HomeDevice => 60,
    };
    TimeDelta::seconds(heartbeat_s.map_or(usual_s, i64::from)).max(HEARTBEAT_MIN)
}

/// The shortest silence after which any device can be suspect.
pub const SILENCE_MIN: TimeDelta = TimeDelta::seconds(45);

pub fn suspect_after(heartbeat: TimeDelta) -> TimeDelta {
    heartbeat * 3 / 2
}

pub fn offline_after(heartbeat: TimeDelta) -> TimeDelta {
    (heartbeat * 3).max(OFFLINE_MIN)
}

/// A place whose devices share a line and a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    Station(i64),
    Institution(i64),
}

/// What the database knows of a device.
#[derive(Clone, Debug)]
pub struct Watched {
    pub id: i64,
    pub heartbeat: TimeDelta,
    pub site: Option<Site>,
    pub presence: PresenceState,
    /// The last thing that was heard; when its presence changed where nothing ever was.
    pub heard_at: NaiveDateTime,
    /// Since when its connection lives.
    pub connected_at: Option<NaiveDateTime>,
    /// It was there, is gone, and nobody was told.
    pub is_owed: bool,
    /// When its silence was last told within [`ALERT_EVERY`], or is being told.
    pub told_at: Option<NaiveDateTime>,
    pub alert_is_active: bool,
}

/// The last alert of a site's silence.
#[derive(Clone, Copy, Debug)]
pub struct SiteTold {
    pub alert_id: i64,
    pub raised_at: NaiveDateTime,
    pub cleared_at: Option<NaiveDateTime>,
}

/// One change that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Suspect(i64),
    Offline(i64),
    /// A connection that has lived long enough.
    Online(i64),
    /// The device's own alert.
    Alert {
        device_id: i64,
        silent_s: i64,
    },
    SiteSilent {
        site: Site,
        silent: usize,
    },
    SiteBack {
        site: Site,
        alert_id: i64,
    },
}

/// Now, and since when the program has been receiving.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: NaiveDateTime,
    pub since: NaiveDateTime,
}

/// A device with what its silence makes of it.
struct Seen<'a> {
    device: &'a Watched,
    presence: PresenceState,
    silence: TimeDelta,
}

impl Watched {
    /// How long it has been silent, as far as we could hear.
    fn silence(&self, moment: Moment) -> TimeDelta {
        if self.connected_at.is_some() {
            return TimeDelta::zero();
        }
        (moment.now - self.heard_at.max(moment.since)).max(TimeDelta::zero())
    }

    fn seen(&self, moment: Moment) -> Seen<'_> {
        use PresenceState::{Never, Offline, Online, Suspect};
        let silence = self.silence(moment);
        let is_long = silence >= offline_after(self.heartbeat);
        let presence = match self.presence {
            Online | Suspect if is_long => Offline,
            Online if silence >= suspect_after(self.heartbeat) => Suspect,
            Offline if self.is_back(moment) => Online,
            other @ (Never | Online | Suspect | Offline) => other,
        };
        Seen { device: self, presence, silence }
    }

    fn is_back(&self, moment: Moment) -> bool {
        self.connected_at.is_some_and(|at| moment.now - at.max(moment.since) >= self.heartbeat * 2)
    }
}

impl Seen<'_> {
    fn step(&self) -> Option<Step> {
        let id = self.device.id;
        match self.presence {
            presence if presence == self.device.presence => None,
            PresenceState::Suspect => Some(Step::Suspect(id)),
            PresenceState::Offline => Some(Step::Offline(id)),
            PresenceState::Online => Some(Step::Online(id)),
            PresenceState::Never => None,
        }
    }

    fn is_gone(&self) -> bool {
        self.presence == PresenceState::Offline && self.device.connected_at.is_none()
    }

    /// Gone, or on the way there.
    fn is_fading(&self) -> bool {
        self.is_gone() || (self.presence == PresenceState::Suspect && self.device.connected_at.is_none())
    }

    /// An alert of its own is due; `over` is when its site was last silent as a whole.
    fn is_due(&self, moment: Moment, over: Option<NaiveDateTime>) -> bool {
        let device = self.device;
        let waited = over.map_or(self.silence, |over| self.silence.min(moment.now - over));
        let owed = device.is_owed || self.step() == Some(Step::Offline(device.id));
        let told_long_ago = device.told_at.is_none_or(|at| moment.now - at >= ALERT_EVERY);
        owed && self.is_gone()
            && !device.alert_is_active
            && told_long_ago
            && waited >= offline_after(device.heartbeat)
    }
}

/// Everything that is due now. Of a site whose devices are in question, all its devices in service that were ever heard are given.
pub fn due(devices: &[Watched], told: &BTreeMap<Site, SiteTold>, moment: Moment) -> Vec<Step> {
    let seen: Vec<Seen<'_>> = devices.iter().map(|device| device.seen(moment)).collect();
    let mut steps: Vec<Step> = Vec::new();
    let mut by_site: BTreeMap<Site, Vec<&Seen<'_>>> = told.keys().map(|site| (*site, Vec::new())).collect();
    for one in &seen {
        match one.device.site {
            Some(site) => by_site.entry(site).or_default().push(one),
            None if one.is_due(moment, None) => steps.push(alert(one)),
            None => {}
        }
    }
    for (site, members) in by_site {
        steps.extend(of_site(site, &members, told.get(&site), moment));
    }
    steps.extend(seen.iter().filter_map(Seen::step));
    steps
}

fn of_site(site: Site, members: &[&Seen<'_>], told: Option<&SiteTold>, moment: Moment) -> Vec<Step> {
    let total = members.len();
    let gone = together(members.iter().filter(|one| one.is_gone()).map(|one| one.device.heard_at).collect());
    let active = told.filter(|told| told.cleared_at.is_none());
    match (active, is_site(gone, total)) {
        (Some(_), true) => return Vec::new(),
        // Those that stay silent are told of once they were silent for their time from here on.
        (Some(told), false) => return vec![Step::SiteBack { site, alert_id: told.alert_id }],
        (None, true) => {
            let is_new = told.is_none_or(|told| moment.now - told.raised_at >= ALERT_EVERY);
            // Devices that were silent, and told of, one by one are no news together.
            let is_news = members.iter().any(|one| one.is_due(moment, None));
            return if is_new && is_news {
                vec![Step::SiteSilent { site, silent: gone }]
            } else {
                Vec::new()
            };
        }
        (None, false) => {}
    }
    let over = told.and_then(|told| told.cleared_at);
    let fading = members.iter().filter(|one| one.is_fading()).map(|one| one.device.heard_at);
    let waits = is_site(together(fading.collect()), total);
    let due = members.iter().filter(|one| one.is_due(moment, over));
    // Where a whole site may be going, each device waits as long as the others may take to follow.
    let due = due.filter(|one| !waits || one.silence >= offline_after(one.device.heartbeat) + TOGETHER);
    due.map(|one| alert(one)).collect()
}

fn is_site(silent: usize, total: usize) -> bool {
    silent >= SITE_DEVICES_MIN && silent * SITE_SHARE > total
}

/// The most that fell silent within [`TOGETHER`].
fn together(mut heard: Vec<NaiveDateTime>) -> usize {
    heard.sort_unstable();
    let within = |(first, at): (usize, &NaiveDateTime)| {
        heard.get(first..).unwrap_or_default().partition_point(|other| *other - *at <= TOGETHER)
    };
    heard.iter().enumerate().map(within).max().unwrap_or(0)
}

fn alert(one: &Seen<'_>) -> Step {
    Step::Alert { device_id: one.device.id, silent_s: one.silence.num_seconds() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATION: Site = Site::Station(1);

    fn at(seconds: i64) -> NaiveDateTime {
        "2026-11-23T01:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::seconds(seconds)
    }

    fn device(id: i64, heard_s: i64) -> Watched {
        Watched {
            id,
            heartbeat: TimeDelta::seconds(30),
            site: Some(STATION),
            presence: PresenceState::Online,
            heard_at: at(heard_s),
            connected_at: None,
            is_owed: false,
            told_at: None,
            alert_is_active: false,
        }
    }

    fn steps(devices: &[Watched], now_s: i64) -> Vec<Step> {
        due(devices, &BTreeMap::new(), Moment { now: at(now_s), since: at(-10_000) })
    }

    #[test]
    fn silence_is_suspect_first_and_offline_later() {
        let alert = Step::Alert { device_id: 1, silent_s: 90 };
        for (now_s, expected) in [
            (44, vec![]),
            (45, vec![Step::Suspect(1)]),
            (89, vec![Step::Suspect(1)]),
            (90, vec![alert, Step::Offline(1)]),
        ] {
            assert_eq!(steps(&[device(1, 0)], now_s), expected, "{now_s} s");
        }
        let slow = Watched { heartbeat: TimeDelta::seconds(60), ..device(1, 0) };
        assert_eq!(steps(std::slice::from_ref(&slow), 179), [Step::Suspect(1)]);
        assert_eq!(steps(&[slow], 180).last(), Some(&Step::Offline(1)));
        let connected = Watched { connected_at: Some(at(0)), ..device(1, 0) };
        assert_eq!(steps(&[connected], 9_000), []);
    }

    #[test]
    fn silence_counts_from_when_we_could_hear() {
        let look = |since_s, now_s| {
            due(&[device(1, 0)], &BTreeMap::new(), Moment { now: at(now_s), since: at(since_s) })
        };
        assert_eq!(look(1_000, 1_044), []);
        assert_eq!(look(1_000, 1_045), [Step::Suspect(1)]);
        assert_eq!(look(1_000, 1_090).len(), 2);
    }

    #[test]
    fn a_device_that_comes_and_goes_is_told_once_an_hour() {
        let gone = |told_s: Option<i64>, is_owed| Watched {
            presence: PresenceState::Offline,
            is_owed,
            told_at: told_s.map(at),
            ..device(1, 0)
        };
        assert_eq!(steps(&[gone(Some(-3_000), true)], 100), []);
        assert_eq!(steps(&[gone(Some(-3_500), true)], 100), [Step::Alert { device_id: 1, silent_s: 100 }]);
        assert_eq!(steps(&[gone(None, false)], 100), [], "told already, or long before");
        let active = Watched { alert_is_active: true, ..gone(None, true) };
        assert_eq!(steps(&[active], 100), []);
    }

    #[test]
    fn many_at_once_are_one_alert_of_their_site() {
        let site: Vec<Watched> = (1..=10).map(|id| device(id, if id <= 3 { id * 20 } else { 150 })).collect();
        // The first could be told of alone; the others are about to follow.
        assert_eq!(steps(&site, 112), [Step::Offline(1), Step::Suspect(2), Step::Suspect(3)]);
        let told = steps(&site, 152);
        assert_eq!(told[0], Step::SiteSilent { site: STATION, silent: 3 });
        assert!(!told.iter().any(|step| matches!(step, Step::Alert { .. })), "{told:?}");
        // Three of sixteen are no site.
        let large: Vec<Watched> = (1..=16).map(|id| device(id, if id <= 3 { 0 } else { 150 })).collect();
        let told = steps(&large, 160);
        assert_eq!(told.iter().filter(|step| matches!(step, Step::Alert { .. })).count(), 3, "{told:?}");
        // Neither are two of two, nor three within two hours.
        assert!(!steps(&site[..2], 500).iter().any(|step| matches!(step, Step::SiteSilent { .. })));
        let apart: Vec<Watched> = (1..=3).map(|id| device(id, id * 61)).collect();
        assert!(!steps(&apart, 500).iter().any(|step| matches!(step, Step::SiteSilent { .. })));
    }

    #[test]
    fn a_site_that_waits_in_vain_lets_its_device_be_told() {
        let mut site: Vec<Watched> = vec![device(1, 0), device(2, 50), device(3, 55)];
        assert_eq!(steps(&site, 110), [Step::Offline(1), Step::Suspect(2), Step::Suspect(3)]);
        // The others are heard again.
        site[1].heard_at = at(111);
        site[2].heard_at = at(111);
        assert_eq!(steps(&site, 112), [Step::Alert { device_id: 1, silent_s: 112 }, Step::Offline(1)]);
    }

    #[test]
    fn a_site_that_returns_is_over_and_who_stays_silent_is_told_after_its_time() {
        let gone = |id| Watched { presence: PresenceState::Offline, is_owed: true, ..device(id, 0) };
        let mut told =
            BTreeMap::from([(STATION, SiteTold { alert_id: 7, raised_at: at(95), cleared_at: None })]);
        let look = |devices: &[Watched], told: &BTreeMap<Site, SiteTold>, now_s| {
            due(devices, told, Moment { now: at(now_s), since: at(-10_000) })
        };
        assert_eq!(look(&[gone(1), gone(2), gone(3)], &told, 1_000), [], "held");
        let back = [gone(1), gone(2), device(3, 1_000)];
        assert_eq!(look(&back, &told, 1_010), [Step::SiteBack { site: STATION, alert_id: 7 }]);
        told.insert(STATION, SiteTold { alert_id: 7, raised_at: at(95), cleared_at: Some(at(1_010)) });
        assert_eq!(look(&back, &told, 1_040), []);
        let alerts = look(&[gone(1), gone(2), device(3, 1_090)], &told, 1_100);
        assert_eq!(alerts.len(), 2, "{alerts:?}");
        // The same site within the hour: held, and told when the hour is over.
        let again = [gone(1), gone(2), gone(3)];
        assert_eq!(look(&again, &told, 1_200), []);
        assert_eq!(look(&again, &told, 95 + 3_600)[0], Step::SiteSilent { site: STATION, silent: 3 });
        // A site without devices is no longer silent.
        told.insert(STATION, SiteTold { alert_id: 7, raised_at: at(95), cleared_at: None });
        assert_eq!(look(&[], &told, 2_000), [Step::SiteBack { site: STATION, alert_id: 7 }]);
    }

    #[test]
    fn a_connection_that_lives_for_two_heartbeats_is_as_good_as_two_messages() {
        let back = Watched { presence: PresenceState::Offline, connected_at: Some(at(0)), ..device(1, -500) };
        assert_eq!(steps(std::slice::from_ref(&back), 59), []);
        assert_eq!(steps(&[back], 60), [Step::Online(1)]);
    }
}
