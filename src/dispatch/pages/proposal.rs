//! One proposal: how far the search is, what it changes, and what of it is accepted.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::list::tone;
use super::rows::{self, RowsView};
use crate::dispatch::store::proposals::{ProposalListed, ProposalRow, get_proposal};
use crate::dispatch::{Tally, Which, accept, discard, stop};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Input, Page, Visitor, Words, group_digits, html, redirect};

#[derive(Template)]
#[template(path = "proposal.html")]
struct ProposalPage {
    page: Page,
    view: ProposalView,
}

struct ProposalView {
    id: i64,
    heading: String,
    subheading: String,
    state: String,
    tone: &'static str,
    note: Option<String>,
    told: Option<String>,
    is_searching: bool,
    is_open: bool,
    may_discard: bool,
    elapsed_percent: i64,
    facts: Vec<(String, String)>,
    rows: RowsView,
    accept_confirm: String,
    sheets_href: String,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>, http: HttpRequest) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let (listed, rows) = visitor
        .app
        .db
        .read(move |connection| {
            let listed = get_proposal(connection, &scope, id)?;
            Ok((listed, rows::load(connection, id, &words)?))
        })
        .await?;
    let asked = Input::parse(http.query_string())?;
    let told = told(&visitor, &asked);
    let view = view(&visitor, &listed, rows, told);
    html(&ProposalPage { page: Page::new(&visitor, &view.heading), view })
}

/// What the last acceptance came to.
fn told(visitor: &Visitor, asked: &Input) -> Option<String> {
    let count = |name: &str| asked.text(name).parse::<u32>().ok().map(|count| count.to_string());
    let (accepted, refused) = (count("accepted")?, count("refused")?);
    Some(visitor.lang.fill("proposal.told", &[("accepted", &accepted), ("refused", &refused)]))
}

fn view(visitor: &Visitor, listed: &ProposalListed, rows: RowsView, told: Option<String>) -> ProposalView {
    let proposal = &listed.proposal;
    let town = visitor.pick(&listed.town_zh, &listed.town_en);
    let day = proposal.day.to_string();
    let asked_at = visitor.show(proposal.asked_at);
    let open = rows.open.to_string();
    let limit_ms = i64::from(proposal.seconds_max) * 1_000;
    ProposalView {
        id: proposal.id,
        heading: visitor.lang.fill("proposal.of", &[("town", town), ("day", &day)]),
        subheading: visitor.lang.fill("proposal.asked", &[("who", &proposal.asked_by), ("at", &asked_at)]),
        state: visitor.name_of("proposal_state", proposal.state.name()),
        tone: tone(proposal.state),
        note: Some(proposal.note.as_str())
            .filter(|note| !note.is_empty())
            .map(|key| visitor.t(key).into_owned()),
        told,
        is_searching: proposal.state.is_searching(),
        is_open: proposal.state.is_open(),
        may_discard: proposal.state.is_open() || proposal.state == crate::dispatch::ProposalState::Failed,
        elapsed_percent: (proposal.elapsed_ms * 100 / limit_ms.max(1)).clamp(0, 100),
        facts: facts(visitor, proposal),
        accept_confirm: visitor.lang.fill("proposal.accept_confirm", &[("n", &open)]),
        sheets_href: format!("/day-sheets?town={}&day={day}", proposal.town_code),
        rows,
    }
}

fn facts(visitor: &Visitor, proposal: &ProposalRow) -> Vec<(String, String)> {
    let fact = |key: &str, value: String| (visitor.t(key).into_owned(), value);
    let seconds = format!("{:.1}", proposal.elapsed_ms as f64 / 1_000.0);
    let of = [("elapsed", seconds.as_str()), ("limit", &proposal.seconds_max.to_string())];
    let mut facts = vec![
        fact(
            "field.served_count",
            format!("{} / {}", group_digits(proposal.served_count), group_digits(proposal.visit_count)),
        ),
        fact(
            "field.travel_min",
            visitor.lang.fill("visit.minutes", &[("n", &group_digits(proposal.travel_s / 60))]),
        ),
        fact("field.elapsed", visitor.lang.fill("proposal.elapsed", &of)),
        fact("field.best_cost", proposal.best_cost.map(group_digits).unwrap_or_default()),
    ];
    if !proposal.problem_digest.is_empty() {
        facts.push(fact("field.problem_digest", proposal.problem_digest.clone()));
    }
    facts
}

pub async fn save_stop(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| stop(tx, id)).await?;
    visitor.app.planner.stop(id);
    Ok(redirect(&format!("/proposals/{id}")))
}

pub async fn save_discard(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| discard(tx, id)).await?;
    Ok(redirect(&format!("/proposals/{id}")))
}

pub async fn save_accept(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let which = if input.text("which") == "all" {
        Which::All
    } else {
        let wrong = |_| Error::field("visits", Text::new("proposal.choose_rows"));
        let ids: Result<Vec<i64>> = input.many("visits").iter().map(|id| id.parse().map_err(wrong)).collect();
        Which::Visits(ids?)
    };
    let Tally { accepted, refused } = accept(&visitor.app, &visitor.scope(), id, which).await?;
    Ok(redirect(&format!("/proposals/{id}?accepted={accepted}&refused={refused}")))
}
