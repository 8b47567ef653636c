//! As many connections as are allowed, and as many frames: one less, exactly so many, one more.

use std::time::{Duration, Instant};

use songhe::devices::gb26875::model::{Command, Content};
use tokio::io::AsyncWriteExt;

use super::panel::{ADDRESS, Panel, add_panel, frames, gateway_with};
use crate::devices::gate::within;
use crate::support::app::both;

const CONNECTIONS: usize = 3;
const FRAMES: u32 = 10;

both!(one_connection_above_the_limit_is_closed, |app| async {
    app.add_towns();
    add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) =
        gateway_with(app, |config| config.fire.connections_max = CONNECTIONS as u32).await;
    let mut panels = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut panel = Panel::connect(app, address, ADDRESS).await;
        panel.tell(&Content::Heartbeat).await;
        panels.push(panel);
    }
    let mut above = Panel::connect(app, address, ADDRESS).await;
    assert!(within(above.read()).await.is_none(), "closed at once");
    for panel in &mut panels {
        panel.tell(&Content::Heartbeat).await;
    }
    // The place of one that goes is free again.
    drop(panels.pop());
    within(async {
        loop {
            let mut panel = Panel::connect(app, address, ADDRESS).await;
            let frame = panel.frame(&Content::Heartbeat).encode();
            if panel.stream.write_all(&frame).await.is_ok() && panel.read().await.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    service.stop().await;
});

both!(frames_above_the_rate_are_held_back_and_never_refused, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway_with(app, |config| config.fire.frames_per_s = FRAMES).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let started = Instant::now();
    let mut bytes = Vec::new();
    for place in 1..=3 * u16::try_from(FRAMES).unwrap() {
        let content = panel.component((1, place), 1, "");
        bytes.extend(panel.frame(&content).encode());
    }
    panel.write(&bytes).await;
    for seq in 0..3 * FRAMES {
        let answer = panel.answer().await;
        assert_eq!((answer.command, u32::from(answer.seq)), (Command::Confirm, seq));
    }
    // So many at once, the others one after another: two seconds for twice as many.
    assert!(started.elapsed() >= Duration::from_millis(1_900), "{:?}", started.elapsed());
    assert_eq!(frames(app, id).len(), 3 * FRAMES as usize);
    service.stop().await;
});

both!(a_frame_of_the_greatest_length_is_taken, |app| async {
    app.add_towns();
    let id = add_panel(app, "FR-1", ADDRESS, 1);
    let (service, address) = gateway_with(app, |_| {}).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    for length in [1_023, 1_024] {
        panel.tell(&Content::Other { kind: 200, bytes: vec![7; length - 1] }).await;
    }
    let lengths: Vec<usize> = frames(app, id).iter().map(|frame| frame.1.len()).collect();
    assert_eq!(lengths, [1_053, 1_054]);
    let mut frame = panel.frame(&Content::Heartbeat).encode();
    frame[24..26].copy_from_slice(&1_025_u16.to_le_bytes());
    panel.write(&frame).await;
    panel.tell(&Content::Heartbeat).await;
    assert_eq!(frames(app, id).len(), 2);
    service.stop().await;
});
