//! What the pages of the registry share: choices of towns, villages and providers, and small cells.

use super::providers::store::provider_choices;
use super::store::{TownName, town_names, village_choices};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::text::Lang;
use crate::web::{Cell, Field, Filter, FilterKind, Section, TableView, Visitor, Words};

/// Values and labels of a select.
pub type Choices = Vec<(String, String)>;

impl TownName {
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Chinese => &self.zh,
            Lang::English => &self.en,
        }
    }
}

/// The towns that the asker reaches with `permission`.
pub fn towns(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    words: &Words,
) -> Result<Choices> {
    let rows = town_names(connection, scope, permission)?;
    Ok(rows.into_iter().map(|(code, zh, en)| (code, words.pick(&zh, &en))).collect())
}

/// Their villages, each with its town's name in front.
pub fn villages(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    words: &Words,
) -> Result<Choices> {
    let towns = towns(connection, scope, permission, words)?;
    let town =
        |code: &str| towns.iter().find(|(known, _)| known == code).map_or("", |(_, name)| name.as_str());
    let rows = village_choices(connection, scope, permission)?;
    Ok(rows.into_iter().map(|(code, of, name)| (code, format!("{} · {name}", town(&of)))).collect())
}

/// The providers that the asker may see.
pub fn providers(connection: &mut AnyConnection, scope: &Scope) -> Result<Choices> {
    let rows = provider_choices(connection, scope)?;
    Ok(rows.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The same choices behind an empty one.
pub fn or_none(label: impl Into<String>, choices: Choices) -> Choices {
    std::iter::once((String::new(), label.into())).chain(choices).collect()
}

/// Filter by town.
pub fn town_filter(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    words: &Words,
) -> Result<Filter> {
    let towns = towns(connection, scope, permission, words)?;
    Ok(Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) })
}

/// Filter by provider.
pub fn provider_filter(connection: &mut AnyConnection, scope: &Scope) -> Result<Filter> {
    let providers = providers(connection, scope)?;
    Ok(Filter { name: "provider", label: "field.provider_id", kind: FilterKind::Select(providers) })
}

/// Filter by yes or no.
pub fn flag_filter(name: &'static str, label: &'static str, words: &Words) -> Filter {
    Filter { name, label, kind: words.choices("yes_no", &["true", "false"]) }
}

/// Yes as a chip that stands out, no as a plain word.
pub fn flag(words: &Words, yes: bool) -> Cell {
    if yes {
        Cell::chip(words.name_of("yes_no", "true"), "ok")
    } else {
        Cell::text(words.name_of("yes_no", "false"))
    }
}

/// A name that leads to its record, or nothing.
pub fn linked(name: Option<String>, href: impl FnOnce() -> String) -> Cell {
    match name {
        Some(name) => Cell::text(name).link(href()),
        None => Cell::default(),
    }
}

/// The town of a record, leading to its page for those who may see the whole town.
pub fn town_field(visitor: &Visitor, code: &str, name: &str) -> Field {
    let field = Field::new(visitor.t("field.town_code"), name);
    let sees_town = visitor.scope().reach(Permission::SeeRegistry).is_ok_and(|reach| reach.has_town(code));
    if sees_town { field.link(format!("/towns/{code}")) } else { field }
}

/// A section that is a table.
pub fn table_section(heading: impl Into<String>, table: TableView) -> Section {
    Section { heading: heading.into(), table: Some(table), ..Section::default() }
}

/// Rows of one related table at most.
const RELATED_MAX: i64 = 1_000;

/// The rows of a list that belong to one record, for its page.
pub fn related(filter: &str, value: impl ToString) -> ListRequest {
    ListRequest {
        filters: [(filter.to_owned(), value.to_string())].into(),
        limit: RELATED_MAX,
        ..ListRequest::default()
    }
}
