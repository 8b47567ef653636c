//! Filter, sort, page and export; every list keeps to the asker's towns.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use diesel::prelude::*;
use reqwest::StatusCode;
use songhe::db::schema::stations;

use super::add_people;
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect};
use crate::support::seed::{town_code, village_code};

/// The first sheet of a workbook as texts.
async fn sheet(client: &Client, path: &str) -> Vec<Vec<String>> {
    let response = client.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let bytes = response.bytes().await.unwrap().to_vec();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

fn rename(app: &TestApp, id: i64, name: &str, services: &str) {
    app.write(|tx| {
        diesel::update(stations::table.filter(stations::id.eq(id)))
            .set((stations::name.eq(name), stations::services.eq(services)))
            .execute(tx.connection)?;
        Ok(())
    });
}

/// Where each text stands in the page; panics for one that is not there.
fn order(page: &str, texts: &[&str]) -> Vec<usize> {
    texts.iter().map(|text| page.find(text).unwrap_or_else(|| panic!("{text} is not on the page"))).collect()
}

both!(stations_are_filtered_sorted_and_exported, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    let (first, second) = (app.add_station(1, Some(provider)), app.add_station(3, None));
    rename(app, first, "A-station", "meals,day_care");
    rename(app, second, "B-station", "culture");
    let wu = app.login("wu").await;

    for (query, wanted) in [
        ("", [true, true]),
        ("?q=A-st", [true, false]),
        ("?q=%25", [false, false]),
        ("?service=day_care", [true, false]),
        ("?service=care", [false, false]),
        ("?service=culture", [false, true]),
        ("?town=350582112", [false, true]),
        ("?smart=false", [false, false]),
        (&format!("?provider={provider}"), [true, false]),
        (&format!("?village={}", village_code(3)), [false, true]),
    ] {
        let page = wu.page(&format!("/stations{query}")).await;
        assert_eq!([page.contains("A-station"), page.contains("B-station")], wanted, "{query}");
    }
    let page = wu.page("/stations?sort=-name").await;
    assert!(order(&page, &["B-station", "A-station"]).is_sorted());

    let rows = sheet(&wu, "/stations.xlsx?sort=name&lang=en").await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][..3], ["Name", "Town", "Village"]);
    assert_eq!(rows[1][..3], ["A-station", "Qingyang", "前村"]);
    assert_eq!(rows[1][4], "Meals, Day care");
});

both!(a_long_list_has_pages, |app| async {
    add_people(app);
    for _ in 0..51 {
        app.add_station(1, None);
    }
    let wu = app.login("wu").await;
    let links = |page: &str| page.matches("href=\"/stations/").count();
    // One link leads to the form for a new station.
    assert_eq!(links(&wu.page("/stations").await) - 1, 50);
    assert_eq!(links(&wu.page("/stations?page=2").await) - 1, 1);
    assert_eq!(sheet(&wu, "/stations.xlsx").await.len(), 52);
    expect(wu.get("/stations?sort=phone").await, StatusCode::UNPROCESSABLE_ENTITY).await;
});

both!(a_workbook_leaves_no_row_out_unsaid, |app| async {
    add_people(app);
    app.write(|tx| {
        let many = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
            INSERT INTO villages (code, town_code, name_zh, kind, listed_2019, longitude, latitude) \
            SELECT 'V' || i, '{}', '新村', 'other', FALSE, 118.5, 24.7 FROM n",
            town_code(1)
        );
        Ok(diesel::sql_query(many).execute(tx.connection)?)
    });
    let wu = app.login("wu").await;
    // A browser saves what a link with `download` leads to, or says that it cannot, and shows no reason.
    let saves = async |list: &str| wu.page(list).await.contains("\" download>");
    let town = format!("?town={}", town_code(3));
    assert!(!saves("/villages").await && saves(&format!("/villages{town}")).await);
    let refused = wu.get("/villages.xlsx?lang=en").await;
    let page = expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("More than 100000 rows fit"), "{page}");
    assert_eq!(sheet(&wu, &format!("/villages.xlsx{town}")).await.len(), 3);
});

