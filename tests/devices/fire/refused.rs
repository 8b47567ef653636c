//! What is refused: unknown senders, wrong bytes, commands that no panel sends; and settings and addresses that are wrong.

use std::time::Duration;

use songhe::access::{Place, Role};
use songhe::cli::simulate::{Acks, PanelArgs, SimulateArgs, run_panels};
use songhe::devices::gb26875::model::{Command, Content, Frame};
use songhe::devices::gb26875::{PanelInput, open_profiles, set_panel};
use songhe::devices::{DeviceKind, DevicePlace, disable_device};

use super::panel::{ADDRESS, Panel, add_panel, alerts_of, frames, gateway, gateway_with};
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

/// As often as a connection may be refused for a sender that nobody knows.
const STRANGE_MAX: usize = 20;

both!(an_unknown_sender_is_refused_counted_and_shown_to_the_city, |app| async {
    app.add_towns();
    let known = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut stranger = Panel::connect(app, address, "0a0b0c0d0e0f").await;
    let fire = stranger.component((1, 1), 3, "厨房");
    for sent in 1..=STRANGE_MAX {
        let answer = stranger.send(&fire).await;
        assert_eq!((answer.command, usize::from(answer.seq)), (Command::Deny, sent - 1));
        assert!(answer.data.is_empty(), "the standard's refusal says nothing");
    }
    assert!(stranger.read().await.is_none(), "whoever is refused so often is sent away");
    // The address of a known panel in the other order is another address.
    let mut reversed = Panel::connect(app, address, "060504030201").await;
    assert_eq!(reversed.send(&Content::Heartbeat).await.command, Command::Deny);
    assert!(frames(app, known).is_empty() && alerts_of(app, known).is_empty());

    app.add_user("hu", Role::CityManager, Place::City);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let page = app.login("hu").await.page("/fire-refusals?lang=en").await;
    for shown in ["0f0e0d0c0b0a", "Unknown address", ">20<", "010203040506", "127.0.0.1", "40 40 "] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = app.login("lin").await.page("/fire-refusals").await;
    assert!(!page.contains("0f0e0d0c0b0a"), "of no town: {page}");
    service.stop().await;
});

both!(wrong_bytes_are_refused_and_change_nothing, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let fire = panel.component((1, 1), 3, "厨房");
    let good = panel.frame(&fire);
    // A checksum that is off; a count that the length does not bear out; a command of the centre.
    let mut corrupt = good.encode();
    let at = corrupt.len() - 3;
    corrupt[at] ^= 1;
    let mut counted = good.clone();
    counted.data[1] = 2;
    let command = Frame { command: Command::Other(77), ..good.clone() };
    for bytes in [corrupt, counted.encode(), command.encode()] {
        panel.write(&bytes).await;
        let answer = panel.answer().await;
        assert_eq!((answer.command, answer.seq), (Command::Deny, 0));
    }
    assert!(frames(app, id).is_empty() && alerts_of(app, id).is_empty());
    // The frame as it should have been, right after one whose length runs over its end.
    let mut long = good.encode();
    long[24] = 200;
    panel.write(&[long, good.encode(), vec![0; 200]].concat()).await;
    assert_eq!(panel.answer().await.command, Command::Confirm);
    assert_eq!((frames(app, id).len(), alerts_of(app, id).len()), (1, 1));
    app.add_user("hu", Role::CityManager, Place::City);
    let page = app.login("hu").await.page("/fire-refusals?lang=en").await;
    for shown in ["Wrong checksum", "Lengths do not agree", "Command not taken"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    service.stop().await;
});

both!(a_length_that_is_wrong_holds_a_frame_back_for_a_moment_only, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let fire = panel.component((1, 1), 3, "厨房");
    let good = panel.frame(&fire).encode();
    let mut long = good.clone();
    long[25] = 3;
    panel.write(&[long, good].concat()).await;
    assert_eq!(panel.answer().await.command, Command::Confirm);
    assert_eq!(frames(app, id).len(), 1);
    service.stop().await;
});

both!(a_device_out_of_service_is_refused, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    panel.tell(&Content::Heartbeat).await;
    app.write(|tx| disable_device(tx, "FR-1"));
    let fire = panel.component((1, 1), 3, "厨房");
    assert_eq!(panel.send(&fire).await.command, Command::Deny);
    assert!(frames(app, id).is_empty() && alerts_of(app, id).is_empty());
    service.stop().await;
});

