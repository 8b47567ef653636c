//! The same seed gives the same city, at any size; a city that is there is never made over.

use songhe::demo::{DemoOptions, Holding, ensure_today, generate, holding, logins};

use super::digest::digest;
use super::{make, summary};
use crate::support::app::{TestApp, both};

const SMALL: f64 = 0.01;

/// The digest of a small city of `seed` in a database of its own.
fn small_city(beside: &TestApp, seed: u64) -> String {
    let other = TestApp::start(beside.kind()).unwrap();
    make(&other.app, seed, SMALL);
    other.app.db.read_now(digest).unwrap()
}

both!(the_same_seed_gives_the_same_city_and_another_seed_another, |app| async {
    make(&app.app, 7, SMALL);
    let here = app.app.db.read_now(digest).unwrap();
    assert_eq!(here, small_city(app, 7));
    assert_ne!(here, small_city(app, 8));
});

both!(a_small_city_has_one_of_everything, |app| async {
    let counts = make(&app.app, 1, SMALL);
    assert_eq!((counts.towns, counts.stations, counts.clients, counts.devices), (19, 3, 20, 4));
    let total = summary(&app.app).total;
    for kind in ["welfare_centre", "public_built", "public", "private", "village_home", "embedded"] {
        assert_eq!(total.operating_of(kind), 1, "{kind}");
    }
    assert!(total.institutions_in("under_construction") >= 1 && total.rehabilitation_beds >= 1);
});

both!(a_city_that_is_there_is_refused_and_known_for_what_it_is, |app| async {
    assert_eq!(app.app.db.read_now(holding).unwrap(), Holding::Nothing);
    make(&app.app, 3, SMALL);
    assert_eq!(app.app.db.read_now(holding).unwrap(), Holding::Demo(DemoOptions { seed: 3, scale: SMALL }));
    let before = app.app.db.read_now(digest).unwrap();
    assert!(generate(&app.app, &DemoOptions { seed: 4, scale: SMALL }).is_err());
    assert_eq!(app.app.db.read_now(digest).unwrap(), before);
});

both!(somebodys_city_is_no_demo, |app| async {
    app.add_towns();
    assert_eq!(app.app.db.read_now(holding).unwrap(), Holding::Real);
    assert!(generate(&app.app, &DemoOptions::default()).is_err());
});

both!(a_later_day_gets_its_visits_once_whatever_the_hour, |app| async {
    make(&app.app, 1, 0.05);
    app.hand.advance(chrono::TimeDelta::hours(24 * 4 + 13));
    assert!(ensure_today(&app.app, 1).unwrap() > 0);
    let total = summary(&app.app).total;
    assert!(total.visits_in_all() > 30, "{:?}", total.visits);
    assert!(total.visits_in("done") + total.visits_in("arrived") > 0, "{:?}", total.visits);
    assert_eq!(ensure_today(&app.app, 1).unwrap(), 0);
});

both!(the_password_of_the_printed_logins_lets_in, |app| async {
    make(&app.app, 1, SMALL);
    let found = logins(&app.app).unwrap();
    assert_eq!(found.logins.len(), 8);
    for login in &found.logins {
        let hash =
            app.app.db.read_now(|connection| songhe::access::store::find_by_login(connection, &login.login));
        let hash = hash.unwrap().unwrap().password_hash;
        assert!(app.app.passwords.verify(found.password.clone(), hash).await.unwrap(), "{}", login.login);
    }
});

/// Every hour of a day is one at which something happens.
#[test]
fn a_city_made_at_any_hour_has_visits_under_way() {
    for hour in [0, 5, 12, 16, 20, 23] {
        let app = TestApp::start(songhe::db::Kind::Sqlite).unwrap();
        app.hand.advance(chrono::TimeDelta::hours(hour));
        make(&app.app, 1, 0.2);
        let total = summary(&app.app).total;
        assert!(total.visits_in("arrived") > 0, "{hour} hours after nine: {:?}", total.visits);
    }
}
