//! The board page: whole for the city manager, narrowed by town, one's own for everyone else.

use songhe::access::{Permission, Place, Role};
use songhe::demo::logins;

use super::make;
use crate::support::app::both;

both!(each_reader_sees_the_figures_of_their_places, |app| async {
    make(&app.app, 1, 0.1);
    app.add_user("wu", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, Place::Town("350582101".to_owned()));
    app.add_user("house", Role::InstitutionManager, Place::Institution(1));
    assert_eq!(logins(&app.app).unwrap().logins.len(), 8);

    let city = app.login("wu").await.page("/board").await;
    assert!(city.contains("figure-beds_per_1000") && city.contains("/board?town=350582101"));
    let narrowed = app.login("wu").await.page("/board?town=350582101").await;
    assert!(!narrowed.contains("figure-beds_per_1000") && narrowed.contains("board-back"));
    let own = app.login("lin").await;
    let own_board = own.page("/board").await;
    assert!(own_board.contains("figure-stations") && !own_board.contains("town=350582001"));
    assert_eq!(own.status("/board?town=350582001").await, 404);
    let house = app.login("house").await.page("/board").await;
    assert!(house.contains("figure-occupancy") && !house.contains("figure-stations"));
});

both!(a_board_kept_in_memory_follows_what_is_committed, |app| async {
    make(&app.app, 1, 0.1);
    app.add_user("wu", Role::CityManager, Place::City);
    let wu = app.login("wu").await;
    let first = wu.page("/board").await;
    assert_eq!(shown_beds(&first), shown_beds(&wu.page("/board").await));
    app.write(|tx| {
        let mut closed = songhe::registry::institutions::store::get_institution(
            tx.connection,
            tx.scope,
            Permission::EditInstitution,
            1,
        )?
        .input();
        closed.state = songhe::registry::institutions::InstitutionState::Closed;
        songhe::registry::institutions::change(tx, 1, 1, &closed)
    });
    let limit = std::time::Duration::from_secs(10);
    crate::support::poll::until_async(limit, "the board to follow", async || {
        shown_beds(&wu.page("/board").await) != shown_beds(&first)
    })
    .await;
});

/// The number on the tile of beds.
fn shown_beds(page: &str) -> String {
    let tile = page.split("id=\"figure-beds-rows\"").nth(1).unwrap();
    tile.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()
}
