//! A call for help that the database does not take stands on the open page all the same, and gives way to the stored alert.

use std::sync::mpsc;
use std::time::Duration;

use songhe::access::Role;
use songhe::db::Kind;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::{Alarm, AlarmKind, Header, Lane, TopicKind};

use super::driver::browse;
use super::examine;
use crate::devices::live::rig::encoded;
use crate::support::app::TestApp;
use crate::support::seed::{PASSWORD, town};

/// Longer than the writer tries before it refuses.
const AGAIN: Duration = Duration::from_secs(1);

#[test]
fn a_call_that_is_not_stored_yet_stands_on_the_page_until_it_is() {
    let Some(app) = TestApp::start(Kind::Sqlite) else { return };
    app.add_towns();
    let station = app.add_station(1, None);
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    app.add_user("duty", Role::DutyOfficer, town(1));
    browse("unstored_call", &app.base_url, async |browser| {
        let (writer, ingest, _to_devices) =
            Writer::start(&app.app, &Health::new(app.app.parts.clone(), "embedded"));
        let (release, held) = mpsc::channel::<()>();
        let (taken, holding) = mpsc::channel::<()>();
        browser.log_in("duty", PASSWORD).await;
        browser.open("/alerts?lang=zh-CN").await;
        browser.wait("document.documentElement.dataset.link === 'up'").await;
        let db = app.app.db.clone();
        let holder = std::thread::spawn(move || {
            let _ = db.write_now(|_| {
                let _ = taken.send(());
                let _ = held.recv();
                Ok(())
            });
        });
        holding.recv().unwrap();
        let call = || {
            let header =
                Header { boot_id: 1, lane: Lane::Live, seq: 0, monotonic_ms: 0, wall_ms: None, flags: 0 };
            let sos =
                Alarm { header, kind_code: AlarmKind::Sos.code(), raised: true, cause: None, attempt: 0 };
            let payload = encoded(|out| sos.encode(out).unwrap());
            Work::read(device, TopicKind::Alarm, payload.into(), app.app.clock.now())
        };
        let first = tokio::spawn({
            let (ingest, call) = (ingest.clone(), call());
            async move { ingest.submit(call).await }
        });
        let banner = "document.querySelector('#unstored-alerts .banner.bad')";
        browser.wait(&format!("{banner}?.textContent.includes('ST-1')")).await;
        // It is read out, seen, and fits; also on a phone and on a page that is opened only now.
        let role = "document.getElementById('unstored-alerts').getAttribute('aria-live') !== null || document.getElementById('unstored-alerts').getAttribute('role') === 'alert'";
        assert!(browser.holds(role).await, "it is read out");
        assert!(browser.holds(&format!("{banner}.getBoundingClientRect().height > 30")).await);
        browser.as_phone().await;
        browser.open("/devices?lang=en").await;
        browser.wait(&format!("{banner}?.textContent.includes('ST-1')")).await;
        assert_eq!(examine::overflow(browser).await, None);
        assert_eq!(examine::axe(browser).await, Vec::<String>::new());
        browser.as_desktop().await;
        browser.open("/alerts?lang=en").await;
        browser.wait(&format!("{banner}?.textContent.includes('ST-1')")).await;

        release.send(()).unwrap();
        holder.join().unwrap();
        let _ = first.await.unwrap();
        // A device repeats its call until it is stored.
        while ingest.submit(call()).await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
        browser.wait("document.querySelectorAll('#rows tbody tr').length === 1").await;
        browser.wait(&format!("{banner} === null")).await;
        writer.stop().await;
    });
}
