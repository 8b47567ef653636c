//! Care institutions: 46 that operate and 53 village homes under construction.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::city::{City, Made};
use super::dice::{Dice, share_out};
use super::facts::{Town, Village};
use super::people;
use super::store::{InstitutionRow, insert_institutions};
use crate::db::AnyConnection;
use crate::error::{Error, Result};

pub(super) const BEDS: i64 = 6_726;
pub(super) const REHABILITATION_BEDS: i64 = 188;
const UNDER_CONSTRUCTION: i64 = 53;
const MICRO_FIRE_STATIONS: i64 = 15;
/// Fewer would be no institution.
const BEDS_MIN: i64 = 4;

/// How many of a kind, where, and how large beside each other.
struct Plan {
    kind: &'static str,
    count: i64,
    towns: &'static [&'static str],
    beds_weight: f64,
}

/// Larger ones first: the micro fire stations go to the first of this list.
const PLANS: [Plan; 6] = [
    Plan { kind: "welfare_centre", count: 1, towns: &["350582001"], beds_weight: 340.0 },
    Plan {
        kind: "public_built",
        count: 6,
        towns: &["350582111", "350582106", "350582103", "350582101", "350582107", "350582109"],
        beds_weight: 310.0,
    },
    Plan {
        kind: "public",
        count: 9,
        towns: &[
            "350582110",
            "350582102",
            "350582104",
            "350582105",
            "350582112",
            "350582113",
            "350582114",
            "350582003",
            "350582005",
        ],
        beds_weight: 200.0,
    },
    Plan {
        kind: "private",
        count: 8,
        towns: &[
            "350582004",
            "350582002",
            "350582103",
            "350582101",
            "350582006",
            "350582107",
            "350582102",
            "350582005",
        ],
        beds_weight: 170.0,
    },
    Plan { kind: "village_home", count: 17, towns: &[], beds_weight: 55.0 },
    Plan {
        kind: "embedded",
        count: 5,
        towns: &["350582001", "350582002", "350582003", "350582101", "350582103"],
        beds_weight: 24.0,
    },
];

/// What was made.
pub(super) struct Institutions {
    pub operating: Vec<Made>,
    /// With those under construction.
    pub all: i64,
}

pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>) -> Result<Institutions> {
    let mut dice = Dice::new(city.options.seed, "institutions");
    let mut builder =
        Builder { city, names: HashMap::new(), villages: villages(city, &mut dice), rows: Vec::new() };
    let mut weights = Vec::new();
    for plan in &PLANS {
        for index in 0..city.options.count(plan.count) {
            builder.operating(&mut dice, plan, index as usize)?;
            weights.push(plan.beds_weight * (0.8 + 0.4 * dice.fraction()));
        }
    }
    let operating = with_beds(city, &builder.rows, &weights);
    for _ in 0..city.options.count(UNDER_CONSTRUCTION) {
        builder.under_construction(&mut dice);
    }
    insert_institutions(connection, &builder.rows)?;
    Ok(Institutions { operating, all: builder.rows.len() as i64 })
}

/// The listed villages in an order of chance, for homes that stand in a village.
fn villages<'a>(city: &City<'a>, dice: &mut Dice) -> Vec<(&'a Town, &'a Village)> {
    let mut all: Vec<_> =
        city.towns.iter().flat_map(|town| town.listed().map(move |village| (town, village))).collect();
    dice.shuffle(&mut all);
    all
}

fn with_beds(city: &City<'_>, rows: &[InstitutionRow], weights: &[f64]) -> Vec<Made> {
    let rehabilitation = city.options.count(REHABILITATION_BEDS);
    let count = rows.len() as i64;
    let total = city.options.count(BEDS).max(rehabilitation + count * BEDS_MIN);
    let welfare_centres = rows.iter().filter(|row| row.kind == "welfare_centre").count();
    let in_rehabilitation = share_out(rehabilitation, &vec![1.0; welfare_centres]);
    let others = share_out(total - rehabilitation - count * BEDS_MIN, weights);
    let mut parts = in_rehabilitation.into_iter();
    rows.iter()
        .zip(others)
        .map(|(row, more)| {
            let own = if row.kind == "welfare_centre" { parts.next().unwrap_or(0) } else { 0 };
            Made {
                id: row.id,
                town_code: row.town_code,
                name: row.name.clone(),
                kind: row.kind,
                micro_fire_station: row.micro_fire_station,
                beds: BEDS_MIN + more + own,
                rehabilitation_beds: own,
            }
        })
        .collect()
}

