//! One chronological list for an elder, from every slice that knows something.

use songhe::access::{Place, Role};
use songhe::assessments::{Order, Reason, order};

use crate::support::app::{TestApp, both};
use crate::support::seed::{town, town_code};

/// The instants shown on a page of the timeline, in order, and where the next page is.
fn shown(page: &str) -> (Vec<String>, Option<String>) {
    let list = page.split("<ol class=\"timeline\">").nth(1).unwrap_or_default();
    let times = list.split("<time datetime=\"").skip(1);
    let times = times.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect();
    // The link to the other language holds the page's own address.
    let rest = page.split("</ol>").nth(1).unwrap_or_default();
    let next = rest.split("timeline?").nth(1).and_then(|rest| rest.split('"').next());
    (times, next.map(|query| query.replace("&amp;", "&").replace("&#38;", "&")))
}

fn seed(app: &TestApp) -> i64 {
    app.add_towns();
    let elder = app.add_elder(1);
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    for day in 1..=60 {
        let date = chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap() + chrono::Days::new(day);
        app.visited(elder, caregiver, &date.to_string());
    }
    let house = app.add_institution(1);
    let bed = app.add_bed(1, house);
    let code = town_code(1);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at, ends_at, ending) VALUES \
         ({bed}, {elder}, {house}, '{code}', '2026-01-01 00:00:00.000', '2026-03-01 00:00:00.000', 'discharge')"
    ));
    let blob = if app.kind() == songhe::db::Kind::Sqlite { "x'00'" } else { "'\\x00'" };
    app.taken(&format!(
        "INSERT INTO devices (code, kind, name, town_code, institution_id, token_hash, presence, presence_at, created_at) \
         VALUES ('D1', 'fire_sensor', '烟感', '{code}', {house}, {blob}, 'never', '2026-01-01 00:00:00.000', \
         '2026-01-01 00:00:00.000')"
    ));
    for at in ["2026-02-01", "2026-04-01"] {
        app.taken(&format!(
            "INSERT INTO alerts (device_id, town_code, institution_id, kind, channel, value, raised_at, cleared_at) SELECT id, \
             town_code, institution_id, 'smoke', 1, 1, '{at} 00:00:00.000', '{at} 01:00:00.000' FROM devices"
        ));
    }
    elder
}

both!(a_timeline_is_whole_in_order_and_paged, |app| async {
    let elder = seed(app);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let fields =
        [("call_order", "1"), ("contact_name", "甲"), ("relation", "child"), ("phone", "13900000001")];
    let path = format!("/elders/{elder}/timeline");
    assert_eq!(lin.post_form(&format!("/elders/{elder}/contacts"), &fields).await.status(), 303);
    let (mut all, mut pages) = (Vec::new(), 0);
    let mut next = Some(String::new());
    while let Some(query) = next {
        let (times, following) = shown(&lin.page(&format!("{path}?{query}")).await);
        all.extend(times);
        pages += 1;
        next = following;
    }
    // Sixty visits, a stay's begin and end, the one alert during the stay, the contact added.
    assert_eq!((all.len(), pages), (64, 2));
    assert!(all.windows(2).all(|pair| pair[0] >= pair[1]), "{all:?}");
    for (kind, count) in [("visit", 50), ("stay", 2), ("alert", 1), ("record", 1)] {
        assert_eq!(shown(&lin.page(&format!("{path}?kind={kind}")).await).0.len(), count, "{kind}");
    }
    assert_eq!(lin.status(&format!("{path}?kind=nonsense")).await, 422);
    assert_eq!(lin.status(&format!("{path}?before=x")).await, 422);
});

both!(a_timeline_shows_each_reader_what_their_roles_reach, |app| async {
    let elder = seed(app);
    let path = format!("/elders/{elder}/timeline");
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&path).await, 404);
    // A duty officer sees elders and alerts, and neither visits nor beds.
    let duty = app.user("duty", Role::DutyOfficer, town(1)).await;
    assert_eq!(shown(&duty.page(&path).await).0.len(), 1);
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert_eq!(shown(&wang.page(&format!("{path}?kind=visit")).await).0.len(), 50);
});

both!(steps_of_assessments_and_calls_are_on_the_timeline, |app| async {
    let elder = seed(app);
    let wanted = Order {
        elder_id: elder,
        scale: "gbt42195".to_owned(),
        reason: Reason::First,
        changed_on: None,
        due_on: None,
        note: String::new(),
    };
    app.write(|tx| order(tx, &app.app.assessing, &wanted));
    app.taken(&format!(
        "INSERT INTO follow_ups (visit_id, elder_id, town_code, kind, opened_at, due_at, owner, closed_at, closed_by, \
         contacted_at, whom, result, note) SELECT max(id), {elder}, '{}', 'second_contact', '2026-11-20 02:00:00.000', \
         '2026-11-20 04:00:00.000', 'lin', '2026-11-20 03:00:00.000', 'lin', '2026-11-20 02:30:00.000', 'family', 'well', \
         '不要显示' FROM visits",
        town_code(1)
    ));
    let path = format!("/elders/{elder}/timeline?lang=en");
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let page = lin.page(&format!("{path}&kind=assessment")).await;
    assert_eq!(shown(&page).0.len(), 1);
    assert!(page.contains("Ordered") && page.contains("/assessments/"), "{page}");
    let page = lin.page(&format!("{path}&kind=call")).await;
    assert_eq!(shown(&page).0, ["2026-11-20T10:30:00.000+08:00", "2026-11-20T10:00:00.000+08:00"]);
    assert!(page.contains("Second contact · Is well") && page.contains("Family · lin"), "{page}");
    assert!(!page.contains("不要显示"), "notes stay where they were written");
    let duty = app.user("duty", Role::DutyOfficer, town(1)).await;
    for kind in ["assessment", "call"] {
        assert_eq!(shown(&duty.page(&format!("{path}&kind={kind}")).await).0.len(), 0, "{kind}");
    }
});

both!(a_caregiver_of_another_town_is_masked, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let foreign = app.add_caregiver(2, app.add_provider(2));
    app.taken(&format!("UPDATE caregivers SET name = '王秀兰' WHERE id = {foreign}"));
    app.visited(elder, foreign, "2026-11-20");
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let page = lin.page(&format!("/elders/{elder}/timeline")).await;
    assert!(page.contains("王**") && !page.contains("王秀兰"), "{page}");
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert!(wang.page(&format!("/elders/{elder}/timeline")).await.contains("王秀兰"));
});
