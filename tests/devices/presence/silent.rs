//! A device without power says no goodbye, and its connection does not end by itself.

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::clock::Instant;
use songhe::db::schema::devices;
use songhe::devices::{DeviceKind, PresenceState};

use super::{LIMIT, offline, presence, told};
use crate::devices::client::Version;
use crate::devices::live::rig::{add_device, embedded};
use crate::devices::raw::RawClient;
use crate::support::app::both;
use crate::support::equipment::TOKEN;
use crate::support::poll::until_async;

both!(silence_counts_from_the_last_word_and_not_from_the_end_of_the_connection, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let _held = RawClient::connect_keeping(Version::V3, address, ("ST-1", TOKEN), 6).await;
    until_async(LIMIT, "online", || async { presence(app, id) == PresenceState::Online }).await;
    app.hand.advance(TimeDelta::seconds(300));
    // The broker's own clock runs: nine seconds later it gives the connection up.
    until_async(LIMIT, "suspect", || async { presence(app, id) == PresenceState::Suspect }).await;
    let heard: Option<Instant> =
        app.read(|connection| Ok(devices::table.find(id).select(devices::last_seen_at).first(connection)?));
    assert_eq!(heard, Some(app.app.clock.now() - TimeDelta::seconds(9)));
    app.hand.advance(TimeDelta::seconds(80));
    assert_eq!(service.look_for_silence().await.unwrap(), 0);
    app.hand.advance(TimeDelta::seconds(1));
    service.look_for_silence().await.unwrap();
    assert_eq!((presence(app, id), told(app)), (PresenceState::Offline, vec![offline(false)]));
    service.stop().await;
});

both!(nobody_may_be_silent_for_longer_than_a_device_may_be_gone, |app| async {
    app.add_towns();
    for code in ["ST-1", "ST-2", "ST-3"] {
        add_device(app, code, DeviceKind::SmartStation, 1);
    }
    let (service, address) = embedded(app).await;
    let asked = async |version, code, keep_alive_s| {
        RawClient::answer_to(version, address, (code, TOKEN), keep_alive_s).await
    };
    assert_eq!(asked(Version::V3, "ST-1", 60).await.unwrap()[1], 0);
    let refused = asked(Version::V3, "ST-2", 61).await;
    assert!(refused.as_ref().is_none_or(|answer| answer[1] != 0), "{refused:?}");
    let told = asked(Version::V5, "ST-3", 61).await.unwrap();
    assert_eq!(told[1], 0);
    // The property of the server's keep-alive.
    assert!(told.windows(3).any(|part| part == [0x13, 0, 60]), "{told:?}");
    service.stop().await;
});