struct Builder<'a> {
    city: &'a City<'a>,
    /// How often a name was given.
    names: HashMap<String, i64>,
    villages: Vec<(&'a Town, &'a Village)>,
    rows: Vec<InstitutionRow>,
}

impl<'a> Builder<'a> {
    fn operating(&mut self, dice: &mut Dice, plan: &Plan, index: usize) -> Result<()> {
        let micro_fire_station = (self.rows.len() as i64) < self.city.options.count(MICRO_FIRE_STATIONS);
        let opened_on = NaiveDate::from_ymd_opt(2005, 3, 1)
            .and_then(|first| first.checked_add_days(Days::new(dice.within(0, 14 * 365) as u64)));
        if plan.towns.is_empty() {
            let (town, village) = self.village(self.rows.len());
            self.add(dice, plan.kind, "operating", town, Some(village), micro_fire_station, opened_on);
            return Ok(());
        }
        let code = plan.towns[index % plan.towns.len()];
        let town = self.city.towns.iter().find(|town| town.code == code);
        let town = town.ok_or_else(|| Error::internal(format!("town {code} of the demo city")))?;
        self.add(dice, plan.kind, "operating", town, None, micro_fire_station, opened_on);
        Ok(())
    }

    fn under_construction(&mut self, dice: &mut Dice) {
        let (town, village) = self.village(self.rows.len());
        self.add(dice, "village_home", "under_construction", town, Some(village), false, None);
    }

    fn village(&self, index: usize) -> (&'a Town, &'a Village) {
        self.villages[index % self.villages.len()]
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one row")]
    fn add(
        &mut self,
        dice: &mut Dice,
        kind: &'static str,
        state: &'static str,
        town: &Town,
        village: Option<&Village>,
        micro_fire_station: bool,
        opened_on: Option<NaiveDate>,
    ) {
        let id = self.rows.len() as i64 + 1;
        let name = self.unique(name(kind, town, village));
        let centre = village.map_or(town.seat, |village| village.point);
        let point = centre.moved(dice.fraction() - 0.5, dice.fraction() - 0.5);
        self.rows.push(InstitutionRow {
            id,
            town_code: town.code,
            village_code: village.map(|village| village.code.to_owned()),
            name,
            kind,
            state,
            operator: operator(kind, town, village),
            phone: people::landline(1_000 + id),
            micro_fire_station,
            opened_on,
            longitude: point.longitude,
            latitude: point.latitude,
            updated_at: self.city.now,
        });
    }

    fn unique(&mut self, name: String) -> String {
        let times = self.names.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times == 1 { name } else { format!("{name}（{times}）") }
    }
}

fn name(kind: &str, town: &Town, village: Option<&Village>) -> String {
    let short = town.short();
    match kind {
        "welfare_centre" => "晋江市社会福利中心".to_owned(),
        "public_built" => format!("{}养护院", town.name_zh),
        "public" if town.is_street() => format!("{}养老照料中心", town.name_zh),
        // The town home that becomes the regional centre.
        "public" if town.code == "350582110" => format!("{}区域性养老服务中心", town.name_zh),
        "public" => format!("{}敬老院", town.name_zh),
        "private" => format!("{short}颐养院"),
        "embedded" => format!("{short}嵌入式养老院"),
        _ => format!("{short}{}敬老院", village.map_or("", Village::short)),
    }
}

fn operator(kind: &str, town: &Town, village: Option<&Village>) -> String {
    match kind {
        "welfare_centre" => "晋江市民政局".to_owned(),
        "public_built" => format!("{}康养服务有限公司", town.short()),
        "public" if town.is_street() => format!("{}办事处", town.name_zh),
        "public" => format!("{}人民政府", town.name_zh),
        "private" => format!("{}颐养服务有限公司", town.short()),
        "embedded" => format!("{}社区养老服务有限公司", town.short()),
        _ => village.map_or(String::new(), |village| village.name_zh.to_owned()),
    }
}
