//! Who sees which elder, and that personal data is behind a mask and every look at it in the audit chain.

mod cards;
mod documents;
mod limits;
mod named;
mod parts;
mod readings;
mod record;
mod timeline;

use reqwest::StatusCode;
use songhe::access::{Place, Role, audit};

use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::people::{ADDRESS, IDENTITY, PHONE};
use crate::support::seed::town;

both!(personal_data_shows_once_on_demand_and_leaves_a_trace, |app| async {
    app.add_towns();
    let elder = app.add_sealed_elder(1, IDENTITY);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let page = lin.page(&format!("/elders/{elder}")).await;
    assert!(page.contains("350582********1234") && page.contains("138****1234"), "{page}");
    assert!(!page.contains(IDENTITY) && !page.contains(PHONE) && !page.contains(ADDRESS));
    assert!(app.audited("elder.unmask").is_empty());

    let clear = lin.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    assert_eq!(clear.headers()["cache-control"], "no-store");
    let clear = expect(clear, StatusCode::OK).await;
    assert!(clear.contains(IDENTITY) && clear.contains(PHONE) && clear.contains(ADDRESS), "{clear}");
    let again = lin.page(&format!("/elders/{elder}")).await;
    assert!(!again.contains(IDENTITY));
    let rows = app.audited("elder.unmask");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, elder.to_string());
    assert!(!rows[0].1.contains(IDENTITY) && !rows[0].1.contains(PHONE));

    // A city manager sees elders, but not their personal data.
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert!(wang.page(&format!("/elders/{elder}")).await.contains("350582********1234"));
    let refused = wang.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let verdict = app.read(|connection| audit::verify(connection, app.keys(), None));
    assert!(matches!(verdict, audit::Verdict::Whole { .. }), "{verdict:?}");
});

both!(an_elder_of_a_foreign_town_does_not_exist, |app| async {
    app.add_towns();
    let elder = app.add_sealed_elder(1, IDENTITY);
    let name = app.name_of_elder(elder);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&format!("/elders/{elder}")).await, 404);
    let personal = hong.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    assert_eq!(personal.status(), StatusCode::NOT_FOUND);
    assert!(!hong.page("/elders").await.contains(&name));
    let found = hong.post_form("/elders/find", &[("identity", IDENTITY)]).await;
    let found = expect(found, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(!found.contains(&name));
    assert!(app.audited("elder.unmask").is_empty());
    assert_eq!(app.audited("elder.look_up"), [(String::new(), "{\"found\":false}".to_owned())]);

    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let chen = app.user("chen", Role::Caregiver, Place::Own(caregiver)).await;
    assert_eq!(chen.status("/elders").await, 403);
    assert_eq!(chen.status(&format!("/elders/{elder}")).await, 403);
});

both!(an_identity_number_finds_its_elder_and_is_not_written_down, |app| async {
    app.add_towns();
    let elder = app.add_sealed_elder(1, "35058219401301123X");
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let found = lin.post_form("/elders/find", &[("identity", " 35058219401301123x ")]).await;
    assert_eq!(location(&found), format!("/elders/{elder}"));
    let wrong = lin.post_form("/elders/find", &[("identity", "123")]).await;
    assert!(expect(wrong, StatusCode::UNPROCESSABLE_ENTITY).await.contains("18"));
    assert_eq!(app.audited("elder.look_up"), [(elder.to_string(), "{\"found\":true}".to_owned())]);
});

both!(an_institution_reaches_its_residents_until_thirty_days_after, |app| async {
    app.add_towns();
    let (home, other) = (app.add_institution(1), app.add_institution(1));
    let bed = app.add_bed(1, home);
    let elder = app.add_elder(2);
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(home)).await;
    let stranger = app.user("stranger", Role::InstitutionManager, Place::Institution(other)).await;
    let path = format!("/elders/{elder}");
    assert_eq!(manager.status(&path).await, 404);
    let stay = |ends_at: &str| {
        format!(
            "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, ends_at) \
             VALUES ({bed}, {elder}, {home}, '350582001', '2026-01-01 00:00:00', {ends_at})"
        )
    };
    app.taken(&stay("NULL"));
    assert_eq!((manager.status(&path).await, stranger.status(&path).await), (200, 404));
    app.taken("DELETE FROM stays");
    app.taken(&stay("'2026-10-24 01:00:01'"));
    assert_eq!(manager.status(&path).await, 200, "a second short of thirty days");
    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(manager.status(&path).await, 404, "thirty days after");
});

both!(filters_take_a_category_whole, |app| async {
    app.add_towns();
    let names: Vec<String> = ["disabled", "semi_disabled,lone", "lone,disabled", ""]
        .into_iter()
        .map(|categories| {
            let id = app.add_elder(1);
            app.taken(&format!("UPDATE elders SET categories = '{categories}' WHERE id = {id}"));
            app.name_of_elder(id)
        })
        .collect();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let mut shown = Vec::new();
    for category in ["disabled", "semi_disabled", "lone", "dementia", "nonsense"] {
        let page = lin.page(&format!("/elders?category={category}")).await;
        let listed = |name: &&String| page.contains(&format!(">{name}<"));
        shown.push(
            names
                .iter()
                .filter(listed)
                .map(|name| names.iter().position(|one| one == name))
                .collect::<Vec<_>>(),
        );
    }
    let wanted = vec![vec![Some(0), Some(2)], vec![Some(1)], vec![Some(1), Some(2)], vec![], vec![]];
    assert_eq!(shown, wanted);
});
