//! The program starts anew and thousands of devices come back over connections of their own: nobody is called silent who is there.

use std::time::Duration;

use chrono::TimeDelta;
use songhe::devices::simulator::load::{Idle, Login, Target, Word};
use songhe::devices::{DeviceKind, DevicePlace, PresenceState};

use super::{count, offline, told};
use crate::devices::live::rig::embedded;
use crate::support::app::both;
use crate::support::equipment::TOKEN;
use crate::support::poll::until_async;

/// Both ends of every connection are in this process.
const DEVICES_MAX: usize = 1_500;
const AWAY: usize = 4;
const LIMIT: Duration = Duration::from_mins(2);

/// So many devices as this process may have files for.
fn devices_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let files: usize =
        line.split_whitespace().nth(3).and_then(|word| word.parse().ok()).unwrap_or(usize::MAX);
    DEVICES_MAX.min(files.saturating_sub(500) / 4)
}

both!(after_a_restart_with_real_connections_only_who_stays_away_is_missed, |app| async {
    app.add_towns();
    let devices = devices_max();
    let place = DevicePlace::Station(app.add_station(1, None));
    let logins: Vec<Login> = (0..devices)
        .map(|number| {
            let code = format!("D-{number}");
            app.add_device(&code, DeviceKind::SmartStation, 1, place);
            Login { code, token: TOKEN.to_owned() }
        })
        .collect();
    let (service, address) = embedded(app).await;
    let idle = Idle::open(Target { address, word: Word::Broker }, &logins).await.unwrap();
    until_async(LIMIT, "all are online", || async { count(app, PresenceState::Online) == devices as i64 })
        .await;
    service.stop().await;
    drop(idle);
    assert_eq!(count(app, PresenceState::Suspect), devices as i64);

    app.hand.advance(TimeDelta::seconds(600));
    let (service, address) = embedded(app).await;
    let look = async || service.look_for_silence().await.unwrap();
    for _ in 0..4 {
        app.hand.advance(TimeDelta::seconds(11));
        assert_eq!(look().await, 0);
    }
    let _idle = Idle::open(Target { address, word: Word::Broker }, &logins[AWAY..]).await.unwrap();
    let back = (devices - AWAY) as i64;
    until_async(LIMIT, "they are online", || async { count(app, PresenceState::Online) == back }).await;
    for _ in 0..10 {
        app.hand.advance(TimeDelta::seconds(11));
        look().await;
    }
    assert_eq!(told(app), vec![offline(false); AWAY], "only who stayed away");
    assert_eq!(count(app, PresenceState::Online), back);
    service.stop().await;
});
