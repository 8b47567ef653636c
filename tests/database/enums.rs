//! The values that a column may hold are the values that the program knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use songhe::access::{Place, Role};

use crate::support::files;

type Values = BTreeSet<String>;

/// `table.column` with the values of its CHECK list.
fn lists(sql: &str) -> BTreeMap<String, Values> {
    let mut found = BTreeMap::new();
    let mut table = "";
    let joined = sql.replace("\n        ", " ");
    for line in joined.lines() {
        let named = line.strip_prefix("CREATE TABLE ").or_else(|| line.strip_prefix("ALTER TABLE "));
        if let Some(rest) = named {
            // SQLite changes some tables by making them anew under another name.
            table = rest.split_whitespace().next().unwrap_or_default().trim_end_matches("_new");
        }
        let Some((before, list)) = line.split_once(" IN ('") else { continue };
        // A later step may make a list anew.
        let Some((_, column)) = before.rsplit_once("CHECK (") else { continue };
        let list = list.split(')').next().unwrap_or_default();
        found.insert(format!("{table}.{column}"), list.split(',').map(plain).collect());
    }
    found
}

fn plain(quoted: &str) -> String {
    quoted.trim().trim_matches('\'').to_owned()
}

fn lists_of(database: &str) -> BTreeMap<String, Values> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    files::under(&folder, "sql")
        .iter()
        .flat_map(|file| lists(&std::fs::read_to_string(file).unwrap()))
        .collect()
}

/// The names in every `text_enum!` of the source, and those of roles and places.
fn enums() -> Vec<Values> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<Values> = files::under(&source, "rs")
        .iter()
        .flat_map(|file| names(&std::fs::read_to_string(file).unwrap()))
        .collect();
    found.push(Role::ALL.into_iter().map(|role| role.name().to_owned()).collect());
    let places =
        [Place::City, Place::Town(String::new()), Place::Institution(0), Place::Provider(0), Place::Own(0)];
    found.push(places.iter().map(|place| place.kind().to_owned()).collect());
    found
}

fn names(text: &str) -> Vec<Values> {
    let blocks = text.split("crate::text_enum!").skip(1);
    blocks
        .map(|block| {
            let body = block.split("\n}").next().unwrap_or_default();
            let variants = body.lines().filter_map(|line| line.split_once(" = \""));
            variants.map(|(_, rest)| rest.split('"').next().unwrap_or_default().to_owned()).collect()
        })
        .collect()
}

/// A list that looks like an enum (most of its values are the enum's) and is equal to none. `none` is a visit that has
/// no event yet, which only the database sees.
fn strays(lists: &BTreeMap<String, Values>, enums: &[Values]) -> Vec<String> {
    let is_like = |list: &Values, values: &Values| list.intersection(values).count() * 2 > list.len();
    let is_equal = |list: &Values, values: &Values| {
        let known: Values = list.iter().filter(|value| *value != "none").cloned().collect();
        list == values || known == *values
    };
    lists
        .iter()
        .filter(|(_, list)| enums.iter().any(|values| is_like(list, values)))
        .filter(|(_, list)| !enums.iter().any(|values| is_equal(list, values)))
        .map(|(column, list)| format!("{column} {list:?}"))
        .collect()
}

fn set(values: &[&str]) -> Values {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn both_databases_allow_the_same_values() {
    let sqlite = lists_of("sqlite");
    assert!(sqlite.len() >= 12, "{sqlite:?}");
    assert_eq!(sqlite, lists_of("postgres"));
}

#[test]
fn a_column_allows_what_the_program_knows() {
    let (lists, enums) = (lists_of("sqlite"), enums());
    assert_eq!(strays(&lists, &enums), Vec::<String>::new());
    for column in ["user_grants.role", "user_grants.place_kind", "institutions.kind", "institutions.state"] {
        assert!(enums.contains(&lists[column]), "{column} {:?}", lists[column]);
    }
}

#[test]
fn a_value_that_only_one_side_knows_is_found() {
    let sql = "CREATE TABLE beds (\n    kind TEXT NOT NULL CHECK (kind IN ('a', 'b',\n        'c')),\n);";
    let found = lists(sql);
    assert_eq!(found, BTreeMap::from([("beds.kind".to_owned(), set(&["a", "b", "c"]))]));
    let known =
        names("crate::text_enum! {\n    pub enum Kind {\n        A = \"a\",\n        B = \"b\",\n    }\n}\n");
    assert_eq!(known, [set(&["a", "b"])]);
    assert_eq!(strays(&found, &known).len(), 1);
    assert_eq!(strays(&found, &[set(&["a", "b", "c"])]), Vec::<String>::new());
    assert_eq!(strays(&found, &[set(&["x", "y"])]), Vec::<String>::new());
}
