//! Who is visited at home, with their cards: to be ticked, and printed or given one.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::access::Permission;
use crate::elders::cards::issue::{CARDS_MAX, issue_missing};
use crate::elders::cards::store::{self, CardListed};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::listing::{ListRequest, PAGE_ROWS_MAX};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::web::{FormField, Input, Page, Visitor, Words, encode, html, redirect};

#[derive(Template)]
#[template(path = "door_cards.html")]
struct ListPage {
    page: Page,
    fields: Vec<FormField>,
    /// The filters once more, for the buttons.
    hidden: Vec<(&'static str, String)>,
    how: String,
    told: Option<String>,
    count_text: String,
    lines: Vec<Line>,
    before_href: Option<String>,
    after_href: Option<String>,
}

struct Line {
    elder_id: i64,
    name: String,
    town: String,
    village: String,
    card: Option<String>,
}

/// What an address or a form asks for: the filters, and who was ticked.
pub(super) struct Asked {
    pub request: ListRequest,
    pub chosen: Vec<i64>,
}

pub(super) fn asked(input: &Input) -> Result<Asked> {
    let mut request = ListRequest { limit: PAGE_ROWS_MAX, ..ListRequest::default() };
    let mut checks = Checks::default();
    for name in FILTERS {
        let value = input.text(name);
        checks.text(name, &value, 0, FILTER_MAX);
        if !value.is_empty() {
            request.filters.insert(name.to_owned(), value);
        }
    }
    checks.finish()?;
    let wrong = |_| Error::field("elder", Text::new("rule.choose"));
    let chosen = input.many("elder").into_iter().map(|id| id.parse::<i64>().map_err(wrong));
    Ok(Asked { chosen: chosen.collect::<Result<_>>()?, request })
}

const FILTERS: [&str; 3] = ["q", "town", "card"];
const FILTER_MAX: usize = 200;

/// The address of the list with these filters.
fn address(request: &ListRequest, more: &str) -> String {
    let pairs = request.filters.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    let pairs: Vec<String> = pairs.chain((!more.is_empty()).then(|| more.to_owned())).collect();
    format!("/elders/cards?{}", pairs.join("&"))
}

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let input = Input::parse(http.query_string())?;
    let mut request = asked(&input)?.request;
    let page: i64 = input.text("page").parse().ok().filter(|page| (1..=10_000).contains(page)).unwrap_or(1);
    request.offset = (page - 1) * PAGE_ROWS_MAX;
    let (scope, words, wanted) = (visitor.scope(), Words::of(&visitor), request.clone());
    let (towns, listed) = visitor
        .app
        .db
        .read(move |connection| {
            let towns = town_names(connection, &scope, Permission::EditElder)?;
            let towns: Vec<(String, String)> = towns
                .into_iter()
                .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
                .collect();
            Ok((towns, store::list(connection, &scope, &wanted, &[])?))
        })
        .await?;
    let issued = input.text("issued").parse::<usize>().ok();
    let total = listed.total;
    let line = |row: CardListed| Line {
        elder_id: row.elder_id,
        town: towns
            .iter()
            .find(|(code, _)| *code == row.town_code)
            .map(|(_, name)| name.clone())
            .unwrap_or_default(),
        card: row.card.map(|card| visitor.show(card.issued_at)),
        name: row.name,
        village: row.village,
    };
    let lines = listed.rows.into_iter().map(line).collect();
    let number = |n: i64| n.to_string();
    html(&ListPage {
        page: Page::new(&visitor, &visitor.t("card.list_heading")),
        fields: fields(&visitor, &input, &towns),
        hidden: FILTERS.into_iter().map(|name| (name, input.text(name))).collect(),
        how: visitor.lang.fill("card.list_how", &[("max", &number(CARDS_MAX))]),
        told: issued.map(|n| visitor.lang.fill("card.issued", &[("n", &n.to_string())])),
        count_text: visitor.lang.fill("list.count", &[("n", &number(total))]),
        lines,
        before_href: (page > 1).then(|| address(&request, &format!("page={}", page - 1))),
        after_href: (page * PAGE_ROWS_MAX < total).then(|| address(&request, &format!("page={}", page + 1))),
    })
}

fn fields(visitor: &Visitor, input: &Input, towns: &[(String, String)]) -> Vec<FormField> {
    let all = || (String::new(), visitor.t("list.all").into_owned());
    let label = |key: &str| visitor.t(key).into_owned();
    let states = [("true", "card.has"), ("false", "card.has_none")];
    let states = states.map(|(value, key)| (value.to_owned(), label(key)));
    vec![
        FormField { label: label("field.person_name"), ..FormField::of(visitor, "q", "search", input) },
        FormField::of(visitor, "town", "select", input)
            .options(std::iter::once(all()).chain(towns.iter().cloned()).collect()),
        FormField { label: label("card.heading"), ..FormField::of(visitor, "card", "select", input) }
            .options(std::iter::once(all()).chain(states).collect()),
    ]
}

/// Issues cards to those who were ticked and have none; to all of the filter where nobody was.
pub async fn save(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let Asked { request, chosen } = asked(&Input::parse(&body)?)?;
    let kept = request.clone();
    let issue = move |tx: &mut crate::app::Tx<'_>| {
        if chosen.is_empty() {
            return issue_missing(tx, &request, &[]);
        }
        issue_missing(tx, &ListRequest::default(), &chosen)
    };
    let issued = visitor.app.write(&visitor.scope(), issue).await?;
    Ok(redirect(&address(&kept, &format!("issued={issued}"))))
}