both!(a_refusal_says_why_where_the_dialect_has_it_so, |app| async {
    app.add_towns();
    add_panel(app, "FR-1", ADDRESS, 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profiles.toml");
    std::fs::write(&file, "[ours]\nbased_on = \"printed_address\"\ndeny_says_why = true\n").unwrap();
    let mut config = (*app.app.config).clone();
    config.fire.profiles_file = Some(file);
    "ours".clone_into(&mut config.fire.profile);
    let profiles = open_profiles(&config).unwrap_or_else(|error| panic!("{}", error.for_log()));
    let mut running = app.app.clone();
    running.fire_profiles = std::sync::Arc::new(profiles);
    config.fire.listen = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    running.config = std::sync::Arc::new(config);
    let service =
        songhe::devices::DeviceService::start(&running).await.unwrap_or_else(|e| panic!("{}", e.for_log()));
    let mut panel = Panel::connect(app, service.fire().unwrap(), ADDRESS).await;
    panel.source = panel.source.reversed();
    panel.tell(&Content::Heartbeat).await;
    let fire = panel.component((1, 1), 3, "厨房");
    let mut frame = panel.frame(&fire);
    frame.data[1] = 9;
    panel.write(&frame.encode()).await;
    let answer = panel.answer().await;
    assert_eq!(answer.command, Command::Deny);
    assert_eq!(songhe::devices::gb26875::model::text_of(&answer.data), "内容长度不符");
    service.stop().await;
});

/// Why the settings are refused.
fn refusal(app: &TestApp, set: impl FnOnce(&mut songhe::config::Config)) -> String {
    let mut config = (*app.app.config).clone();
    set(&mut config);
    open_profiles(&config).expect_err("these settings are refused").for_operator()
}

both!(settings_and_addresses_that_are_wrong_are_named, |app| async {
    app.add_towns();
    let text = refusal(app, |config| "acme".clone_into(&mut config.fire.profile));
    assert!(
        text.contains("fire.profile: there is no profile \"acme\"") && text.contains("standard"),
        "{text}"
    );
    let text = refusal(app, |config| config.fire.profiles_file = Some("nowhere.toml".into()));
    assert!(text.contains("fire.profiles_file: cannot read") && text.contains("nowhere.toml"), "{text}");
    std::fs::write(app.data_dir().join("bad.toml"), "[x]\nbased_on = \"standard\"\ncolour = 1\n").unwrap();
    let text = refusal(app, |config| config.fire.profiles_file = Some("bad.toml".into()));
    assert!(text.contains("fire.profiles_file: ") && text.contains("colour"), "{text}");

    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let station = app.add_station(1, None);
    app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    add_panel(app, "FR-2", "0a0b0c0d0e0f", 1);
    let refused = |code: &str, address: &str, profile: Option<&str>| {
        let input = PanelInput { address, profile };
        let set = |tx: &mut songhe::app::Tx<'_>| set_panel(tx, &app.app.fire_profiles, code, &input);
        let error = app.app.write_now(&songhe::access::Scope::system(), set).unwrap_err();
        error.fields.iter().map(|broken| broken.field).collect::<Vec<_>>()
    };
    for address in ["", "0102030405", "01020304050607", "01020304050g"] {
        assert_eq!(refused("FR-1", address, None), ["address"], "{address}");
    }
    assert_eq!(refused("FR-1", "0A0B0C0D0E0F", None), ["address"], "another panel has it");
    assert_eq!(refused("FR-1", ADDRESS, Some("acme")), ["profile"]);
    assert_eq!(refused("ST-1", "0a0b0c0d0e01", None), ["code"]);
    let stays = app.count(&format!(
        "SELECT count(*) AS n FROM fire_panels WHERE device_id = {id} AND address = '{ADDRESS}'"
    ));
    assert_eq!(stays, 1);
    // A panel whose dialect has gone stops the start of the gateway.
    app.write(|tx| {
        use diesel::connection::SimpleConnection;
        Ok(tx.connection.batch_execute("UPDATE fire_panels SET profile = 'gone'")?)
    });
    let mut running = app.app.clone();
    let mut config = (*running.config).clone();
    config.fire.listen = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    running.config = std::sync::Arc::new(config);
    let error = songhe::devices::DeviceService::start(&running).await.err().expect("refused").for_operator();
    assert!(
        error.contains("FR-1") && error.contains("\"gone\"") && error.contains("fire.profiles_file"),
        "{error}"
    );
});

both!(the_simulator_acts_as_a_panel, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway_with(app, |config| config.fire.frames_per_s = 1_000).await;
    let folder = tempfile::tempdir().unwrap();
    let oracle = folder.path().join("confirmed.jsonl");
    let args = SimulateArgs {
        broker: address,
        credentials: None,
        stations: None,
        fire: None,
        faults: 0.0,
        clock_skew: 0,
        acks: Acks::Broker,
        clockless: 0.0,
        rate: 20.0,
        seed: 3,
        sos_per_hour: 0.0,
        smoke_per_hour: 0.0,
        seconds: Some(2),
        oracle: Some(oracle.clone()),
        until_stdin_closes: false,
        panels: PanelArgs {
            gateway: Some(address),
            panel: vec![ADDRESS.to_owned()],
            fire_per_hour: 200_000.0,
            clock_ahead: -90,
            ..PanelArgs::default()
        },
    };
    let wrong = SimulateArgs {
        panels: PanelArgs { panel: vec!["12".to_owned()], ..args.panels.clone() },
        ..args.clone()
    };
    assert!(run_panels(wrong, address).unwrap_err().to_string().contains("twelve hexadecimal digits"));
    let running = tokio::task::spawn_blocking(move || run_panels(args, address));
    let report = tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap().unwrap();
    assert!(report.made > 10 && report.fires > 0 && report.clocks_set > 0, "{report}");
    assert_eq!((report.confirmed, report.kept, report.failures), (report.made, 0, 0), "{report}");
    assert_eq!(frames(app, id).len() as u64, report.made);
    assert_eq!(std::fs::read_to_string(&oracle).unwrap().lines().count() as u64, report.made);
    assert!(alerts_of(app, id).iter().any(|alert| alert.0 == "smoke"));
    service.stop().await;
});
