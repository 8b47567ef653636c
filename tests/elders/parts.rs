//! What belongs to a record: eligibility and places with dates, contacts, wishes about caregivers, consents.

use reqwest::StatusCode;
use songhe::access::Role;
use songhe::elders::store::{categories_of, place_on, wishes_of};
use songhe::error::Code;

use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::seed::town;

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn eligible(elder: i64, from: &str, to: &str) -> String {
    let value = |day: &str| if day.is_empty() { "NULL".to_owned() } else { format!("'{day}'") };
    format!(
        "INSERT INTO elder_eligibility (elder_id, category_code, from_on, to_on, document_number, note) \
         VALUES ({elder}, 'lone', {}, {}, '', '')",
        value(from),
        value(to)
    )
}

fn place(elder: i64, kind: &str, from: &str, to: &str) -> String {
    let value = |day: &str| if day.is_empty() { "NULL".to_owned() } else { format!("'{day}'") };
    format!(
        "INSERT INTO elder_places (elder_id, kind, label, longitude, latitude, coordinate_source, from_on, to_on) \
         VALUES ({elder}, '{kind}', 'x', 118.6, 24.9, 'wgs84', {}, {})",
        value(from),
        value(to)
    )
}

#[track_caller]
fn overlaps(app: &TestApp, statement: &str) {
    let error = app.raw(statement).expect_err(statement);
    assert_eq!(error.code, Code::Taken, "{statement}: {}", error.for_log());
}

both!(a_category_is_held_once_at_a_time, |app| async {
    app.add_towns();
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    app.taken(&eligible(elder, "2026-03-01", "2026-06-01"));
    for (from, to) in [
        ("2026-03-01", "2026-06-01"),
        ("2026-05-31", "2026-07-01"),
        ("2026-01-01", "2026-03-02"),
        ("2026-04-01", "2026-04-02"),
        ("", ""),
        ("", "2026-03-02"),
        ("2026-05-31", ""),
    ] {
        overlaps(app, &eligible(elder, from, to));
    }
    app.refused(&eligible(elder, "2026-08-01", "2026-08-01"));
    app.refused(&eligible(elder, "2026-08-02", "2026-08-01"));
    app.taken(&eligible(elder, "", "2026-03-01"));
    app.taken(&eligible(elder, "2026-06-01", ""));
    app.taken(&eligible(other, "", ""));
    overlaps(app, "UPDATE elder_eligibility SET to_on = '2026-06-02' WHERE to_on = '2026-06-01'");
    app.refused("UPDATE elder_eligibility SET category_code = 'no_such' WHERE to_on = '2026-06-01'");
});

both!(a_place_is_the_only_one_of_its_layer, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    app.taken(&place(elder, "home", "2026-03-01", ""));
    app.taken(&place(elder, "second_home", "2026-04-01", "2026-05-01"));
    overlaps(app, &place(elder, "home", "2026-09-01", ""));
    overlaps(app, &place(elder, "other_place", "2026-04-30", ""));
    app.taken(&place(elder, "other_place", "2026-05-01", ""));
    overlaps(app, "UPDATE elder_places SET kind = 'home' WHERE kind = 'other_place'");
});

both!(what_is_held_changes_at_the_citys_midnight, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let name = app.name_of_elder(elder);
    app.taken(&eligible(elder, "2026-11-24", "2026-11-25"));
    app.add_user("lin", Role::Coordinator, town(1));
    // A session does not outlast the night.
    let listed = async || app.login("lin").await.page("/elders?category=lone").await.contains(&name);
    // 23:59:59 in the city is 15:59:59 UTC.
    app.hand.set("2026-11-23T15:59:59".parse().unwrap());
    assert!(!listed().await, "the evening before");
    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert!(listed().await, "from midnight on");
    app.hand.set("2026-11-24T15:59:59".parse().unwrap());
    assert!(listed().await, "to the last second");
    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert!(!listed().await, "the day after");
    let held = app.read(|connection| categories_of(connection, &[elder], day("2026-11-24")));
    assert_eq!(held[&elder].iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["lone"]);
    let held = app.read(|connection| categories_of(connection, &[elder], day("2026-11-25")));
    assert!(held.is_empty());
});

