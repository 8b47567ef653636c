//! The paragraph of the bureau's report, from the demo city.

use songhe::insight::{report, value_text};
use songhe::text::Lang;

use super::{make, summary};
use crate::support::app::both;

/// Every number of a text, in order; a comma within a number is no end of it.
fn numbers(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_open = false;
    for character in text.replace("1,000 elders", "elders").replace(',', "").chars() {
        match (character.is_ascii_digit(), is_open) {
            (true, true) => found.last_mut().unwrap().push(character),
            (true, false) => found.push(character.to_string()),
            (false, _) => {}
        }
        is_open = character.is_ascii_digit();
    }
    found
}

both!(the_demo_city_gives_the_numbers_of_the_report, |app| async {
    let counts = make(&app.app, 1, 1.0);
    assert_eq!((counts.towns, counts.villages, counts.institutions), (19, 402, 46 + 53));
    assert_eq!(
        (counts.stations, counts.beds, counts.clients, counts.devices),
        (305, 6_726, 2_000, 27 + 15 + 3 + 10)
    );
    assert!((200..=240).contains(&counts.caregivers) && counts.visits >= 2_900);

    let summary = summary(&app.app);
    let golden = ["46", "53", "305", "77", "6726", "38", "188", "5", "27", "15"];
    for lang in [Lang::Chinese, Lang::English] {
        assert_eq!(numbers(&report(lang, &summary.figures)), golden, "{lang:?}");
    }
    let total = &summary.total;
    assert_eq!((total.villages, total.villages_covered, total.clients), (395, 305, 2_000));
    let occupancy = total.occupancy().unwrap();
    assert!((62.0..=66.0).contains(&occupancy), "{occupancy}");
    assert!((950..=1_050).contains(&total.visits_in_all()), "{:?}", total.visits);
    for state in ["done", "arrived", "assigned", "planned"] {
        assert!(total.visits_in(state) > 0, "{state}: {:?}", total.visits);
    }
    let of_towns: i64 = summary.towns.iter().map(|(_, tally)| tally.beds).sum();
    assert_eq!(of_towns, 6_726);
});

both!(another_seed_is_another_city_with_the_same_figures, |app| async {
    make(&app.app, 99, 1.0);
    let shown: Vec<String> = summary(&app.app)
        .figures
        .iter()
        .filter(|figure| ["beds", "stations", "station_coverage", "smart_stations"].contains(&figure.key))
        .map(|figure| value_text(figure.value))
        .collect();
    assert_eq!(shown, ["305", "77", "27", "6,726"]);
});
