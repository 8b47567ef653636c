//! Events that were committed while nobody listened arrive later, in order, and only within reach.

use std::time::Duration;

use serde_json::json;
use songhe::access::Role;
use songhe::bus::{Event, Topic, store};

use crate::support::app::{TestApp, both};
use crate::support::live::Live;
use crate::support::seed::{town, town_code};

const LIMIT: Duration = Duration::from_secs(10);

fn publish(app: &TestApp, place: usize, number: usize) -> i64 {
    app.write(|tx| {
        tx.publish(&Event::new(Topic::Visit, town_code(place), number, json!({ "number": number })))?;
        Ok(store::ends(tx.connection)?.1)
    })
}

both!(missed_events_arrive_in_order_and_only_within_reach, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    let seen = publish(app, 1, 1);
    let wanted: Vec<i64> = (2..20)
        .filter_map(|number| {
            let place = 1 + number % 3;
            let id = publish(app, place, number);
            (place == 1).then_some(id)
        })
        .collect();
    let mut live = Live::open(&lin, &format!("/live?after={seen}")).await;
    let mut arrived = Vec::new();
    for _ in &wanted {
        let event = live.next(LIMIT).await.expect("a missed event arrives");
        assert_eq!(event.name, "visit");
        arrived.push(event.id.unwrap());
    }
    assert_eq!(arrived, wanted);
    // What is committed from now on follows on the same stream, again only from town 1.
    publish(app, 2, 50);
    let next = publish(app, 1, 51);
    let event = live.next(LIMIT).await.expect("a new event arrives");
    assert_eq!((event.id, event.data.as_str()), (Some(next), r#"{"number":51}"#));
});

both!(a_write_that_fails_tells_nobody, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    let mut live = Live::open(&lin, "/live").await;
    let scope = songhe::access::Scope::system();
    let failed = app.app.write(&scope, |tx| {
        tx.publish(&Event::new(Topic::Visit, town_code(1), 1, json!({ "number": 1 })))?;
        Err::<(), _>(songhe::error::Error::not_found())
    });
    assert!(failed.await.is_err());
    publish(app, 1, 2);
    assert_eq!(live.next(LIMIT).await.unwrap().data, r#"{"number":2}"#);
});

both!(a_place_in_the_stream_that_is_gone_asks_for_a_reload, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    let newest = publish(app, 1, 1);
    let mut live = Live::open(&lin, &format!("/live?after={}", newest + 1_000)).await;
    assert_eq!(live.next(LIMIT).await.unwrap().name, "reload");
});