both!(an_elder_is_visited_at_the_place_of_the_day, |app| async {
    app.add_towns();
    let (elder, other) = (app.add_elder(1), app.add_elder(2));
    app.taken(&place(elder, "home", "2026-03-01", ""));
    app.taken(&place(elder, "second_home", "2026-04-01", "2026-05-01"));
    let where_on = |text: &str| {
        let places = app.read(|connection| place_on(connection, &[elder, other], day(text)));
        assert_eq!(places[&other].place_id, None);
        places[&elder]
    };
    assert_eq!((where_on("2026-02-28").place_id, where_on("2026-02-28").longitude), (None, 118.55));
    let home = where_on("2026-03-01");
    assert_eq!((home.place_id.is_some(), home.longitude), (true, 118.6));
    let second = where_on("2026-04-01").place_id;
    assert!(second.is_some() && second != home.place_id);
    assert_eq!(where_on("2026-04-30").place_id, second);
    assert_eq!(where_on("2026-05-01"), home);
});

async fn add(lin: &Client, path: &str, fields: &[(&str, &str)]) {
    location(&lin.post_form(path, fields).await);
}

both!(contacts_stand_in_call_order_and_show_their_phones_on_demand, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/elders/{elder}/contacts");
    for (order, name, phone) in [("2", "第二人", "13900000002"), ("1", "第一人", "13900000001")] {
        add(
            &lin,
            &path,
            &[("call_order", order), ("contact_name", name), ("relation", "child"), ("phone", phone)],
        )
        .await;
    }
    let page = lin.page(&format!("/elders/{elder}")).await;
    assert!(page.find("第一人").unwrap() < page.find("第二人").unwrap());
    assert!(!page.contains("1390000"));
    let clear = lin.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    let clear = expect(clear, StatusCode::OK).await;
    assert!(
        clear.contains("href=\"tel:13900000001\"") && clear.contains("href=\"tel:13900000002\""),
        "{clear}"
    );
    assert_eq!(app.audited("elder.unmask").len(), 1);
    // A change of one row keeps the number, and names the version.
    let one = app.count("SELECT id AS n FROM elder_contacts WHERE call_order = 1");
    let change = [("call_order", "3"), ("contact_name", "第一人"), ("relation", "spouse"), ("version", "1")];
    location(&lin.post_form(&format!("{path}/{one}"), &change).await);
    let late = lin.post_form(&format!("{path}/{one}"), &change).await;
    assert!(expect(late, StatusCode::CONFLICT).await.contains("lin"));
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_contacts WHERE phone_sealed IS NOT NULL"), 2);
    for wrong in [[("call_order", "0"), ("phone", "")], [("call_order", "1"), ("phone", "110")]] {
        let fields = [&wrong[..], &[("contact_name", "甲"), ("relation", "child")]].concat();
        expect(lin.post_form(&path, &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    // Another elder's row is not reached through this one.
    let other = app.add_elder(1);
    assert_eq!(lin.status(&format!("/elders/{other}/contacts/{one}/edit")).await, 404);
    location(&lin.post_form(&format!("{path}/{one}/remove"), &[("version", "2")]).await);
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_contacts"), 1);
    let rows = ["elder.add_part", "elder.change_part", "elder.remove_part"].map(|action| app.audited(action));
    assert_eq!(rows.each_ref().map(Vec::len), [2, 1, 1]);
    assert!(rows.iter().flatten().all(|(_, detail)| !detail.contains("1390000")));
});

both!(a_bar_needs_a_reason_and_says_who_set_it, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let foreign = app.add_caregiver(2, app.add_provider(2)).to_string();
    let id = caregiver.to_string();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/elders/{elder}/caregivers");
    for (caregiver, reason, rule) in [(&id, "", "Give the reason"), (&foreign, "x", "Choose one")] {
        let fields = [("caregiver_id", caregiver.as_str()), ("stance", "barred"), ("reason", reason)];
        let answer = lin.post_form(&format!("{path}?lang=en"), &fields).await;
        assert!(expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await.contains(rule));
    }
    add(&lin, &path, &[("caregiver_id", &id), ("stance", "barred"), ("reason", "亲属关系")]).await;
    let page = lin.page(&format!("/elders/{elder}")).await;
    assert!(page.contains("亲属关系") && page.contains("lin · 2026-11-23 09:00"), "{page}");
    let again = lin.post_form(&path, &[("caregiver_id", &id), ("stance", "preferred")]).await;
    expect(again, StatusCode::CONFLICT).await;
    let wishes = app.read(|connection| wishes_of(connection, &[elder]));
    assert_eq!(
        (&wishes[&elder].barred_caregivers, wishes[&elder].preferred_caregivers.len()),
        (&vec![caregiver], 0)
    );
    app.refused(&format!("UPDATE elder_caregivers SET reason = '' WHERE caregiver_id = {caregiver}"));
});

both!(a_consent_is_given_once_and_can_be_withdrawn, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/elders/{elder}/consents");
    let given = [("consent_kind", "photo"), ("given_on", "2026-11-20"), ("given_by", "本人")];
    add(&lin, &path, &given).await;
    expect(lin.post_form(&path, &given).await, StatusCode::CONFLICT).await;
    let one = app.count("SELECT id AS n FROM elder_consents");
    for (withdrawn, rule) in [("2026-11-19", "day it was given or later"), ("2026-11-24", "later than today")]
    {
        let fields = [&given[..], &[("withdrawn_on", withdrawn), ("version", "1")]].concat();
        let answer = lin.post_form(&format!("{path}/{one}?lang=en"), &fields).await;
        assert!(expect(answer, StatusCode::UNPROCESSABLE_ENTITY).await.contains(rule));
    }
    let fields = [&given[..], &[("withdrawn_on", "2026-11-23"), ("version", "1")]].concat();
    location(&lin.post_form(&format!("{path}/{one}"), &fields).await);
    assert!(lin.page(&format!("/elders/{elder}?lang=en")).await.contains("Withdrawn"));
    add(&lin, &path, &given).await;
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_consents"), 2);
    app.refused(&format!("UPDATE elder_consents SET withdrawn_on = NULL WHERE id = {one}"));
});

