//! The reasons of visits that were not done, as data of the city's office.

use actix_web::{HttpResponse, web};
use chrono::TimeDelta;

use super::store::{FailReasonRow, fail_reasons, uses_since};
use super::{FailReasonInput, add_reason, change_reason, reason_input};
use crate::access::Permission;
use crate::beds::pages::steps::is_for_form;
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Form, FormField, Input, Need, Route, Row, Section, Visitor, Words,
    detail_page, form_page, get, post, redirect, table,
};

const PATH: &str = "/fail-reasons";
/// For how many days back uses are counted.
const DAYS: i64 = 30;

pub fn routes() -> Vec<Route> {
    let edit = Need::May(Permission::EditCatalogue);
    vec![
        get(PATH, Need::May(Permission::SeePlans), || web::to(list)),
        get("/fail-reasons/new", edit, || web::to(show_new)),
        post(PATH, edit, || web::to(save_new)),
        get("/fail-reasons/{code}", edit, || web::to(show_edit)),
        post("/fail-reasons/{code}", edit, || web::to(save)),
    ]
}

const COLUMNS: &[Column] = &[
    Column::text("name", "field.fail_reason"),
    Column::text("code", "field.code"),
    Column::text("contact", "enums.follow_up_kind.second_contact"),
    Column::text("welfare", "enums.follow_up_kind.welfare_check"),
    Column::text("make_up", "field.may_make_up"),
    Column::text("note", "field.needs_note"),
    Column::number("uses", "field.uses"),
    Column::text("state", "field.state"),
];

async fn list(visitor: Visitor) -> Result<HttpResponse> {
    let since = visitor.today() - TimeDelta::days(DAYS);
    let (reasons, uses) = visitor
        .app
        .db
        .read(move |connection| Ok((fail_reasons(connection)?, uses_since(connection, since)?)))
        .await?;
    let words = Words::of(&visitor);
    let may_edit = visitor.may(Permission::EditCatalogue);
    let count = |code: &str| uses.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count);
    let rows = reasons.iter().map(|reason| row(&words, reason, count(&reason.code), may_edit)).collect();
    let mut actions =
        vec![Action::link("/visit-settings", visitor.t("visit_setting.heading").into_owned(), "settings")];
    if may_edit {
        let new = Action::link("/fail-reasons/new", visitor.t("fail_reason.new").into_owned(), "plus");
        actions.push(new.primary());
    }
    let detail = Detail {
        heading: visitor.t("fail_reason.heading").into_owned(),
        subheading: visitor.lang.fill("fail_reason.sub", &[("days", &DAYS.to_string())]),
        actions,
        sections: vec![Section {
            heading: visitor.t("fail_reason.order").into_owned(),
            fields: Vec::new(),
            table: Some(table(&visitor, COLUMNS, rows)),
        }],
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn row(words: &Words, reason: &FailReasonRow, uses: i64, may_edit: bool) -> Row {
    let within = |minutes: Option<i32>| match minutes {
        Some(minutes) => Cell::text(within(words, minutes)),
        None => Cell::text(words.t("fail_reason.nothing")),
    };
    let yes_no = |yes: bool| Cell::text(words.name_of("yes_no", if yes { "true" } else { "false" }));
    let (state, tone) = match (reason.choosable, reason.closed) {
        (false, _) => ("fail_reason.of_program", "info"),
        (true, true) => ("fail_reason.closed", "off"),
        (true, false) => ("fail_reason.offered", "ok"),
    };
    Row {
        href: may_edit.then(|| format!("{PATH}/{}", reason.code)),
        cells: vec![
            Cell::text(words.pick(&reason.name_zh, &reason.name_en)),
            Cell::text(&reason.code),
            within(reason.contact_within_min),
            within(reason.welfare_within_min),
            yes_no(reason.may_make_up),
            yes_no(reason.needs_note),
            Cell::count(uses),
            Cell::chip(words.t(state), tone),
        ],
    }
}

/// `120` as "within 2 h".
fn within(words: &Words, minutes: i32) -> String {
    let (key, number) = if minutes % 60 == 0 {
        ("fail_reason.within_h", minutes / 60)
    } else {
        ("fail_reason.within_min", minutes)
    };
    words.lang.fill(key, &[("n", &number.to_string())])
}

async fn order(visitor: &Visitor) -> Result<Vec<FailReasonRow>> {
    visitor.app.db.read(fail_reasons).await
}

fn fields(
    visitor: &Visitor,
    order: &[FailReasonRow],
    own: Option<&FailReasonRow>,
    input: &Input,
) -> Vec<FormField> {
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    let first = (String::new(), visitor.t("fail_reason.first").into_owned());
    let others = order.iter().filter(|other| own.is_none_or(|own| own.code != other.code)).map(|other| {
        let name = visitor.pick(&other.name_zh, &other.name_en);
        (other.code.clone(), visitor.lang.fill("fail_reason.behind", &[("reason", name)]))
    });
    let places = std::iter::once(first).chain(others).collect();
    let mut fields = Vec::new();
    if own.is_none() {
        fields.push(field("code", "text").required(true).hint(visitor.t("hint.reason_code")));
    }
    fields.extend([
        field("name_zh", "text").required(true),
        field("name_en", "text").required(true),
        field("contact_within_min", "number").hint(visitor.t("hint.contact_within")),
        field("welfare_within_min", "number").hint(visitor.t("hint.welfare_within")),
        field("may_make_up", "checkbox").hint(visitor.t("hint.may_make_up")),
        field("needs_note", "checkbox").hint(visitor.t("hint.needs_note")),
        field("after", "select").options(places),
    ]);
    if own.is_none_or(|own| own.choosable) {
        fields.push(field("closed", "checkbox").hint(visitor.t("hint.reason_closed")));
    }
    fields
}

fn read(input: &Input) -> Result<FailReasonInput> {
    let minutes = |name: &'static str| match input.text(name).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(name, Text::new("rule.whole_number"))),
    };
    Ok(FailReasonInput {
        name_zh: input.text("name_zh"),
        name_en: input.text("name_en"),
        contact_within_min: minutes("contact_within_min")?,
        welfare_within_min: minutes("welfare_within_min")?,
        may_make_up: input.flag("may_make_up"),
        needs_note: input.flag("needs_note"),
        closed: input.flag("closed"),
        after: Some(input.text("after")).filter(|code| !code.is_empty()),
    })
}

