//! That a device came or went is not lost with the database: nobody says it a second time.

use std::time::Duration;

use songhe::devices::ingest::{What, Work};
use songhe::devices::{DeviceKind, PresenceState};

use super::{LIMIT, Rig, offline, presence, told};
use crate::devices::faults::full::{fill_up, make_room};
use crate::devices::live::rig::add_device;
use crate::support::app::both;
use crate::support::poll::until_async;

/// Longer than the writer tries before it refuses.
const REFUSED_WITHIN: Duration = Duration::from_mins(1);

both!(who_came_and_went_while_the_database_was_full_is_known_afterwards, |app| async {
    app.add_towns();
    let add = |code: &str| add_device(app, code, DeviceKind::SmartStation, 1);
    let (leaver, comer, flapper) = (add("ST-1"), add("ST-2"), add("ST-3"));
    let mut rig = Rig::start(app).await;
    let note = async |device_id: i64, what: What| {
        rig.ingest.note(Work { device_id, received_at: app.app.clock.now(), what }).await;
    };
    let came = |connection: i64| What::Connected { connection };
    let went = |connection: i64| What::Disconnected { connection, said: false };
    note(leaver, came(1)).await;
    note(comer, came(2)).await;
    note(comer, went(2)).await;
    note(flapper, came(3)).await;
    rig.ingest.settle().await.unwrap();
    assert_eq!(presence(app, comer), PresenceState::Suspect);

    fill_up(app, "devices");
    note(leaver, went(1)).await;
    note(comer, came(4)).await;
    for connection in 5..8 {
        note(flapper, went(connection - 2)).await;
        note(flapper, came(connection)).await;
    }
    note(flapper, went(7)).await;
    let refused = tokio::time::timeout(REFUSED_WITHIN, rig.ingest.settle()).await.unwrap();
    assert!(refused.is_err(), "what was noted before is not committed: {refused:?}");
    make_room(app, "devices");
    // And nothing more is brought.
    until_async(LIMIT, "who came and went is known", || async {
        (presence(app, leaver), presence(app, comer)) == (PresenceState::Suspect, PresenceState::Online)
    })
    .await;
    assert_eq!(presence(app, flapper), PresenceState::Suspect);
    until_async(LIMIT, "the database is known to work", || async {
        app.app.parts.report("devices")["ready"] == true
    })
    .await;
    // A look after the break begins anew; from then on silence counts.
    assert_eq!(rig.look_after(1_000).await, 0);
    assert_eq!(rig.look_after(89).await, 0);
    rig.look_after(1).await;
    assert_eq!(told(app), [offline(false), offline(false)]);
    let states = [leaver, comer, flapper].map(|id| presence(app, id));
    assert_eq!(states, [PresenceState::Offline, PresenceState::Online, PresenceState::Offline]);
    rig.stop().await;
});

both!(a_break_is_not_forgotten_when_it_cannot_be_written_down, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let mut rig = Rig::start(app).await;
    rig.hear(&[id]).await;
    rig.health.note_break();
    app.hand.advance(chrono::TimeDelta::seconds(200));
    fill_up(app, "presence_watch");
    assert!(rig.watcher.look().await.is_err());
    make_room(app, "presence_watch");
    assert_eq!(rig.watcher.look().await.unwrap(), 0);
    assert_eq!(presence(app, id), PresenceState::Online, "nobody listened meanwhile");
    assert_eq!(rig.look_after(44).await, 0);
    assert_eq!(rig.look_after(46).await, 2);
    assert_eq!(told(app), [offline(false)]);
    rig.stop().await;
});