both!(an_overlap_is_told_in_the_form, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/elders/{elder}/eligibility?lang=en");
    let fields = [("category_code", "talent_parents"), ("from_on", "2026-01-01"), ("to_on", "")];
    add(&lin, &path, &fields).await;
    let again = expect(lin.post_form(&path, &fields).await, StatusCode::CONFLICT).await;
    assert!(again.contains("already holds this category"), "{again}");
    let wrong = [("category_code", "lone"), ("from_on", "2026-01-02"), ("to_on", "2026-01-02")];
    let wrong = expect(lin.post_form(&path, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(wrong.contains("ends after it begins"), "{wrong}");
    assert!(
        lin.page("/elders?lang=en&category=talent_parents").await.contains("Parents of recruited talent")
    );
});

both!(elders_not_seen_for_days_are_listed, |app| async {
    app.add_towns();
    let (seen, unseen) = (app.add_elder(1), app.add_elder(1));
    let provider = app.add_provider(1);
    let caregiver = app.add_caregiver(1, provider);
    app.visited(seen, caregiver, "2026-11-15");
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let names = [app.name_of_elder(seen), app.name_of_elder(unseen)];
    let listed = async |days: &str| {
        let page = lin.page(&format!("/elders?unseen_days={days}")).await;
        names.each_ref().map(|name| page.contains(&format!(">{name}<")))
    };
    assert_eq!(listed("7").await, [true, true]);
    assert_eq!(listed("8").await, [false, true]);
    assert_eq!(listed("14").await, [false, true]);
});