fn typed(order: &[FailReasonRow], reason: &FailReasonRow) -> Input {
    let values = reason_input(order, reason);
    let minutes = |minutes: Option<i32>| minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    Input::of([
        ("name_zh", values.name_zh),
        ("name_en", values.name_en),
        ("contact_within_min", minutes(values.contact_within_min)),
        ("welfare_within_min", minutes(values.welfare_within_min)),
        ("may_make_up", values.may_make_up.to_string()),
        ("needs_note", values.needs_note.to_string()),
        ("closed", values.closed.to_string()),
        ("after", values.after.unwrap_or_default()),
    ])
}

fn new_form(visitor: &Visitor, order: &[FailReasonRow], input: &Input) -> Form {
    Form {
        heading: visitor.t("fail_reason.new").into_owned(),
        action: PATH.to_owned(),
        fields: fields(visitor, order, None, input),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: PATH.to_owned(),
        ..Form::default()
    }
}

async fn show_new(visitor: Visitor) -> Result<HttpResponse> {
    let order = order(&visitor).await?;
    // A new reason comes last of those that people choose, unless told otherwise.
    let last = order.iter().rev().find(|reason| reason.choosable);
    let last = last.map(|reason| reason.code.clone()).unwrap_or_default();
    form_page(&visitor, new_form(&visitor, &order, &Input::of([("after", last)])), None)
}

async fn save_new(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let code = input.text("code");
    let outcome = match read(&input) {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| add_reason(tx, &code, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(PATH)),
        Err(error) if is_for_form(&error) => {
            let form = new_form(&visitor, &order(&visitor).await?, &input);
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn edit_form(visitor: &Visitor, order: &[FailReasonRow], code: &str, input: Option<&Input>) -> Result<Form> {
    let reason = order.iter().find(|reason| reason.code == code).ok_or_else(Error::not_found)?;
    let input = input.cloned().unwrap_or_else(|| typed(order, reason));
    let name = visitor.pick(&reason.name_zh, &reason.name_en);
    Ok(Form {
        heading: visitor.lang.fill("fail_reason.edit", &[("reason", name)]),
        action: format!("{PATH}/{code}"),
        version: Some(reason.version),
        fields: fields(visitor, order, Some(reason), &input),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: PATH.to_owned(),
    })
}

async fn show_edit(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let order = order(&visitor).await?;
    form_page(&visitor, edit_form(&visitor, &order, &code, None)?, None)
}

async fn save(visitor: Visitor, code: web::Path<String>, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let (code, seen) = (code.into_inner(), input.version()?);
    let changed = code.clone();
    let outcome = match read(&input) {
        Ok(values) => {
            let change = move |tx: &mut crate::app::Tx<'_>| change_reason(tx, &changed, seen, &values);
            visitor.app.write(&visitor.scope(), change).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(PATH)),
        Err(error) if is_for_form(&error) => {
            let mut form = edit_form(&visitor, &order(&visitor).await?, &code, Some(&input))?;
            let stored = form.version.replace(seen);
            form_page(&visitor, form, Some((&error, stored)))
        }
        Err(error) => Err(error),
    }
}
