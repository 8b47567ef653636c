//! What happened to an elder, newest first.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use crate::access::Permission;
use crate::app::Tx;
use crate::clock::{Instant, from_millis};
use crate::devices::{READING, note_look};
use crate::elders::store::{ElderRow, get_elder};
use crate::elders::timeline::{KINDS, page as page_of};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::timeline::Happening;
use crate::web::{Choice, Page, Visitor, Words, html};

/// Happenings of one page.
const ROWS: usize = 50;

struct RowView {
    at: String,
    at_text: String,
    kind: String,
    what: String,
    who: String,
    href: Option<String>,
}

#[derive(Template)]
#[template(path = "elder_timeline.html")]
struct TimelinePage {
    page: Page,
    heading: String,
    back_href: String,
    path: String,
    kinds: Vec<Choice>,
    rows: Vec<RowView>,
    next_href: Option<String>,
}

/// What the address asks for: one kind, and where to go on.
struct Asked {
    kind: Option<&'static str>,
    before: Option<Instant>,
}

fn asked(query: &str) -> Result<Asked> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut asked = Asked { kind: None, before: None };
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "kind" if !value.is_empty() => {
                let known = KINDS.iter().find(|kind| **kind == value);
                let kind = known.ok_or_else(|| Error::field("kind", Text::new("rule.choose")))?;
                asked.kind = Some(kind);
            }
            "before" => {
                let wrong = || Error::field("before", Text::new("rule.cursor"));
                let millis: i64 = value.parse().map_err(|_| wrong())?;
                // Within what the databases can hold.
                let fits = (0..=253_402_300_799_000).contains(&millis);
                asked.before = Some(if fits { from_millis(millis) } else { return Err(wrong()) });
            }
            _ => {}
        }
    }
    Ok(asked)
}

pub async fn show(visitor: Visitor, id: web::Path<i64>, http: HttpRequest) -> Result<HttpResponse> {
    let Asked { kind, before } = asked(http.query_string())?;
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    // Planned visits lie in the future and belong to the list.
    let until = before.unwrap_or_else(|| from_millis(253_402_300_799_000));
    let (elder, rows, follows) = visitor
        .app
        .db
        .read(move |connection| {
            let elder = get_elder(connection, &scope, Permission::SeeElders, id, words.now)?;
            let (rows, follows) = page_of(connection, &scope, &words, id, (kind, until, ROWS))?;
            Ok((elder, rows, follows))
        })
        .await?;
    note_readings(&visitor, &elder, &rows).await?;
    let path = format!("/elders/{id}/timeline");
    let last = rows.last().filter(|_| follows).map(|row| row.at.and_utc().timestamp_millis());
    let of_kind = kind.map(|kind| format!("kind={kind}&")).unwrap_or_default();
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        selected: kind.unwrap_or_default() == value,
        label,
    };
    let all = choice("", visitor.t("list.all").into_owned());
    let kinds = KINDS.iter().map(|kind| choice(kind, visitor.name_of("happening", kind)));
    html(&TimelinePage {
        page: Page::new(&visitor, &visitor.t("elder.timeline")),
        heading: format!("{} · {}", elder.name, visitor.t("elder.timeline")),
        back_href: format!("/elders/{id}"),
        kinds: std::iter::once(all).chain(kinds).collect(),
        rows: rows.into_iter().map(|row| view(&visitor, row)).collect(),
        next_href: last.map(|millis| format!("{path}?{of_kind}before={millis}")),
        path,
    })
}

/// Writes down that days of readings were looked at, where the page shows some.
async fn note_readings(visitor: &Visitor, elder: &ElderRow, rows: &[Happening]) -> Result<()> {
    let days =
        || rows.iter().filter(|row| row.kind == READING).map(|row| visitor.app.calendar.day_of(row.at));
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(()) };
    let (id, town) = (elder.id, elder.town_code.clone());
    let detail = json!({ "timeline": [first, last] });
    let look = move |tx: &mut Tx<'_>| note_look(tx, id, Some(&town), detail.clone());
    visitor.app.write(&visitor.scope(), look).await
}

fn view(visitor: &Visitor, happening: Happening) -> RowView {
    RowView {
        at: visitor.app.calendar.rfc3339(happening.at),
        at_text: visitor.show(happening.at),
        kind: visitor.name_of("happening", happening.kind),
        what: happening.what,
        who: happening.who,
        href: happening.href,
    }
}