both!(towns_show_their_coverage_and_beds, |app| async {
    add_people(app);
    app.add_station(1, None);
    let house = app.add_institution(1);
    app.add_bed(1, house);
    let wu = app.login("wu").await;
    let rows = sheet(&wu, "/towns.xlsx?sort=-coverage&lang=en").await;
    // Name, code, kind, villages, stations, coverage, institutions, beds, elders.
    assert_eq!(rows[1], ["Qingyang", town_code(1), "Street", "2", "1", "50", "1", "1", "10000"]);
    assert_eq!(rows[2][3..8], ["2", "0", "0", "0", "0"]);
    let page = wu.page(&format!("/towns/{}?lang=en", town_code(1))).await;
    assert!(page.contains("50.0 % (1 of 2 villages have a station)"), "{page}");
    let houses = wu.page(&format!("/institutions/{house}?lang=en")).await;
    assert!(houses.contains("Beds by kind") && houses.contains("Nursing"));
});

both!(villages_tell_whether_they_have_a_station, |app| async {
    add_people(app);
    app.add_station(1, None);
    let wu = app.login("wu").await;
    let with = sheet(&wu, "/villages.xlsx?station=true").await;
    assert_eq!(with.len(), 2);
    assert_eq!(with[1][1], village_code(1));
    assert_eq!(sheet(&wu, "/villages.xlsx?station=false").await.len(), 6);
    let page = wu.page(&format!("/villages/{}?lang=en", village_code(1))).await;
    assert!(page.contains("approximate point"));
});

both!(nobody_sees_rows_of_a_foreign_town, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    let (station, caregiver) = (app.add_station(1, Some(provider)), app.add_caregiver(1, provider));
    let house = app.add_institution(1);
    let details = [
        format!("/towns/{}", town_code(1)),
        format!("/villages/{}", village_code(1)),
        format!("/stations/{station}"),
        format!("/stations/{station}/edit"),
        format!("/providers/{provider}"),
        format!("/caregivers/{caregiver}"),
        format!("/caregivers/{caregiver}/edit"),
        format!("/institutions/{house}"),
    ];
    let (own, foreign) = (app.login("lin").await, app.login("cai").await);
    for path in &details {
        if !path.starts_with("/institutions") {
            assert_eq!(own.status(path).await, 200, "{path}");
        }
        assert_eq!(foreign.status(path).await, 404, "{path}");
    }
    for list in ["stations", "providers", "caregivers", "institutions"] {
        assert_eq!(sheet(&own, &format!("/{list}.xlsx")).await.len(), 2, "{list}");
        assert_eq!(sheet(&foreign, &format!("/{list}.xlsx")).await.len(), 1, "{list}");
    }
    assert_eq!(sheet(&foreign, "/towns.xlsx").await.len(), 2);
    assert_eq!(sheet(&foreign, "/villages.xlsx").await.len(), 3);
    let map = foreign.page("/map/points.json").await;
    assert!(map.contains("深沪镇") && !map.contains("青阳街道") && !map.contains("居家养老服务站"), "{map}");
});

both!(the_map_and_the_first_page_count_what_is_there, |app| async {
    add_people(app);
    let provider = app.add_provider(1);
    app.add_station(1, Some(provider));
    app.add_institution(2);
    let wu = app.login("wu").await;
    let map = wu.get_json("/map/points.json?lang=en").await;
    let layers = map["layers"].as_array().unwrap();
    let count = |key: &str| {
        let layer = layers.iter().find(|layer| layer["key"] == key).unwrap();
        layer["points"].as_array().unwrap().len()
    };
    assert_eq!((count("towns"), count("smart_stations"), count("stations")), (3, 1, 0));
    assert_eq!((count("operating"), count("alerts")), (1, 0));
    let page = wu.page("/registry?lang=en").await;
    assert!(page.contains("1 of them are smart") && page.contains("href=\"/caregivers\""));
    assert_eq!(wu.status("/map").await, 200);
});
