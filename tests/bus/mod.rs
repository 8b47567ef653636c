//! Live events between replicas: through Redis promptly, without it all the same.

use std::sync::Arc;
use std::time::Duration;

use songhe::bus::{Bus, Event, Stored, Topic, store};
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;

use crate::support::app::{TestApp, both};
use crate::support::services;

const LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);

/// Commits one event, as any replica does.
async fn publish(app: &TestApp) {
    let now = app.app.clock.now();
    let event = Event::new(Topic::Registry, "350582001", 1, serde_json::json!({}));
    app.app.db.write(move |connection| store::insert(connection, now, &event)).await.unwrap();
}

fn redis_wakes() -> u64 {
    let shown = songhe::metrics::handle().render();
    let line = shown.lines().find_map(|line| line.strip_prefix("songhe_bus_redis_wakes_total "));
    line.map_or(0, |count| count.parse().unwrap())
}

/// Commits events until one of them was heard and `enough` holds; false when that takes too long.
async fn hear(
    app: &TestApp,
    near: &Bus,
    heard: &mut Receiver<Arc<Stored>>,
    enough: impl Fn() -> bool,
) -> bool {
    let mut told = false;
    let listening = async {
        while !(told && enough()) {
            publish(app).await;
            near.wake();
            let event = tokio::time::timeout(PAUSE, heard.recv()).await;
            told |= event.is_ok_and(|event| event.is_ok_and(|event| event.topic == Topic::Registry));
        }
    };
    tokio::time::timeout(LIMIT, listening).await.is_ok()
}

both!(replicas_wake_each_other_through_redis, |app| async {
    let Some(url) = services::redis_url() else { return };
    let (near, far) = (Bus::over_redis(&url).unwrap(), Bus::over_redis(&url).unwrap());
    let (stop, stopped) = watch::channel(false);
    let mut heard = far.subscribe();
    let running = [near.clone(), far]
        .map(|bus| tokio::spawn(bus.run(app.app.db.clone(), app.app.clock.clone(), stopped.clone())));
    let before = redis_wakes();
    let told = hear(app, &near, &mut heard, || redis_wakes() > before).await;
    assert!(told, "in vain for a wake-up through Redis and an event");
    stop.send(true).unwrap();
    for task in running {
        task.await.unwrap();
    }
});

both!(events_of_another_replica_arrive_while_redis_is_away, |app| async {
    // Nothing listens there.
    let bus = Bus::over_redis("redis://127.0.0.1:1").unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut heard = bus.subscribe();
    let running = tokio::spawn(bus.clone().run(app.app.db.clone(), app.app.clock.clone(), stopped));
    let told = hear(app, &bus, &mut heard, || true).await;
    assert!(told, "in vain for an event by polling alone");
    stop.send(true).unwrap();
    running.await.unwrap();
});
