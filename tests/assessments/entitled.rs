//! What an elder is entitled to follows from the level in force, and from what categories speak of where there is none.

use songhe::access::Role;

use super::help::{ABILITY, in_force};
use crate::support::app::both;
use crate::support::seed::town;

both!(the_level_in_force_counts_before_what_a_category_speaks_of, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    app.taken(&format!("UPDATE elders SET categories = 'minimum_living,semi_disabled' WHERE id = {elder}"));
    app.add_user("lin", Role::Coordinator, town(1));
    let month =
        async |month: &str| app.login("lin").await.page(&format!("/entitlements?month={month}")).await;
    // Semi-disabled speaks of a moderate loss: twenty hours with the minimum living allowance.
    assert!(month("2026-11").await.contains("20 小时（待确认）"));
    in_force(app, elder, ABILITY, &[]);
    // Intact: the fifteen hours of any level.
    let page = month("2026-11").await;
    assert!(page.contains("15 小时（待确认）") && !page.contains("20 小时"), "{page}");
    assert!(month("2026-10").await.contains("20 小时（待确认）"), "it was not in force in October");
    app.hand.advance(chrono::TimeDelta::days(1));
    in_force(app, elder, ABILITY, &[("walking", 0), ("stairs", 0), ("bathing", 0), ("eating", 0)]);
    let level: String = app.read(|connection| {
        let levels =
            songhe::assessments::levels_on(connection, &[elder], ABILITY, "2026-11-30".parse().unwrap());
        Ok(levels?.remove(&elder).unwrap_or_default())
    });
    assert_ne!(level, "intact");
    // A category that ended in October is not held in November.
    app.taken("UPDATE elder_eligibility SET to_on = '2026-11-01' WHERE category_code = 'minimum_living'");
    let page = month("2026-11").await;
    assert!(page.contains("15 小时（待确认）"), "semi-disabled alone: {page}");
    app.taken("UPDATE elder_eligibility SET to_on = '2026-11-01' WHERE category_code = 'semi_disabled'");
    assert!(!month("2026-11").await.contains("15 小时"));
    assert!(month("2026-10").await.contains("20 小时（待确认）"));
});
