//! Lateness is noticed once for each threshold, whatever is restarted and however the clock jumps.

use chrono::TimeDelta;
use songhe::access::Role;
use songhe::visits::late::notice_due;
use songhe::visits::{Step, assign, progress};

use super::planned;
use crate::support::app::{TestApp, both};
use crate::support::seed::town;

fn notices(app: &TestApp, kind: &str) -> i64 {
    app.count(&format!("SELECT count(*) AS n FROM visit_notices WHERE kind = '{kind}'"))
}

async fn look(app: &TestApp) {
    notice_due(&app.app).await.unwrap_or_else(|error| panic!("{}", error.for_log()));
}

both!(each_threshold_is_noticed_once_across_restarts_and_jumps, |app| async {
    app.add_towns();
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let id = planned(app, app.add_elder(1), (600, 720));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    let unassigned = planned(app, app.add_elder(1), (600, 720));
    app.add_user("lin", Role::Coordinator, town(1));
    app.hand.advance(TimeDelta::minutes(74));
    look(app).await;
    assert_eq!(notices(app, "late_15"), 0, "fourteen minutes are not late");
    app.hand.advance(TimeDelta::minutes(1));
    look(app).await;
    assert_eq!((notices(app, "late_15"), notices(app, "late_30")), (2, 0));
    // Another process looks at the same moment, and this one again; then the clock jumps far ahead and back.
    let replica = app.replica(|_| {});
    look(&replica).await;
    look(app).await;
    app.hand.advance(TimeDelta::minutes(300));
    look(app).await;
    app.hand.advance(TimeDelta::minutes(-280));
    look(app).await;
    drop(replica);
    let lin = app.login("lin").await;
    assert_eq!(["late_15", "late_30", "late_60"].map(|kind| notices(app, kind)), [2, 2, 2]);
    let page = lin.page("/visits/day").await;
    assert!(page.contains(&format!("/visits/{id}\"")) && page.contains(&format!("/visits/{unassigned}\"")));
    assert!(page.contains("晚 35 分钟"), "{page}");
    app.write(|tx| progress(tx, id, 2, &Step::Arrive));
    let page = lin.page("/visits/day").await;
    assert!(!page.contains(&format!("/visits/{id}\"")), "whoever has come is not late any more");
    // The visit was to end at half past ten; half an hour more is borne.
    app.hand.advance(TimeDelta::minutes(24));
    look(app).await;
    assert_eq!(notices(app, "overrun"), 0);
    app.hand.advance(TimeDelta::minutes(1));
    look(app).await;
    look(app).await;
    assert_eq!(notices(app, "overrun"), 1);
    assert!(lin.page(&format!("/visits/{id}")).await.contains("迟到 1 小时"), "the story tells it");
});

both!(an_unanswered_follow_up_is_noticed_once, |app| async {
    app.add_towns();
    let id = planned(app, app.add_elder(1), (600, 720));
    let fail = Step::Fail { reason: "nobody_home".to_owned(), note: String::new() };
    app.write(|tx| progress(tx, id, 1, &fail));
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    assert!(lin.page("/visits/day").await.contains("待办"));
    app.hand.advance(TimeDelta::minutes(121));
    look(app).await;
    look(app).await;
    assert_eq!((notices(app, "contact_due"), notices(app, "welfare_due")), (1, 1));
    app.hand.advance(TimeDelta::minutes(60));
    assert!(app.login("lin").await.page("/visits/day").await.contains("已升级"), "it climbs by itself");
});
