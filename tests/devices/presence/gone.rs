//! A whole district gone at once: told by site, and written a part at a time.

use songhe::devices::{DeviceKind, DevicePlace, PresenceState};

use super::{Rig, count, offline, told};
use crate::support::app::both;

const STATIONS: usize = 12;
const EACH: usize = 25;

both!(a_district_that_is_gone_is_one_alert_a_site_after_one_look, |app| async {
    app.add_towns();
    let mut all = Vec::new();
    for station in 0..STATIONS {
        let place = DevicePlace::Station(app.add_station(1, None));
        let add = |n| app.add_device(&format!("ST-{station}-{n}"), DeviceKind::SmartStation, 1, place);
        all.extend((0..EACH).map(add));
    }
    // Two of another station, which are too few for a site.
    let place = DevicePlace::Station(app.add_station(1, None));
    for code in ["ONE", "TWO"] {
        all.push(app.add_device(code, DeviceKind::SmartStation, 1, place));
    }
    let mut rig = Rig::start(app).await;
    rig.hear(&all).await;
    // Three devices of the first station stay; more than a fifth of it is gone all the same.
    app.hand.advance(chrono::TimeDelta::seconds(40));
    rig.hear(&all[..3]).await;
    assert_eq!(rig.look_after(20).await, all.len() - 3, "suspect");
    app.hand.advance(chrono::TimeDelta::seconds(30));
    rig.hear(&all[..3]).await;
    let gone = all.len() as i64 - 3;
    assert_eq!(rig.look_after(30).await as i64, gone + STATIONS as i64 + 2);
    assert_eq!(count(app, PresenceState::Offline), gone);
    let sites = vec![("site_silent".to_owned(), false); STATIONS];
    assert_eq!(told(app), [sites, vec![offline(false), offline(false)]].concat());
    assert_eq!(rig.look_after(1).await, 0, "nothing is left for a second look");
    rig.stop().await;
});
